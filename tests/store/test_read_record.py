"""A record in one round trip answers and logs what two looks inside `reading` do, and lets nothing else be seen."""

import secrets
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storing import (
    EVERYTHING,
    HANAKO,
    MIDORI,
    NOW,
    SAKURA,
    TARO,
    draft,
    logged_by,
    note,
    of_person,
    store,
)

from kakehashi.core.kinds import EVERY_KIND, Kind, kinds
from kakehashi.core.logentry import ITEMS_NAMED
from kakehashi.core.window import NOTHING, Pane, Window
from kakehashi.store.database import Database
from kakehashi.store.read import reading
from kakehashi.store.read_record import read_record
from kakehashi.store.rows import Row

EVER, NEVER = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
WINDOWS = {
    "everything": EVERYTHING,
    "nothing": NOTHING,
    "花子": of_person(HANAKO),
    "both": of_person(HANAKO, TARO),
    "花子's results and what 緑町 wrote": Window(
        (
            Pane(Kind.LAB.bit, persons=frozenset({HANAKO}), since=NOW - timedelta(days=4)),
            Pane(EVERY_KIND, persons=frozenset({HANAKO, TARO}), custodians=frozenset({MIDORI})),
        )
    ),
}
MOMENTS = [EVER, *(NOW - timedelta(days=days) for days in (6, 3, 0)), NEVER]
KINDS = [0, Kind.LAB.bit, Kind.ALLERGY.bit, kinds(Kind.ALLERGY, Kind.VISIT), EVERY_KIND]


@pytest.fixture
async def stocked(db: Database) -> Database:
    """Results, visits and allergies of two persons from two institutions, some at one moment."""
    held = [
        (person, where, kind)
        for person in (HANAKO, TARO)
        for where in (SAKURA, MIDORI)
        for kind in (Kind.LAB, Kind.VISIT, Kind.ALLERGY, Kind.LAB)
    ]
    await store(
        db,
        *(
            draft(f"o{place}", person=person, custodian=where, kind=kind, at=NOW - timedelta(days=place % 7))
            for place, (person, where, kind) in enumerate(held)
        ),
    )
    return db


async def _both(
    db: Database, window: Window, persons: list[int], always: int, wanted: int, since: datetime,
    before: datetime, limit: int,
) -> tuple[list[Row], list[Row]]:  # fmt: skip
    """The record by either way, each under an action of its own; what both logged must be the same."""
    once, apart = f"once-{secrets.token_hex(8)}", f"apart-{secrets.token_hex(8)}"
    first = await read_record(
        db, window, note(once), persons, always=always, wanted=wanted, since=since, before=before, limit=limit,
        at=NOW,
    )  # fmt: skip
    async with reading(db, window, note(apart), at=NOW) as look:
        second = await look.rows(persons, kinds=always)
        second += await look.rows(persons, kinds=wanted, since=since, before=before, limit=limit)
    by_person = [sorted(await logged_by(db, action), key=lambda one: one[0]) for action in (once, apart)]
    assert by_person[0] == by_person[1] != []
    return first, second


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(sorted(WINDOWS)),
    persons=st.sampled_from([[HANAKO], [TARO, HANAKO], []]),
    always=st.sampled_from(KINDS),
    kinds=st.sampled_from(KINDS),
    since=st.sampled_from(MOMENTS),
    before=st.sampled_from(MOMENTS),
    limit=st.integers(1, 12),
)
async def test_it_answers_and_logs_what_two_looks_do(
    stocked: Database, name: str, persons: list[int], always: int, kinds: int, since: datetime,
    before: datetime, limit: int,
) -> None:  # fmt: skip
    once, apart = await _both(stocked, WINDOWS[name], persons, always, kinds & ~always, since, before, limit)
    assert once == apart


async def test_an_entry_names_only_so_many_items_and_counts_the_rest(db: Database) -> None:
    await store(db, *(draft(f"o{number}") for number in range(ITEMS_NAMED + 5)))
    once, _ = await _both(db, EVERYTHING, [HANAKO], 0, EVERY_KIND, EVER, NEVER, 1_000)
    assert len(once) == ITEMS_NAMED + 5


async def _all_of(db: Database, window: Window, action: str, *persons: int) -> list[Row]:
    return await read_record(
        db, window, note(action), persons, always=Kind.ALLERGY.bit, wanted=EVERY_KIND & ~Kind.ALLERGY.bit,
        since=EVER, before=NEVER, limit=100, at=NOW,
    )  # fmt: skip


async def test_a_window_that_cannot_be_read_shows_nothing_and_logs_nothing(
    stocked: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kakehashi.store.read_record.window_sql.setting", lambda _: "no window at all")
    with pytest.raises(asyncpg.PostgresError):
        await _all_of(stocked, EVERYTHING, "broken", HANAKO)
    assert await logged_by(stocked, "broken") == []


async def test_the_setting_hides_what_the_statement_itself_would_find(
    stocked: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row-level security holds although the statement's own filter lets everything through."""
    monkeypatch.setattr("kakehashi.store.read_record.window_sql.predicate", lambda *_: lambda alias: "true")
    found = await _all_of(stocked, of_person(TARO), "view", HANAKO, TARO)
    assert {row.person for row in found} == {TARO}
