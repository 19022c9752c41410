"""The window's two walls: the application's filter and row-level security each say exactly what Window.sees says."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storing import EVERYTHING, HANAKO, NOW, draft, note, store

from databases import as_owner
from kakehashi.core.kinds import EVERY_KIND
from kakehashi.core.narrowing import Filters, Mark, Narrowing, Span
from kakehashi.core.window import NOTHING, Pane, Window
from kakehashi.fhir.index import Index
from kakehashi.fhir.types import NUMBER
from kakehashi.store import window_sql
from kakehashi.store.database import Connection, Database
from kakehashi.store.read import reading

DAY = datetime(2026, 1, 1, tzinfo=UTC)
PERSONS, INSTITUTIONS, KINDS, FLAGS = [0, 1, 2, 2**62], [0, 1, 2, 3], [0, 1, 6, 22], [0, 1, 2, 8, 18]
NUMBERS = st.sampled_from([float("-inf"), 0.0, 1.0, 2.0, float("inf")])
MOMENTS = [DAY + timedelta(microseconds=step) for step in (-1, 0, 1)]


@dataclass(frozen=True)
class Facts:
    """A row as a window sees it."""

    person: int
    kind: int
    custodian: int
    addressee: int
    flags: int
    at: datetime
    type: str = "Patient"
    tokens: tuple[int, ...] = ()
    ranges: tuple[float, ...] = ()

    def entries(self) -> Index:
        return Index(list(self.tokens), list(self.ranges))


def some(values: list[int]) -> st.SearchStrategy[frozenset[int]]:
    return st.frozensets(st.sampled_from([*values, 77]), max_size=3)


rows = st.builds(
    Facts,
    st.sampled_from(PERSONS),
    st.sampled_from(KINDS),
    st.sampled_from(INSTITUTIONS),
    st.sampled_from(INSTITUTIONS),
    st.sampled_from(FLAGS),
    st.sampled_from(MOMENTS),
    st.sampled_from(["Patient", "Observation", "Condition"]),
    st.lists(st.integers(1, 5), max_size=5).map(tuple),
    st.lists(st.tuples(st.sampled_from([7.0, -9.0]), NUMBERS, NUMBERS), max_size=3).map(
        lambda triples: (3.0, *(number for triple in triples for number in triple))
    ),
)
kind_sets = st.one_of(
    st.just(EVERY_KIND),
    st.just(0),
    st.frozensets(st.sampled_from(KINDS)).map(lambda s: sum(1 << kind for kind in s)),
)
panes = st.builds(
    Pane,
    kinds=kind_sets,
    persons=st.none() | some(PERSONS),
    custodians=st.none() | some(INSTITUTIONS),
    not_custodians=some(INSTITUTIONS),
    addressees=st.none() | some(INSTITUTIONS),
    hidden=st.sampled_from([0, 2, 24]),
    since=st.none() | st.sampled_from(MOMENTS),
)
spans = st.builds(Span, st.sampled_from([7.0, -9.0]), NUMBERS, NUMBERS, NUMBERS, NUMBERS)
marks = st.builds(
    Mark,
    st.lists(st.integers(1, 6), max_size=2, unique=True).map(tuple),
    st.none() | st.tuples(st.integers(1, 6), st.integers(1, 6)),
    st.none() | spans,
)
parts = st.lists(marks, max_size=3).map(tuple)  # a part without marks never holds
filters = st.dictionaries(
    st.sampled_from(["Patient", "Observation"]),
    st.lists(st.lists(parts, max_size=3).map(tuple), max_size=3).map(tuple),
    max_size=2,
).map(Filters)
narrowings = st.none() | st.builds(Narrowing, filters, filters, filters)
windows = st.builds(
    lambda some, narrowing: Window(tuple(some), "test", narrowing=narrowing),
    st.lists(panes, max_size=4),
    narrowings,
)


@pytest.fixture
async def table(db: Database) -> AsyncIterator[Connection]:
    """A transaction in which rows are put as the application's role and rolled back at the end."""
    async with db.connection() as connection:
        yield connection


async def put(connection: Connection, facts: list[Facts]) -> None:
    await connection.executemany(
        """INSERT INTO resource VALUES ($1, $2, 0, $3, $3, 1, $4, $5, $8, $6, $7, 'x', $9, $10, '{}', '')""",
        [
            (
                f.person,
                number,
                f.at,
                f.custodian,
                f.addressee,
                f.kind,
                f.flags,
                NUMBER[f.type],
                f.tokens,
                f.ranges,
            )
            for number, f in enumerate(facts)
        ],
    )
    await connection.execute(
        """INSERT INTO resource_version
           SELECT person, rid, origin, at, changed_at, 1, custodian, addressee, type, kind, flags, 0, id, body,
                  nullif(tokens, '{}'), nullif(ranges, '{}') FROM resource"""
    )


async def seen_by_application(connection: Connection, window: Window, table: str) -> set[int]:
    """What the application's filter lets through when row-level security lets through everything."""
    await window_sql.open_on(connection, window_sql.system_window("test"))
    arguments = window_sql.Arguments()
    seen = window_sql.predicate(window, arguments)("r")
    return {
        row["rid"]
        for row in await connection.fetch(f"SELECT rid FROM {table} r WHERE {seen}", *arguments.values)
    }


async def seen_by_row_level_security(connection: Connection, window: Window, table: str) -> set[int]:
    """What row-level security lets through when the application forgets its filter."""
    await window_sql.open_on(connection, window)
    return {row["rid"] for row in await connection.fetch(f"SELECT rid FROM {table}")}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=st.lists(rows, max_size=12), window=windows)
async def test_predicate_filter_and_row_level_security_see_the_same_rows(
    table: Connection, facts: list[Facts], window: Window
) -> None:
    transaction = table.transaction()
    await transaction.start()
    try:
        await window_sql.open_on(table, window_sql.system_window("test"))
        await put(table, facts)
        expected = {number for number, one in enumerate(facts) if window.sees(one)}
        for rows in ("resource", "resource_version"):
            assert await seen_by_application(table, window, rows) == expected
            assert await seen_by_row_level_security(table, window, rows) == expected
    finally:
        await transaction.rollback()


@pytest.mark.parametrize("table_name", ["resource", "resource_version"])
async def test_the_views_of_narrowed_windows_have_all_columns_of_their_tables(
    db: Database, table_name: str
) -> None:
    """They are made anew after migrations: what is added to a table later is there too."""
    async with db.transaction() as tx:
        await window_sql.open_on(tx, EVERYTHING)
        plain, view = [
            [
                (one.name, one.type.name)
                for one in (await tx.prepare(f"SELECT * FROM {name}")).get_attributes()
            ]
            for name in (f"public.{table_name}", f"narrowed.{table_name}")
        ]
    assert view == plain


NARROWED = replace(
    EVERYTHING, narrowing=Narrowing(now=Filters({"Observation": ((((Mark(tokens=(1,)),)),),)}))
)


async def test_a_narrowed_window_opens_nothing_where_the_tables_are_meant(db: Database) -> None:
    """Forgotten, the path of its views costs an error, never the narrowing."""
    await store(db, draft("a"))
    async with db.transaction() as tx:
        await tx.execute("SELECT set_config('kakehashi.window', $1, true)", window_sql.setting(NARROWED))
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no window is open"):
            await tx.fetch("SELECT FROM resource")


async def test_after_a_narrowed_window_another_one_means_the_tables_again(db: Database) -> None:
    await store(db, draft("a"))
    async with db.transaction() as tx:
        await window_sql.open_on(tx, NARROWED)
        assert await tx.fetchval("SHOW search_path") == "narrowed, public, pg_temp"
        assert await tx.fetch("SELECT FROM resource") == []
        await window_sql.open_next(tx, EVERYTHING, after=NARROWED)
        assert await tx.fetchval("SHOW search_path") == "public, pg_temp"
        assert len(await tx.fetch("SELECT FROM resource")) == 1
    async with db.connection() as connection:
        assert await connection.fetchval("SHOW search_path") == "public, pg_temp"


@pytest.mark.parametrize("table_name", ["resource", "resource_version"])
async def test_without_a_window_reading_is_an_error_and_never_all_rows(db: Database, table_name: str) -> None:
    await store(db, draft("a"))
    await store(db, draft("a"))
    async with db.connection() as connection:
        for verb in ("SELECT * FROM {}", "DELETE FROM {}", "UPDATE {} SET flags = 0"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no window is open"):
                await connection.fetch(verb.format(table_name))


async def test_a_window_never_outlives_its_transaction(db: Database) -> None:
    """The pool hands a connection on as it is, so what one transaction opened must be shut when it ends."""
    await store(db, draft("a"))
    for ending in ("commit", "rollback"):
        async with db.connection() as connection:
            transaction = connection.transaction()
            await transaction.start()
            await window_sql.open_on(connection, EVERYTHING)
            assert len(await connection.fetch("SELECT FROM resource")) == 1
            await getattr(transaction, ending)()
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch("SELECT FROM resource")


async def test_an_error_in_the_middle_shuts_the_window_too(db: Database) -> None:
    await store(db, draft("a"))
    with pytest.raises(asyncpg.DivisionByZeroError):
        async with reading(db, EVERYTHING, note("read"), at=NOW) as look:
            await look.connection.fetch("SELECT 1 / 0")
    async with db.connection() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT FROM resource")


async def test_the_window_on_nothing_sees_nothing(db: Database) -> None:
    await store(db, draft("a"))
    async with reading(db, NOTHING, note("search"), at=NOW) as look:
        assert await look.rows([HANAKO], kinds=EVERY_KIND) == []
        assert (await look.changes()).rows == []


async def test_the_application_can_neither_change_nor_remove_log_and_feed(db: Database) -> None:
    await store(db, draft("a"))
    async with db.connection() as connection:
        for table_name in ("log", "feed", "removal"):
            for verb in ("DELETE FROM {}", "UPDATE {} SET person = 0", "TRUNCATE {}"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(verb.format(table_name))


async def test_a_token_search_over_many_persons_uses_its_index_under_row_level_security(db: Database) -> None:
    """Only leakproof operators may: migration 0004 marks the one of tokens."""
    index = [Index([number]) for number in range(3000)]
    await store(db, *(draft(str(number), person=number, index=one) for number, one in enumerate(index)))
    owner = await asyncpg.connect(as_owner(db.url))
    await owner.execute("ANALYZE resource")
    await owner.close()
    async with db.transaction() as tx:
        await window_sql.open_on(tx, EVERYTHING)
        plan = await tx.fetch("EXPLAIN SELECT rid FROM resource WHERE tokens @> ARRAY[77]::bigint[]")
        assert "resource_tokens" in "".join(row[0] for row in plan)
        assert await tx.fetchval("SELECT count(*) FROM resource WHERE tokens @> ARRAY[77]::bigint[]") == 1
