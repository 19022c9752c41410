"""Reading: through a window, logged, and nothing of what is not seen."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from storing import EVERYTHING, HANAKO, LATER, MIDORI, NOW, SAKURA, TARO, draft, note, of_person, store, told

from kakehashi.core.errors import NotFound
from kakehashi.core.kinds import EVERY_KIND, Kind
from kakehashi.core.window import NOTHING, Pane, Window
from kakehashi.fhir.types import NUMBER
from kakehashi.search.parse import parse_query
from kakehashi.store import feed, reach
from kakehashi.store.database import Database
from kakehashi.store.read import read_one, reading
from kakehashi.store.read_binary import Ask
from kakehashi.store.write import writing


async def logged(db: Database) -> list[tuple[int, dict[str, object]]]:
    """The log's entries of reads, in order: (person, entry)."""
    async with db.transaction() as tx:
        await reach.open_on(tx, reach.WHOLE_LOG)
        entries = [
            (row["person"], told(row["entry"]))
            for row in await tx.fetch("SELECT person, entry FROM log ORDER BY seq")
        ]
    return [(person, entry) for person, entry in entries if entry["action"] != "create"]


async def test_a_read_is_logged_with_the_version_that_was_shown(db: Database) -> None:
    await store(db, draft("a"))
    await store(db, draft("a"), at=LATER)
    await read_one(db, of_person(HANAKO), note("read"), "Observation", "a", at=LATER)
    [(person, entry)] = await logged(db)
    assert (person, entry["items"], entry["count"]) == (HANAKO, ["Observation/a/_history/2"], 1)


@pytest.mark.parametrize("window", [of_person(TARO), NOTHING], ids=["another person's", "nothing"])
async def test_what_is_not_seen_is_not_found_and_the_log_names_nobody(db: Database, window: Window) -> None:
    await store(db, draft("a"))
    for name in ("a", "never-there"):
        with pytest.raises(NotFound):
            await read_one(db, window, note("read"), "Observation", name, at=NOW)
        with pytest.raises(NotFound):
            async with reading(db, window, note("read"), at=NOW) as look:
                await look.one("Observation", name)
    assert [(person, entry["items"]) for person, entry in await logged(db)] == [(0, [])] * 4


async def test_reads_at_the_same_moment_keep_their_own_windows_answers_and_entries(db: Database) -> None:
    await store(db, *(draft(str(number), person=number) for number in range(1, 31)))

    async def ask(number: int, window: Window) -> int | None:
        try:
            return (await read_one(db, window, note("read"), "Observation", str(number), at=NOW)).person
        except NotFound:
            return None

    wanted = [(n, of_person(n if n % 3 else n + 1)) for n in range(1, 31)]
    answers = await asyncio.gather(*(ask(n, window) for n, window in wanted))
    assert answers == [n if n % 3 else None for n in range(1, 31)]
    persons = sorted(person for person, _ in await logged(db))
    assert persons == [0] * 10 + [n for n in range(1, 31) if n % 3]


async def test_one_read_that_cannot_be_carried_out_spares_the_others(db: Database) -> None:
    await store(db, draft("a"))
    broken = Ask("no window at all", NUMBER["Observation"], draft("a").rid, "a", NOW, b"", b"", b"")
    reads = [read_one(db, EVERYTHING, note("read"), "Observation", "a", at=NOW) for _ in range(6)]
    results = await asyncio.gather(*reads[:3], db.reads.ask(broken), *reads[3:], return_exceptions=True)
    assert isinstance(results[3], asyncpg.PostgresError)
    assert [getattr(one, "id", None) for one in results[:3] + results[4:]] == ["a"] * 6


async def test_rows_come_by_kind_and_time_newest_first_and_each_person_is_logged(db: Database) -> None:
    days = [NOW - timedelta(days=number) for number in range(5)]
    await store(db, *(draft(str(number), at=day) for number, day in enumerate(days)))
    await store(db, draft("other", person=TARO), draft("visit", kind=Kind.VISIT))
    async with reading(db, of_person(HANAKO, TARO), note("view"), at=NOW) as look:
        rows = await look.rows([HANAKO], kinds=Kind.LAB.bit, since=days[2])
        assert [row.id for row in rows] == ["0", "1", "2"]
        assert [row.id for row in await look.rows([HANAKO], kinds=EVERY_KIND, limit=1)] in (["0"], ["visit"])
        assert [row.id for row in await look.rows([TARO], kinds=EVERY_KIND)] == ["other"]
    assert {person for person, _ in await logged(db)} == {HANAKO, TARO}


async def test_included_rows_obey_the_window_too(db: Database) -> None:
    await store(db, draft("a"), draft("b", custodian=MIDORI), draft("c", person=TARO))
    window = Window((Pane(EVERY_KIND, persons=frozenset({HANAKO}), custodians=frozenset({SAKURA})),))
    async with reading(db, window, note("search"), at=NOW) as look:
        found = await look.include(
            [("Observation", name) for name in ("a", "b", "c", "d")] + [("NoSuchType", "x")]
        )
        assert [row.id for row in found] == ["a"]
        assert await look.include([]) == []


async def test_history_of_a_type_pages_without_gap_or_repeat(db: Database) -> None:
    for turn in range(3):
        await store(db, *(draft(str(number)) for number in range(4)), at=NOW + timedelta(hours=turn))
    async with writing(db, note("delete"), at=LATER) as work:
        await work.delete("Observation", "0")
    taken, place = [], feed.END
    async with reading(db, of_person(HANAKO), note("history"), at=LATER) as look:
        while True:
            page = await look.changes("Observation", before=place, limit=5)
            taken += [(row.id, row.version) for row in page.rows]
            if page.next is None:
                break
            place = page.next
    assert taken[0] == ("0", 4)
    assert len(taken) == len(set(taken)) == 13
    async with reading(db, of_person(TARO), note("history"), at=LATER) as look:
        assert (await look.changes()).rows == []


async def test_a_search_answers_through_the_window_and_logs_what_it_showed(db: Database) -> None:
    await store(db, draft("a"), draft("b", person=TARO))
    query = parse_query("Observation", [("_id", "a,b"), ("_total", "accurate")], strict=True)
    async with reading(db, of_person(HANAKO), note("search"), at=NOW) as look:
        found = await look.search(query)
    assert ([row.id for row in found.rows], found.total, found.next) == (["a"], 1, None)
    assert [(person, entry["items"]) for person, entry in await logged(db)] == [
        (HANAKO, ["Observation/a/_history/1"])
    ]
    async with writing(db, note("update"), at=NOW) as work:
        assert [row.id for row in await work.find(query, of_person(TARO))] == ["b"]
        assert await work.current("Observation", "a") is not None
