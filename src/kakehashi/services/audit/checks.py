"""Checking the whole log: asked for on a page, done by a server's chore, so that no request waits for a long log.

The log is exported to a passing folder and judged by the separate verifier in a process of its own. A check whose
server died is taken up by another one.
"""

import asyncio
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

from kakehashi.core.errors import Failure
from kakehashi.core.logentry import Note
from kakehashi.engines.house import House
from kakehashi.engines.records.look import Asked
from kakehashi.services.audit.proof import signed
from kakehashi.store import desk_log, log_append, log_checks, reach
from kakehashi.store.log_checks import Check
from kakehashi.store.reach import WHOLE_LOG
from kakehashi.trust import log_export, roles
from kakehashi.trust.checkpoints_held import Held
from kakehashi.trust.roles import Interaction

_BEAT = 10.0  # seconds between signs of life while the verifier works
_STALLED = timedelta(minutes=2)  # without a sign of life: its server is gone
_VERDICTS = {0: "whole", 1: "broken"}


async def ask(house: House, asked: Asked) -> bool:
    """Ask for a check of the whole log; say whether none was under way. Raises Refused; logged."""
    roles.require(asked.actor, Interaction.CONSOLE_LOG)
    async with house.db.transaction() as db:
        await reach.open_on(db, WHOLE_LOG)
        entries = sum(await desk_log.waiting(db))
        new = await log_checks.ask(db, by=asked.actor.subject, at=asked.at, entries=entries)
        note = Note(asked.actor, "log.proved", "Log", "audit", asked.request)
        await log_append.append(db, note, (), at=asked.at)
    return new


async def last(house: House, asked: Asked) -> Check | None:
    """Return the newest check, done or under way. Raises Refused."""
    roles.require(asked.actor, Interaction.CONSOLE_LOG)
    async with house.db.transaction() as db:
        return await log_checks.last(db)


async def work(house: House, at: datetime) -> bool:
    """Do the check that waits, if there is one; say whether there was. For a server's chore, every second or so."""
    async with house.db.transaction() as db:
        number = await log_checks.take(db, at=at, stalled=at - _STALLED)
    if number is None:
        return False
    try:
        verdict, said = await _judged(house, number, at)
    except Failure as failure:  # the log does not match what is held: nothing is signed any more
        verdict, said = "broken", f"{failure.problems[0].ja} | {failure.problems[0].en}"
    async with house.db.transaction() as db:
        await log_checks.end(db, number, verdict, said, at=house.clock())
    return True


async def _judged(house: House, number: int, at: datetime) -> tuple[str, str]:
    home = house.settings.home
    held = Held.at(home)
    await signed(house, at)

    async def moved(step: str, done: int) -> None:
        async with house.db.transaction() as db:
            await log_checks.move(db, number, step, done, at=house.clock())

    with tempfile.TemporaryDirectory() as folder:
        size = await log_export.export(house.db, Path(folder), told=lambda done: moved("reading", done))
        await moved("checking", size)
        command = ["-m", "kakehashi_verify", folder, "--key", str(home / "keys" / "log.pub")]
        command += ["--checkpoints", str(held.notes)] if held.notes.exists() else []
        verifier = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=PIPE)
        try:
            said = await _said(verifier, lambda: moved("checking", size))
        finally:
            if verifier.returncode is None:
                verifier.kill()
    return _VERDICTS.get(verifier.returncode or 0, "unreadable"), said


async def _said(verifier: Process, beat: Callable[[], Awaitable[None]]) -> str:
    """Wait for the verifier's one line, with a sign of life every so often."""
    waiting = asyncio.ensure_future(verifier.communicate())
    while not (await asyncio.wait([waiting], timeout=_BEAT))[0]:
        await beat()
    out, _ = waiting.result()
    return out.decode("utf-8", "replace").strip()
