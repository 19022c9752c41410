"""Retention: never early, never what is held or marked for long keeping; a removal leaves its record."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from storing import EVERYTHING, HANAKO, TARO, draft, note, store

from kakehashi.core.errors import NotFound
from kakehashi.core.kinds import EVERY_KIND, Flag, Kind
from kakehashi.store import feed, legal_holds, reach, retention_job
from kakehashi.store.database import Database
from kakehashi.store.read import read_one
from kakehashi.store.retention import CLASSES, free_from, newest_free

STORED = datetime(2024, 2, 28, 15, 30, tzinfo=UTC)  # 29 February, half past midnight, in Japan
LAST_KEPT = datetime(2029, 2, 28, 14, 59, 59, tzinfo=UTC)  # 28 February 2029, 23:59:59 in Japan
FIRST_FREE = datetime(2029, 2, 28, 15, 0, tzinfo=UTC)  # 1 March 2029, 0:00 in Japan

days = st.dates(date(1990, 1, 1), date(2080, 12, 31))


def test_every_kind_is_in_exactly_one_class() -> None:
    for kind in Kind:
        assert len([one for one in CLASSES if one.kinds & kind.bit]) == 1, kind


@given(days, st.integers(1, 20))
@example(date(2024, 2, 28), 5)
@example(date(2024, 2, 29), 5)
@example(date(2023, 2, 28), 5)
@example(date(2023, 12, 31), 1)
def test_a_record_is_kept_for_whole_years_after_its_day_and_not_a_day_less(start: date, years: int) -> None:
    free = free_from(start, years)
    same_day = date(start.year + years, start.month, min(start.day, 28))
    assert same_day < free <= same_day + timedelta(days=4)
    assert (free.month, free.day) == ((start + timedelta(days=1)).month, (start + timedelta(days=1)).day) or (
        free.month,
        free.day,
        start.month,
    ) == (3, 1, 2)


@given(days, days, st.integers(1, 20))
def test_what_is_free_today_started_no_later_than_the_newest_free_day(
    start: date, today: date, years: int
) -> None:
    assert (free_from(start, years) <= today) == (start <= newest_free(today, years))


async def exists(db: Database, name: str) -> bool:
    try:
        await read_one(db, EVERYTHING, note("read"), "Observation", name, at=STORED)
    except NotFound:
        return False
    return True


async def test_a_result_goes_after_five_years_with_its_history_and_not_a_second_early(db: Database) -> None:
    await store(db, draft("a"), at=STORED)
    await store(db, draft("a"), at=STORED)
    await retention_job.run(db, note("retention"), at=LAST_KEPT)
    assert await exists(db, "a")
    done = await retention_job.run(db, note("retention"), at=FIRST_FREE)
    assert done.rows["lab"] == 1
    assert not await exists(db, "a")
    async with db.transaction() as tx:
        removal = await tx.fetchrow("SELECT * FROM removal")
        assert (removal["person"], removal["versions"], removal["class"]) == (HANAKO, 2, "lab")
        assert (removal["started_on"], removal["due_on"]) == (date(2024, 2, 29), date(2029, 3, 1))
        assert [entry.change for entry in await feed.after(tx, feed.START)] == [1, 1, feed.Change.REMOVED]
        await reach.open_on(tx, reach.WHOLE_LOG)
        entries = [row["entry"] for row in await tx.fetch("SELECT entry FROM log WHERE person = $1", HANAKO)]
        assert b'"Observation/a"' in entries[-1]


@pytest.mark.parametrize(
    "facts",
    [
        {"flags": Flag.LTS, "kind": Kind.CONDITION},
        {"kind": Kind.PATIENT},
        {"kind": Kind.NOTE, "at": LAST_KEPT},
    ],
    ids=["long keeping", "no period", "clinical time later"],
)
async def test_what_is_to_stay_stays(db: Database, facts: dict[str, object]) -> None:
    await store(db, draft("a", **facts), at=STORED)
    await retention_job.run(db, note("retention"), at=FIRST_FREE)
    assert await exists(db, "a")


async def test_a_legal_hold_keeps_one_persons_records_until_it_is_lifted(db: Database) -> None:
    await store(db, draft("a"), draft("b", person=TARO), at=STORED)
    async with db.transaction() as tx:
        held = await legal_holds.place(tx, HANAKO, kinds=EVERY_KIND, reason="訴訟", by="audit-1", at=STORED)
    await retention_job.run(db, note("retention"), at=FIRST_FREE)
    assert (await exists(db, "a"), await exists(db, "b")) == (True, False)
    async with db.transaction() as tx:
        await legal_holds.lift(tx, [HANAKO], held, reason="和解", by="audit-1", at=FIRST_FREE)
    await retention_job.run(db, note("retention"), at=FIRST_FREE)
    assert not await exists(db, "a")


async def test_a_hold_covers_whoever_is_merged_with_the_person(db: Database) -> None:
    await store(db, draft("a"), draft("b", person=TARO), at=STORED)
    async with db.transaction() as tx:
        for person in (HANAKO, TARO):  # two keys of one human
            await tx.execute(
                "INSERT INTO person (person, root, made_at, made_by) VALUES ($1, $1, $2, 't')"
                " ON CONFLICT DO NOTHING", person, STORED,
            )  # fmt: skip
        await tx.execute("UPDATE person SET root = $1 WHERE person = $2", TARO, HANAKO)
        await legal_holds.place(tx, TARO, kinds=EVERY_KIND, reason="訴訟", by="audit-1", at=STORED)
    await retention_job.run(db, note("retention"), at=FIRST_FREE)
    assert await exists(db, "a") and await exists(db, "b")


async def test_a_run_over_many_rows_misses_none(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention_job, "_BATCH", 7)
    await store(
        db,
        *(draft(str(n), person=n % 5, kind=Kind.LAB if n % 2 else Kind.PATIENT) for n in range(60)),
        at=STORED,
    )
    assert (await retention_job.run(db, note("retention"), at=FIRST_FREE)).rows["lab"] == 30


async def test_of_two_runs_at_once_one_does_nothing_and_the_next_has_its_turn(db: Database) -> None:
    await store(db, *(draft(str(number)) for number in range(5)), at=STORED)
    async with db.connection() as other:
        await other.execute("SELECT pg_advisory_lock(7262022)")  # a run on another server
        second = await retention_job.run(db, note("retention"), at=FIRST_FREE)
        assert (second.ran, second.rows["lab"]) == (False, 0)
        await other.execute("SELECT pg_advisory_unlock(7262022)")
    assert (await retention_job.run(db, note("retention"), at=FIRST_FREE)).rows["lab"] == 5
    both = await asyncio.gather(*(retention_job.run(db, note("retention"), at=FIRST_FREE) for _ in range(2)))
    assert any(one.ran for one in both)


async def test_a_run_that_fails_gives_its_lock_back(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError

    await store(db, draft("a"), at=STORED)
    with monkeypatch.context() as change:
        change.setattr(retention_job, "_remove", broken)
        with pytest.raises(RuntimeError):
            await retention_job.run(db, note("retention"), at=FIRST_FREE)
    assert (await retention_job.run(db, note("retention"), at=FIRST_FREE)).rows["lab"] == 1
