"""The two walls when things go wrong: no log, no data (L2); one caller's window never serves another's request (A9)."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import asyncpg
import pytest
from storing import HANAKO, NOW, TARO, draft, note, of_person, store

from databases import as_owner
from kakehashi.core.errors import NotFound
from kakehashi.store import reach, window_sql
from kakehashi.store.database import Database
from kakehashi.store.reach import Matter, Reach
from kakehashi.store.read import read_one, reading
from kakehashi.store.write import writing

PERSONS = list(range(100, 108))
WORKERS, REQUESTS = 16, 40


@pytest.fixture
async def logless(db: Database) -> Database:
    """A database with one record, whose log takes no entry any more."""
    await store(db, draft("a"))
    owner = await asyncpg.connect(as_owner(db.url))
    await owner.execute("REVOKE INSERT ON log FROM kakehashi_app")
    await owner.close()
    return db


async def test_what_cannot_be_logged_is_not_read(logless: Database) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await read_one(logless, of_person(HANAKO), note("read"), "Observation", "a", at=NOW)
    shown = []
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with reading(logless, of_person(HANAKO), note("search"), at=NOW) as look:
            await look.one("Observation", "a")
        shown.append("after the block")
    assert shown == [], "whoever reads shows nothing before the block has ended"


async def test_what_cannot_be_logged_is_not_written(logless: Database) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with writing(logless, note(), at=NOW) as work:
            await work.put(draft("b"))
    async with logless.transaction() as tx:
        await window_sql.open_on(tx, of_person(HANAKO, TARO))
        assert [row["id"] for row in await tx.fetch("SELECT id FROM resource")] == ["a"]
        assert await tx.fetchval("SELECT count(*) FROM feed") == 1


async def test_many_callers_on_few_connections_never_see_through_each_others_window(db: Database) -> None:
    """Each request opens its own walls, some end in the middle, and all share eight connections."""
    await store(db, *(draft(f"of-{person}", person=person) for person in PERSONS))
    chance = random.Random(20261121)
    requests = [
        [(chance.choice(PERSONS), chance.choice(_WAYS)) for _ in range(REQUESTS)] for _ in range(WORKERS)
    ]

    async def worker(mine: list[tuple[int, Callable[[Database, int], Awaitable[None]]]]) -> int:
        for person, way in mine:
            await way(db, person)
        return len(mine)

    assert sum(await asyncio.gather(*map(worker, requests))) == WORKERS * REQUESTS


async def _alone(db: Database, person: int) -> None:
    """Row-level security alone: the statement says nothing about the person."""
    async with db.transaction() as tx:
        await window_sql.open_on(tx, of_person(person))
        await asyncio.sleep(0)
        assert {row["person"] for row in await tx.fetch("SELECT person FROM resource")} == {person}


async def _aborted(db: Database, person: int) -> None:
    with pytest.raises(asyncpg.DivisionByZeroError):
        async with db.transaction() as tx:
            await window_sql.open_on(tx, of_person(*PERSONS))
            await reach.open_on(tx, Reach((Matter.LOG,)))
            await tx.fetch("SELECT 1 / 0")


async def _cancelled(db: Database, person: int) -> None:
    async def slow() -> None:
        async with db.transaction() as tx:
            await window_sql.open_on(tx, of_person(*PERSONS))
            await tx.fetch("SELECT pg_sleep(5)")

    task = asyncio.create_task(slow())
    await asyncio.sleep(0.002)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _without(db: Database, person: int) -> None:
    for table, wall in (("resource", "no window"), ("log", "no reach")):
        async with db.connection() as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match=wall):
                await connection.fetch(f"SELECT FROM {table}")


async def _queued(db: Database, person: int) -> None:
    """Reads that share a round trip have each their own window."""
    row = await read_one(db, of_person(person), note("read"), "Observation", f"of-{person}", at=NOW)
    assert row.person == person
    other = PERSONS[(PERSONS.index(person) + 1) % len(PERSONS)]
    with pytest.raises(NotFound):
        await read_one(db, of_person(person), note("read"), "Observation", f"of-{other}", at=NOW)


_WAYS = [_alone, _aborted, _without, _queued, _queued, _alone, _cancelled]
