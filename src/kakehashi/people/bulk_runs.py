"""Matching in bulk as an operator asks for it: on a page or at the prompt, one run at a time, beside other work.

A run is done by a process of its own (bulk_process.py), begun by whoever takes it up: a server's chore, or the command.
One that nobody has moved for a while is taken up by another; what it had proposed stays, so nothing is lost or doubled.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from datetime import datetime, timedelta

import orjson

from kakehashi.core.actors import Actor, Role
from kakehashi.core.clock import Clock
from kakehashi.core.errors import Refused, Unavailable
from kakehashi.core.logentry import Note
from kakehashi.store import log_append, matching_runs
from kakehashi.store.database import Database
from kakehashi.store.matching_runs import Found, Run

_BEAT = 10.0  # seconds between signs of life while pairs are sought
_STALLED = timedelta(minutes=2)  # without a sign of life: its process is gone
_DIED = (
    "照合のプロセスが途中で終わりました（メモリ不足など）。もう一度行ってください。 | "
    "The process of the matching ended too early, for want of memory perhaps. Try again."
)


async def ask(db: Database, *, by: Actor, at: datetime, request: str = "") -> bool:
    """Ask for a run over everyone; say whether none was under way. Raises Refused; logged."""
    _require_operator(by)
    async with db.transaction() as connection:
        new = await matching_runs.ask(connection, by=by.subject, at=at)
        note = Note(by, "person.matching", "Person", "matching", request)
        await log_append.append(connection, note, (), at=at)
    return new


async def last(db: Database, *, by: Actor) -> Run | None:
    """Return the newest run, done or under way. Raises Refused."""
    _require_operator(by)
    async with db.transaction() as connection:
        return await matching_runs.last(connection)


async def work(db: Database, clock: Clock) -> bool:
    """Do the run that waits, if there is one; say whether there was. Stopped, it gives the run back."""
    at = clock()
    async with db.transaction() as connection:
        number = await matching_runs.take(connection, at=at, stalled=at - _STALLED)
    if number is None:
        return False
    given_back = True
    try:
        came_of_it = await _carried_out(db, number, clock)
        given_back = False
    finally:
        if given_back:
            with suppress(Unavailable):
                await _move(db, number, "waiting", 0, clock)
    async with db.transaction() as connection:
        if isinstance(came_of_it, Found):
            await matching_runs.end(connection, number, came_of_it, at=clock())
        else:
            await matching_runs.fail(connection, number, came_of_it, at=clock())
    return True


def _require_operator(by: Actor) -> None:
    """An insurer may settle what concerns its insured; comparing everyone is the operator's."""
    if by.role is not Role.OPERATOR:
        raise Refused


async def _carried_out(db: Database, number: int, clock: Clock) -> Found | str:
    """Have a process do it; return what it found, or why it failed."""
    command = ("-m", "kakehashi.people.bulk_process")
    worker = await asyncio.create_subprocess_exec(sys.executable, *command, stdin=PIPE, stdout=PIPE)
    assert worker.stdin is not None  # it is a pipe
    try:
        worker.stdin.write(orjson.dumps({"url": db.url, "at": clock()}, option=orjson.OPT_APPEND_NEWLINE))
        return await _followed(worker, db, number, clock)
    finally:
        if worker.returncode is None:
            with suppress(ProcessLookupError):
                worker.kill()
        worker.stdin.close()
        await worker.wait()


async def _followed(worker: Process, db: Database, number: int, clock: Clock) -> Found | str:
    """Note how far the process says it is, with a sign of life every so often, until it says what came of it."""
    assert worker.stdout is not None  # it is a pipe
    step, done = "reading", 0
    while True:
        try:
            line = await asyncio.wait_for(worker.stdout.readline(), _BEAT)
        except TimeoutError:
            line = b"{}"
        if not line:
            return _DIED
        said = orjson.loads(line)
        if "found" in said:
            return Found(*said["found"])
        if "fault" in said:
            return str(said["fault"])
        step, done = said.get("step", step), said.get("done", done)
        await _move(db, number, step, done, clock)


async def _move(db: Database, number: int, step: str, done: int, clock: Clock) -> None:
    async with db.transaction() as connection:
        await matching_runs.move(connection, number, step, done, at=clock())
