"""The sequencer: every settled entry once, in order, never one that something may still come before."""

import asyncio
from datetime import timedelta
from pathlib import Path

import asyncpg
from log_words import MINUTE, NOW, entry_of, look, sequencer, settled

from kakehashi.store import log_tree, reach
from kakehashi.store.database import Database
from kakehashi.trust import merkle
from kakehashi.trust.checkpoints_held import Held
from kakehashi.trust.log_leaf import leaf_data
from kakehashi.trust.log_sequencer import AFTER, root_of, sequence


async def entries(db: Database) -> list[bytes]:
    """All entries in the log's order."""
    async with db.transaction() as tx:
        await reach.open_on(tx, reach.WHOLE_LOG)
        return [row["entry"] for row in await tx.fetch("SELECT entry FROM log ORDER BY xid, seq")]


async def take(db: Database, most: int = 10_000) -> int:
    async with db.transaction() as tx:
        return await sequence(tx, most)


async def root(db: Database) -> tuple[int, bytes]:
    async with db.transaction() as tx:
        size = (await log_tree.state(tx)).size
        return size, await root_of(tx, size)


def expected(some: list[bytes]) -> bytes:
    leaves = [merkle.leaf_hash(leaf_data(one)) for one in some]
    tiles = merkle.grow(0, leaves, lambda key: b"")
    return merkle.combine(merkle.cover(0, len(leaves)), tiles)


async def test_every_entry_becomes_a_leaf_once_however_it_is_taken_in(db: Database) -> None:
    await look(db, 40)
    taken = [await take(db, 7) for _ in range(8)]
    assert taken == [7, 7, 7, 7, 7, 5, 0, 0]
    await look(db, 3)
    assert await take(db) == 3
    some = await entries(db)
    assert await root(db) == (43, expected(some))


async def test_transactions_come_in_the_order_of_their_numbers_not_of_their_digits(db: Database) -> None:
    async with db.transaction() as tx:
        for xid in ("99", "100", "9"):
            await tx.execute(
                "INSERT INTO log (person, xid, at, entry) VALUES (1, $1::text::xid8, now(), $2)",
                xid,
                xid.encode(),
            )
    assert [await take(db, 1) for _ in range(3)] == [1, 1, 1]
    assert await root(db) == (3, expected([b"9", b"99", b"100"]))


async def test_an_entry_waits_while_an_older_transaction_is_open(db: Database) -> None:
    """The older one may still write an entry that belongs before it."""
    await look(db, 2)
    async with db.transaction() as older:
        await older.execute("SELECT pg_current_xact_id()")
        for _ in range(3):
            await entry_of(db)
        assert await take(db) == 2
        await older.execute("INSERT INTO log (person, at, entry) VALUES (1, now(), 'older')")
    await settled(db)
    assert await take(db) == 4
    assert await root(db) == (6, expected(await entries(db)))


async def test_an_entry_of_a_transaction_that_failed_never_comes(db: Database) -> None:
    try:
        async with db.transaction() as tx:
            await tx.execute("INSERT INTO log (person, at, entry) VALUES (1, now(), 'never')")
            raise LookupError
    except LookupError:
        pass
    await look(db, 1)
    assert await take(db) == 1


async def test_many_writers_and_many_sequencers_end_in_one_tree(db: Database) -> None:
    async def write() -> None:
        for _ in range(20):
            await entry_of(db)

    async def grow() -> int:
        total = 0
        for _ in range(25):
            total += await take(db, 9)
            await asyncio.sleep(0)
        return total

    _, _, first, second = await asyncio.gather(write(), write(), grow(), grow())
    await settled(db)
    last = await take(db)
    assert first + second + last == 40
    assert await root(db) == (40, expected(await entries(db)))


async def test_two_sequencers_at_once_do_not_wait_for_each_other(db: Database) -> None:
    await look(db, 2)
    async with db.transaction() as one:
        assert await sequence(one) == 2
        assert await take(db) == 0
    assert await root(db) == (2, expected(await entries(db)))


async def test_a_crash_of_the_sequencer_loses_nothing_and_doubles_nothing(db: Database) -> None:
    await look(db, 5)
    try:
        async with db.transaction() as tx:
            await sequence(tx)
            raise ConnectionResetError
    except Exception as lost:
        assert "Unavailable" in type(lost).__name__
    assert await take(db) == 5


async def test_a_checkpoint_comes_after_a_minute_and_not_before(db: Database, tmp_path: Path) -> None:
    keeper = sequencer(db, tmp_path)
    await look(db, 1)
    await keeper.run(at=NOW)
    first = Held.at(tmp_path).last(keeper.signer.verifier)
    assert first and first.size == 1
    await look(db, 1)
    await keeper.run(at=NOW + MINUTE - timedelta(seconds=1))
    assert Held.at(tmp_path).last(keeper.signer.verifier) == first
    await keeper.run(at=NOW + MINUTE)
    second = Held.at(tmp_path).last(keeper.signer.verifier)
    assert second and second.size == 2


async def test_ten_thousand_entries_do_not_wait_for_the_minute(db: Database, tmp_path: Path) -> None:
    keeper = sequencer(db, tmp_path)
    await look(db, 1)
    await keeper.run(at=NOW)
    async with db.transaction() as tx:
        await tx.execute(
            "INSERT INTO log (person, at, entry) SELECT 1, now(), 'x' FROM generate_series(1, $1)", AFTER
        )
    await settled(db)
    assert await keeper.run(at=NOW) == AFTER
    last = Held.at(tmp_path).last(keeper.signer.verifier)
    assert last and last.size == AFTER + 1
    assert Held.at(tmp_path).leaf_count() == AFTER + 1


async def test_a_tree_that_did_not_grow_is_not_signed_again(db: Database, tmp_path: Path) -> None:
    keeper = sequencer(db, tmp_path)
    assert await keeper.sign(at=NOW, now=True) is None
    await look(db, 1)
    await keeper.run(at=NOW)
    assert await keeper.sign(at=NOW + 60 * MINUTE, now=True) is None


async def test_held_files_cut_short_by_a_crash_are_mended(db: Database, tmp_path: Path) -> None:
    keeper, held = sequencer(db, tmp_path), Held.at(tmp_path)
    await look(db, 3)
    await keeper.run(at=NOW)
    with held.notes.open("ab") as file:
        file.write(b'{"at":"2026')
    with held.leaves.open("ab") as file:
        file.write(b"half a hash")
    await look(db, 2)
    await keeper.run(at=NOW + MINUTE)
    last = held.last(keeper.signer.verifier)
    assert last and last.size == 5
    async with db.transaction() as tx:
        assert held.leaves.read_bytes() == (await log_tree.tiles(tx, {(0, 0)}))[0, 0]


async def test_the_application_can_neither_change_nor_remove_what_is_in_the_log(db: Database) -> None:
    await look(db, 1)
    await take(db)
    for forbidden in (
        "UPDATE log SET entry = ''", "DELETE FROM log", "DELETE FROM log_tile", "DELETE FROM log_checkpoint",
        "UPDATE log_checkpoint SET note = ''", "DELETE FROM log_tree", "TRUNCATE log",
    ):  # fmt: skip
        async with db.connection() as connection:
            try:
                await connection.execute(forbidden)
            except asyncpg.InsufficientPrivilegeError:
                continue
        raise AssertionError(forbidden)
