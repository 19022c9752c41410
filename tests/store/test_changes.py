"""Histories of a type and of all: an institution's window meets its own entries, and misses none."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storing import DOCTOR, EVERYTHING, HANAKO, LATER, MIDORI, NOW, SAKURA, TARO, draft, note, store

from databases import as_owner
from kakehashi.core.kinds import EVERY_KIND, Kind
from kakehashi.core.narrowing import Filters, Mark, Narrowing
from kakehashi.core.window import NOTHING, Pane, Window
from kakehashi.engines.records.asked import own_window
from kakehashi.fhir.index import Index
from kakehashi.fhir.types import NUMBER
from kakehashi.store import read_changes, window_sql
from kakehashi.store.database import Connection, Database, migrate
from kakehashi.store.feed import END, Position
from kakehashi.store.read import Reading, reading
from kakehashi.store.read_changes import Stretch
from kakehashi.store.rows import Draft
from kakehashi.store.write import Writing, writing
from kakehashi.store.write_once import write_once

WAKABA = 3
SHARED = Pane(Kind.SHARED.bit, persons=frozenset({0}))
FOREVER = datetime.min.replace(tzinfo=NOW.tzinfo)
TYPES = {  # with kinds that their resources may have
    "Observation": (Kind.LAB, Kind.VITAL),
    "Bundle": (Kind.REFERRAL, Kind.SUBMISSION),
    "Practitioner": (Kind.SHARED,),
    "Device": (Kind.SHARED, Kind.OTHER),
}


def written_by(*institutions: int, kinds: int = EVERY_KIND & ~Kind.SHARED.bit, **more: object) -> Pane:
    """What some institutions wrote."""
    return Pane(kinds, custodians=frozenset(institutions), **more)  # type: ignore[arg-type]


def addressed_to(*institutions: int) -> Pane:
    """Referrals to some institutions."""
    return Pane(Kind.REFERRAL.bit, addressees=frozenset(institutions))


@dataclass(frozen=True)
class Step:
    """Something that happens: a resource is stored, deleted, or its document addressed to somebody else."""

    what: str
    draft: Draft


@st.composite
def steps(choose: st.DrawFn) -> Step:
    kind_of = choose(st.sampled_from(sorted(TYPES)))
    kind = choose(st.sampled_from(TYPES[kind_of]))
    return Step(
        choose(st.sampled_from(["put", "put", "put", "delete", "address"])),
        draft(
            choose(st.sampled_from("ab")),
            resource_type=kind_of,
            person=0 if kind is Kind.SHARED else choose(st.sampled_from([HANAKO, TARO])),
            kind=kind,
            custodian=choose(st.sampled_from([SAKURA, MIDORI, WAKABA])),
            addressee=choose(st.sampled_from([0, 0, SAKURA, MIDORI])) if kind_of == "Bundle" else 0,
            flags=choose(st.sampled_from([0, 0, 8])),
            at=NOW + timedelta(days=choose(st.integers(0, 2))),
            index=Index([choose(st.integers(1, 2))]),
        ),
    )


institutions = st.frozensets(st.sampled_from([SAKURA, MIDORI, WAKABA, 77]), min_size=1, max_size=2)
panes = st.one_of(
    st.just(SHARED),
    st.builds(
        Pane,
        st.sampled_from([EVERY_KIND, EVERY_KIND & ~Kind.SHARED.bit, Kind.LAB.bit]),
        custodians=institutions,
        not_custodians=st.sampled_from([frozenset[int](), frozenset({MIDORI})]),
        hidden=st.sampled_from([0, 8]),
        since=st.none() | st.just(NOW + timedelta(days=1)),
    ),
    st.builds(Pane, st.sampled_from([EVERY_KIND, Kind.REFERRAL.bit]), addressees=institutions),
    st.builds(Pane, st.just(Kind.LAB.bit), persons=st.just(frozenset({HANAKO}))),
)
MARKED = Filters({"Observation": (((Mark(tokens=(1,)),),),)})
narrowings = st.none() | st.just(Narrowing(now=MARKED))
windows = st.builds(
    lambda some, narrowing: Window(tuple(some), "test", narrowing=narrowing),
    st.lists(panes, max_size=3),
    narrowings,
)
moments = st.integers(-1, 8).map(lambda hours: NOW + timedelta(hours=hours))
stretches = st.builds(
    Stretch,
    st.sampled_from([None, *TYPES]),
    st.just(END),
    st.just(FOREVER) | moments,
    st.none() | st.tuples(moments, moments),
)


@pytest.fixture
async def table(db: Database) -> AsyncIterator[Connection]:
    async with db.connection() as connection:
        yield connection


async def happen(connection: Connection, history: list[Step]) -> None:
    for hour, step in enumerate(history):
        work, one = Writing(connection, NOW + timedelta(hours=hour), None), step.draft
        if step.what == "put":
            await work.put(one)
        elif step.what == "delete":
            await work.delete(one.type, one.id)
        else:
            await connection.execute(
                "SELECT mark_row($1, $2, 0, 0, 0, $3)", [one.person], one.rid, one.addressee
            )


Told = list[tuple[object, ...]]


def told(records: list[asyncpg.Record]) -> Told:
    return [tuple(record) for record in records]


async def by_pages(connection: Connection, window: Window, stretch: Stretch, count: int) -> Told:
    """What `newest` gives, so many at a time."""
    taken: Told = []
    while page := told(await read_changes.newest(connection, window, stretch, count)):
        taken += page
        if len(page) < count:
            break
        xid, seq, *_ = page[-1]
        assert isinstance(xid, int) and isinstance(seq, int)
        stretch = replace(stretch, before=Position(xid, seq))
    return taken


async def same_as_the_table(look: Reading, resource_type: str | None) -> None:
    """What lives is the same by the feed and by the table of what there is."""
    living = await look.living(resource_type, limit=1000)
    every = await (look.every_of(resource_type) if resource_type else look.every())
    assert sorted((row.rid, row.version) for row in living) == [
        (row.rid, row.version) for row in sorted(every, key=lambda row: row.rid)
    ]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    history=st.lists(steps(), max_size=9),
    looks=st.lists(st.tuples(windows, stretches), min_size=1, max_size=4),
    count=st.integers(1, 4),
)
async def test_both_ways_give_the_same_versions_whatever_happened_and_whoever_looks(
    table: Connection, history: list[Step], looks: list[tuple[Window, Stretch]], count: int
) -> None:
    transaction = table.transaction()
    await transaction.start()
    try:
        await window_sql.open_on(table, EVERYTHING)
        await happen(table, history)
        for window, stretch in looks:
            await window_sql.open_on(table, window)
            whole = told(await read_changes.walked(table, window, stretch, 1000))
            assert await by_pages(table, window, stretch, count) == whole
            await same_as_the_table(Reading(table, window), stretch.type)
            await window_sql.open_next(table, EVERYTHING, after=window)
    finally:
        await transaction.rollback()


OWN = Window((SHARED, written_by(SAKURA), addressed_to(SAKURA)), "test")


async def ids(db: Database, window: Window, resource_type: str | None = None) -> list[str]:
    async with reading(db, window, note("history"), at=LATER) as look:
        return [row.id for row in (await look.changes(resource_type)).rows]


async def test_an_institution_sees_what_it_wrote_what_is_sent_to_it_and_what_is_everybodys(
    db: Database,
) -> None:
    await store(
        db,
        draft("own"),
        draft("theirs", custodian=MIDORI),
        draft("letter", resource_type="Bundle", kind=Kind.REFERRAL, custodian=MIDORI, addressee=SAKURA),
        draft("elsewhere", resource_type="Bundle", kind=Kind.REFERRAL, custodian=MIDORI, addressee=WAKABA),
        draft("dr", resource_type="Practitioner", kind=Kind.SHARED, custodian=MIDORI, person=0),
    )
    assert sorted(await ids(db, OWN)) == ["dr", "letter", "own"]
    assert [await ids(db, OWN, kind) for kind in ("Observation", "Bundle", "Practitioner", "Library")] == [
        ["own"], ["letter"], ["dr"], [],
    ]  # fmt: skip
    assert await ids(db, NOTHING) == []


async def test_pages_are_filled_though_the_window_shows_little_of_what_was_written(db: Database) -> None:
    hidden = Window((written_by(SAKURA, hidden=8),), "test")
    await store(db, *(draft(str(number), flags=0 if number % 50 == 7 else 8) for number in range(250)))
    async with reading(db, hidden, note("history"), at=LATER) as look:
        first = await look.changes("Observation", limit=3)
        assert first.next is not None
        rest = await look.changes("Observation", limit=3, before=first.next)
    assert (len(first.rows), len(rest.rows), rest.next) == (3, 2, None)
    assert {int(row.id) for row in first.rows + rest.rows} == {7, 57, 107, 157, 207}


@pytest.mark.parametrize("resource_type", [None, "Observation", "Bundle", "Practitioner", "Device"])
def test_a_systems_own_window_needs_nobody_elses_entries(resource_type: str | None) -> None:
    assert read_changes.lanes(own_window(DOCTOR), resource_type) is not None


@pytest.mark.parametrize(
    "other",
    [Pane(Kind.LAB.bit), Pane(Kind.LAB.bit, persons=frozenset({HANAKO}))],
    ids=["to everybody's results", "to a person's results"],
)
def test_a_window_that_opens_otherwise_too_walks_where_it_does(other: Pane) -> None:
    window = Window((SHARED, written_by(SAKURA), other), "test")
    assert [read_changes.lanes(window, one) for one in (None, "Observation")] == [None, None]
    shared = read_changes.lanes(window, "Practitioner")
    assert shared is not None and shared.written == ((NUMBER["Practitioner"], read_changes.EVERYBODYS),)


async def test_a_document_is_in_its_receivers_history_as_long_as_it_is_addressed_to_them(
    db: Database,
) -> None:
    letter = draft("letter", resource_type="Bundle", kind=Kind.REFERRAL, custodian=MIDORI)
    to_sakura = Window((addressed_to(SAKURA),), "test")
    await store(db, letter)
    await store(db, letter)
    for addressee, seen in ((0, []), (SAKURA, ["letter", "letter"]), (WAKABA, []), (SAKURA, ["letter"] * 2)):
        async with writing(db, note("agree"), at=LATER) as work:
            await work.connection.execute(
                "SELECT mark_row($1, $2, 0, 0, 0, $3)", [HANAKO], letter.rid, addressee
            )
        assert await ids(db, to_sakura, "Bundle") == seen


async def test_a_document_that_comes_again_is_addressed_as_the_person_decided_whichever_way_it_is_written(
    db: Database,
) -> None:
    """The trigger that keeps decisions sees the entry too, of a row that is written alone and of one among others."""
    letter = draft("letter", resource_type="Bundle", kind=Kind.REFERRAL, custodian=MIDORI)
    await store(db, draft("hanako", resource_type="Patient", kind=Kind.PATIENT, custodian=MIDORI))
    owner = await asyncpg.connect(as_owner(db.url))
    await owner.execute(
        "INSERT INTO referral_grant VALUES ($1, 'Bundle/letter', $2, $3, $4, $5, $6, 'x', 'oral', $6, 'x')",
        HANAKO, letter.rid, Kind.REFERRAL, MIDORI, SAKURA, NOW,
    )  # fmt: skip
    await owner.close()
    assert await write_once(db, letter, note(), patient="hanako", at=NOW) is not None
    assert await ids(db, Window((addressed_to(SAKURA),), "test"), "Bundle") == ["letter"]
    await store(db, letter)
    assert await ids(db, Window((addressed_to(SAKURA),), "test"), "Bundle") == ["letter", "letter"]


async def test_entries_from_before_are_found_after_the_upgrade(db: Database) -> None:
    await store(
        db, draft("a"), draft("b"), draft("dr", resource_type="Practitioner", kind=Kind.SHARED, person=0)
    )
    await store(db, draft("a"), draft("c", custodian=MIDORI))
    async with writing(db, note("delete"), at=LATER) as work:
        await work.delete("Observation", "b")
    found = await ids(db, OWN)
    owner = await asyncpg.connect(as_owner(db.url))
    await owner.execute("ALTER TABLE feed DROP COLUMN custodian, DROP COLUMN addressee")
    await owner.execute("DROP FUNCTION write_new")
    await owner.execute("DELETE FROM migration WHERE name LIKE '0035%'")
    await owner.close()
    assert await migrate(as_owner(db.url)) == ["0035_feed_of_institutions.sql"]
    assert await ids(db, OWN) == found
    assert sorted(found) == ["a", "a", "b", "b", "dr"]


async def test_the_server_may_say_to_whom_an_entry_is_addressed_and_change_nothing_else_of_it(
    db: Database,
) -> None:
    await store(db, draft("a"))
    async with db.connection() as connection:
        await connection.execute("UPDATE feed SET addressee = 0")
        for column in ("person", "rid", "xid", "at", "version", "type", "change", "custodian"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"UPDATE feed SET {column} = {column}")
