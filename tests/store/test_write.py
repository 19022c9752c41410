"""Writing: versions, history, feed and log stand or fall together."""

import asyncio

import pytest
from storing import EVERYTHING, HANAKO, LATER, MIDORI, NOW, TARO, draft, note, of_person, store, told

from kakehashi.core.errors import Conflict, Gone, NotFound, VersionMismatch
from kakehashi.core.hashing import row_key
from kakehashi.store import reach
from kakehashi.store.database import Database
from kakehashi.store.read import read_one, reading
from kakehashi.store.write import writing


async def counted(db: Database) -> dict[str, int]:
    """How many rows the tables of one write have, as their owner sees them."""
    async with db.transaction() as tx:
        await tx.execute(
            "SELECT set_config('kakehashi.window', '{\"(9223372036854775807,,,{},,0,)\"}', true)"
        )
        await reach.open_on(tx, reach.WHOLE_LOG)
        return {
            table: await tx.fetchval(f"SELECT count(*) FROM {table}")
            for table in ("resource", "resource_version", "feed", "log")
        }


async def test_a_stored_resource_is_read_back_byte_for_byte_but_for_what_the_server_sets(
    db: Database,
) -> None:
    await store(db, draft("a", value="1.10"))
    row = await read_one(db, EVERYTHING, note("read"), "Observation", "a", at=NOW)
    assert row.body == (
        b'{"resourceType":"Observation","id":"a","meta":{"versionId":"1","lastUpdated":"2026-04-01T09:00:00.000Z"},'
        b'"valueDecimal":1.10}'
    )
    assert (row.person, row.version, row.changed_at) == (HANAKO, 1, NOW)


async def test_a_change_is_the_next_version_and_the_former_one_stays(db: Database) -> None:
    await store(db, draft("a", value="1"))
    [second] = await store(db, draft("a", value="2"), at=LATER)
    assert (second.version, second.created) == (2, False)
    async with reading(db, EVERYTHING, note("history"), at=LATER) as look:
        assert [row.version for row in await look.history("Observation", "a")] == [2, 1]
        assert b'"valueDecimal":1' in (await look.version("Observation", "a", 1)).body
        assert b'"valueDecimal":2' in (await look.one("Observation", "a")).body


async def test_a_write_leaves_row_feed_and_log_and_a_broken_one_leaves_nothing(db: Database) -> None:
    with pytest.raises(RuntimeError, match="half way"):
        async with writing(db, note(), at=NOW) as work:
            await work.put_many([draft("a"), draft("b")])
            raise RuntimeError("half way")
    assert set((await counted(db)).values()) == {0}
    await store(db, draft("a"), draft("b", person=TARO))
    assert await counted(db) == {"resource": 2, "resource_version": 0, "feed": 2, "log": 2}


async def test_each_persons_log_entry_names_only_that_persons_items(db: Database) -> None:
    await store(db, draft("a"), draft("b", person=TARO))
    async with db.transaction() as tx:
        await reach.open_on(tx, reach.WHOLE_LOG)
        entries = {
            row["person"]: told(row["entry"]) for row in await tx.fetch("SELECT person, entry FROM log")
        }
    assert entries[HANAKO]["items"] == ["Observation/a/_history/1"]
    assert entries[TARO]["items"] == ["Observation/b/_history/1"]
    assert entries[HANAKO]["act"] == entries[TARO]["act"]


async def test_an_update_must_name_the_current_version_when_it_names_one(db: Database) -> None:
    await store(db, draft("a"))
    async with writing(db, note(), at=NOW) as work:
        assert (await work.put(draft("a"), if_version=1)).version == 2
    for wrong in (1, 3, 0):
        with pytest.raises(VersionMismatch):
            async with writing(db, note(), at=NOW) as work:
                await work.put(draft("a"), if_version=wrong)
    with pytest.raises(VersionMismatch):
        async with writing(db, note(), at=NOW) as work:
            await work.delete("Observation", "a", if_version=1)


async def test_a_deleted_resource_is_gone_keeps_its_history_and_may_come_back(db: Database) -> None:
    await store(db, draft("a"))
    async with writing(db, note("delete"), at=LATER) as work:
        assert await work.delete("Observation", "a") == 2
        assert await work.delete("Observation", "never-there") is None
    with pytest.raises(Gone):
        await read_one(db, EVERYTHING, note("read"), "Observation", "a", at=LATER)
    [back] = await store(db, draft("a"), at=LATER)
    assert (back.version, back.created) == (3, True)
    async with reading(db, EVERYTHING, note("history"), at=LATER) as look:
        history = await look.history("Observation", "a")
        assert [(row.version, row.deleted) for row in history] == [(3, False), (2, True), (1, False)]
        with pytest.raises(Gone):
            await look.version("Observation", "a", 2)


async def test_what_one_may_not_see_now_has_no_former_versions_and_no_grave_either(db: Database) -> None:
    await store(db, draft("a"), draft("b"))
    async with writing(db, note("delete"), at=LATER) as work:
        await work.delete("Observation", "b")
    await store(db, draft("a", flags=2), draft("b", flags=2), at=LATER)
    window = of_person(HANAKO, hidden=2)
    for name in ("a", "b"):
        with pytest.raises(NotFound):
            await read_one(db, window, note("read"), "Observation", name, at=LATER)
        with pytest.raises(NotFound):
            async with reading(db, window, note("vread"), at=LATER) as look:
                await look.version("Observation", name, 1)
    async with reading(db, window, note("history"), at=LATER) as look:
        assert (await look.changes("Observation")).rows == []


async def test_a_corrected_person_moves_the_row_and_leaves_the_history_where_it_was(db: Database) -> None:
    await store(db, draft("a", person=HANAKO))
    await store(db, draft("a", person=TARO), at=LATER)
    async with reading(db, of_person(HANAKO), note("read"), at=LATER) as look:
        assert await look.rows([HANAKO], kinds=-1) == []
    async with reading(db, EVERYTHING, note("history"), at=LATER) as look:
        assert [(row.person, row.version) for row in await look.history("Observation", "a")] == [
            (TARO, 2),
            (HANAKO, 1),
        ]


async def test_the_same_resource_twice_in_one_batch_is_refused(db: Database) -> None:
    with pytest.raises(Conflict):
        await store(db, draft("a"), draft("a"))


async def test_of_two_who_create_the_same_id_at_once_one_wins_and_the_other_is_told(db: Database) -> None:
    async def create(person: int) -> bool:
        try:
            async with writing(db, note(), at=NOW) as work:
                await work.put(draft("a", person=person), if_version=0)
        except (Conflict, VersionMismatch):
            return False
        return True

    for name in range(5):
        await store(db, draft(f"warm-{name}"))
    assert sorted(await asyncio.gather(create(HANAKO), create(TARO), create(HANAKO))) == [False, False, True]
    assert (await counted(db))["resource"] == 6


async def test_a_submission_is_replaced_whole(db: Database) -> None:
    submission = row_key("Bundle", "s")
    await store(
        db, *(draft(name, origin=submission) for name in "abc"), draft("other"), draft("d", person=TARO)
    )
    async with writing(db, note(), at=LATER) as work:
        deleted = await work.delete_origin(HANAKO, submission, keep=[row_key("Observation", "b")])
    assert sorted(deleted) == ["Observation/a", "Observation/c"]
    async with reading(db, EVERYTHING, note("read"), at=LATER) as look:
        assert sorted(row.id for row in await look.rows([HANAKO, TARO], kinds=-1)) == ["b", "d", "other"]


async def test_a_large_batch_of_new_and_known_resources_counts_on(db: Database) -> None:
    await store(db, *(draft(str(number)) for number in range(100)))
    stored = await store(db, *(draft(str(number), custodian=MIDORI) for number in range(50, 250)))
    assert [one.version for one in stored] == [2] * 50 + [1] * 150
    assert await counted(db) == {"resource": 250, "resource_version": 50, "feed": 300, "log": 2}
