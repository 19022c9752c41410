"""Matching in bulk as an operator asks for it: one run at a time, in a process of its own, begun by nobody else."""

import asyncio
import socket
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from sample_people import AT, NORTH, OFFICE, OPERATOR, SOUTH, actor

from kakehashi.core.actors import Role
from kakehashi.core.errors import Refused
from kakehashi.people import bulk_runs, synthetic, synthetic_errors
from kakehashi.people.assign import assign
from kakehashi.people.doubts import candidates
from kakehashi.store import matching_runs, people_doubts, reach
from kakehashi.store.database import Database

LATER = AT + timedelta(minutes=3)


@pytest.fixture
async def twice_written(db: Database) -> Database:
    """Forty people, whom two institutions describe without any identifier, each with its own errors."""
    humans = synthetic.make(40, seed=21)
    for at in (NORTH, SOUTH):
        sent = [one.patient for one in synthetic_errors.sightings(humans, seed=at.key, most=1)]
        for one in sent:
            one.tree.pop("identifier", None)
        await assign(db, sent, institution=at, by=actor(at), at=AT)
    return db


def children() -> set[str]:
    """The processes that this one has begun and that are not gone."""
    return {
        number
        for task in Path("/proc/self/task").iterdir()
        for number in (task / "children").read_text().split()
    }


async def taken(db: Database, at: object = AT) -> int | None:
    async with db.transaction() as tx:
        return await matching_runs.take(tx, at=at, stalled=at - timedelta(minutes=2))  # type: ignore[operator, arg-type]


async def test_a_run_that_was_asked_for_is_done_once_and_tells_what_it_found(twice_written: Database) -> None:
    db = twice_written
    assert await bulk_runs.last(db, by=OPERATOR) is None and not await bulk_runs.work(db, lambda: AT)
    assert await bulk_runs.ask(db, by=OPERATOR, at=AT)
    assert not await bulk_runs.ask(db, by=OPERATOR, at=AT), "one is under way"
    waiting = await bulk_runs.last(db, by=OPERATOR)
    assert waiting and waiting.under_way and (waiting.entries, waiting.done) == (80, 0)
    assert await bulk_runs.work(db, lambda: LATER)
    done = await bulk_runs.last(db, by=OPERATOR)
    assert done and not done.under_way and done.fault is None and done.moved_at == LATER
    assert done.done == 80 and done.pairs and done.pairs >= 30 and done.megabytes and done.megabytes > 50
    assert len(await candidates(db)) >= done.pairs >= (done.fresh or 0)
    assert not await bulk_runs.work(db, lambda: LATER), "it is done"
    assert await bulk_runs.ask(db, by=OPERATOR, at=LATER), "and may be asked for again"


async def test_what_is_asked_for_stands_in_the_log(db: Database) -> None:
    await bulk_runs.ask(db, by=OPERATOR, at=AT, request="r-1")
    async with db.transaction() as tx:
        await reach.open_on(tx, reach.WHOLE_LOG)
        [(person, entry)] = [tuple(row) for row in await tx.fetch("SELECT person, entry FROM log")]
    said = orjson.loads(entry)
    assert (person, said["action"], said["who"], said["request"]) == (
        0, "person.matching", OPERATOR.subject, "r-1",
    )  # fmt: skip


@pytest.mark.parametrize("role", [one for one in Role if one is not Role.OPERATOR])
async def test_nobody_but_the_operator_begins_one_or_sees_how_it_stands(db: Database, role: Role) -> None:
    with pytest.raises(Refused):
        await bulk_runs.ask(db, by=actor(OFFICE, role), at=AT)
    with pytest.raises(Refused):
        await bulk_runs.last(db, by=actor(OFFICE, role))
    assert await bulk_runs.last(db, by=OPERATOR) is None


async def test_a_run_whose_process_died_is_taken_up_by_another(db: Database) -> None:
    await bulk_runs.ask(db, by=OPERATOR, at=AT)
    number = await taken(db)
    assert number is not None and await taken(db, AT + timedelta(minutes=1)) is None
    assert await taken(db, LATER) == number


async def test_stopped_it_leaves_no_process_and_gives_the_run_back(db: Database) -> None:
    before = children()
    await bulk_runs.ask(db, by=OPERATOR, at=AT)
    task = asyncio.ensure_future(bulk_runs.work(db, lambda: AT))
    while True:
        await asyncio.sleep(0.01)
        if children() - before:
            break
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert task.cancelled() and children() == before
    back = await bulk_runs.last(db, by=OPERATOR)
    assert back and back.step == "waiting" and await taken(db) is not None


async def test_why_it_failed_is_kept_for_the_operator(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for fault, word in ((_away, "つながりません"), (_dies, "途中で終わりました")):
        await bulk_runs.ask(db, by=OPERATOR, at=AT)
        with monkeypatch.context() as patch:
            fault(db, patch)
            assert await bulk_runs.work(db, lambda: AT)
        run = await bulk_runs.last(db, by=OPERATOR)
        assert run and not run.under_way and run.pairs is None and run.fault and word in run.fault
        assert len(run.fault.split(" | ")) == 2, "in two languages"


def _away(db: Database, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(db, "url", "postgresql://nobody@127.0.0.1:1/none")


def _dies(_: Database, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sys, "executable", "/bin/false")


def test_the_process_ends_with_whoever_began_it() -> None:
    """It waits at a port that answers nobody, and would go on waiting."""
    command = [sys.executable, "-m", "kakehashi.people.bulk_process"]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        asked = {"url": f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/none", "at": AT}
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            said, _ = process.communicate(orjson.dumps(asked) + bytes([10]))
    assert (process.returncode, said) == (1, b"")


async def test_only_pairs_that_nobody_had_proposed_count_as_new(twice_written: Database) -> None:
    db = twice_written
    async with db.transaction() as tx:
        held = [row["person"] for row in await tx.fetch("SELECT person FROM person ORDER BY person LIMIT 3")]
        rows = [
            {"one": held[0], "other": other, "score": 0.01, "evidence": {"rule": "test"}}
            for other in held[1:]
        ]
        before = await people_doubts.count_candidates(tx)
        first = await people_doubts.add_candidates(tx, rows, at=AT)
        assert first and await people_doubts.count_candidates(tx) == before + first
        likelier = [row | {"score": 0.995} for row in rows]
        assert await people_doubts.add_candidates(tx, likelier, at=AT) == 0
        assert await people_doubts.add_candidates(tx, [], at=AT) == 0
