"""A search in one round trip answers and logs what a search inside `reading` does, and lets nothing else be seen."""

import secrets
from dataclasses import replace

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storing import EVERYTHING, HANAKO, MIDORI, NOW, SAKURA, TARO, draft, logged_by, note, of_person, store

from kakehashi.core.kinds import EVERY_KIND
from kakehashi.core.logentry import ITEMS_NAMED
from kakehashi.core.window import NOTHING, Pane, Window
from kakehashi.search.parse import parse_query
from kakehashi.search.plan import Query
from kakehashi.store.database import Database
from kakehashi.store.read import reading
from kakehashi.store.read_once import answers, search_once
from kakehashi.store.read_search import Found

WINDOWS = {
    "everything": EVERYTHING,
    "nothing": NOTHING,
    "花子": of_person(HANAKO),
    "both": of_person(HANAKO, TARO),
    "緑町's": Window(
        (Pane(EVERY_KIND, custodians=frozenset({MIDORI})), Pane(EVERY_KIND, persons=frozenset({TARO})))
    ),
}


@pytest.fixture
async def stocked(db: Database) -> Database:
    """Fifteen laboratory results of two persons from two institutions."""
    facts = [(HANAKO, SAKURA), (TARO, SAKURA), (HANAKO, MIDORI), (TARO, MIDORI), (HANAKO, SAKURA)]
    drafts = [
        draft(f"o{number}", person=person, custodian=custodian)
        for number, (person, custodian) in enumerate(facts * 3)
    ]
    await store(db, *drafts)
    return db


async def _both(db: Database, window: Window, query: Query, persons: list[int] | None) -> tuple[Found, Found]:
    """The page by either way, each under an action of its own; what both logged must be the same."""
    once, apart = f"once-{secrets.token_hex(8)}", f"apart-{secrets.token_hex(8)}"
    first = await search_once(db, window, note(once), query, at=NOW, persons=persons)
    async with reading(db, window, note(apart), at=NOW) as look:
        second = await look.search(query, persons=persons)
    by_person = [sorted(await logged_by(db, action), key=lambda one: one[0]) for action in (once, apart)]
    assert by_person[0] == by_person[1]
    return first, second


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(sorted(WINDOWS)),
    count=st.integers(1, 20),
    persons=st.sampled_from([None, [HANAKO], [TARO, HANAKO], []]),
    order=st.sampled_from(["", "_lastUpdated", "-_id"]),
)
async def test_it_answers_and_logs_page_by_page_what_reading_does(
    stocked: Database, name: str, count: int, persons: list[int] | None, order: str
) -> None:
    pairs = [("_count", str(count)), *([("_sort", order)] if order else [])]
    query = parse_query("Observation", pairs)
    seen: list[str] = []
    while True:
        once, apart = await _both(stocked, WINDOWS[name], query, persons)
        assert (once.rows, once.next) == (apart.rows, apart.next)
        seen += (row.id for row in once.rows)
        if once.next is None:
            break
        query = replace(query, cursor=once.next)
    assert len(seen) == len(set(seen))


async def test_an_entry_names_only_so_many_items_and_counts_the_rest(db: Database) -> None:
    await store(db, *(draft(f"o{number}") for number in range(ITEMS_NAMED + 5)))
    query = parse_query("Observation", [("_count", str(ITEMS_NAMED + 5))])
    once, _ = await _both(db, EVERYTHING, query, None)
    assert len(once.rows) == ITEMS_NAMED + 5


async def test_a_window_that_cannot_be_read_shows_nothing_and_logs_nothing(
    stocked: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kakehashi.store.read_once.window_sql.setting", lambda _: "no window at all")
    with pytest.raises(asyncpg.PostgresError):
        await search_once(stocked, EVERYTHING, note("broken"), parse_query("Observation", []), at=NOW)
    assert await logged_by(stocked, "broken") == []


async def test_the_setting_hides_what_the_search_itself_would_find(
    stocked: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row-level security holds although the statement's own filter lets everything through."""
    shut = of_person(TARO)
    monkeypatch.setattr("kakehashi.store.read_once.window_sql.predicate", lambda *_: lambda alias: "true")
    found = await search_once(stocked, shut, note("search"), parse_query("Observation", []), at=NOW)
    assert {row.person for row in found.rows} == {TARO}


@pytest.mark.parametrize(
    "pair", [("_total", "accurate"), ("_summary", "count"), ("_include", "Observation:subject")]
)
def test_what_needs_several_statements_is_not_for_it(pair: tuple[str, str]) -> None:
    assert answers(parse_query("Observation", []))
    assert not answers(parse_query("Observation", [pair]))
