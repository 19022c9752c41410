"""Searches over an open connection: a page, its total, and what is included. Every statement takes the window."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from kakehashi.core.errors import TooCostly
from kakehashi.core.hashing import row_key
from kakehashi.core.window import Window
from kakehashi.fhir.parse import parse
from kakehashi.fhir.types import NUMBER
from kakehashi.search.include import pointed_at
from kakehashi.search.plan import Cursor, Include, Query
from kakehashi.store import search_sql, window_sql
from kakehashi.store.database import Connection
from kakehashi.store.rows import Row
from kakehashi.store.search_hints import Hints
from kakehashi.store.window_sql import Arguments
from kakehashi.store.write_rows import row_of

INCLUDED_MOST = 1000  # rows that the includes of one page bring at most
TURNS = 5  # times that `:iterate` goes on from what was brought
WIDTH = 13  # columns of search_sql.ROW


@dataclass(slots=True)
class Found:
    """A page: its rows, where the next one begins (None: last), the total if it was asked for, what is included."""

    rows: list[Row]
    next: Cursor | None = None
    total: int | None = None
    included: list[Row] = field(default_factory=list)


async def search(
    connection: Connection,
    window: Window,
    query: Query,
    *,
    persons: Iterable[int] | None = None,
    included: Callable[[str], bool] | None = None,
    common: Collection[int] = frozenset(),
) -> Found:
    """Return one page of a search. `persons`: person keys that the search is known to be about, to find it faster;
    `common`: tokens that many rows have, likewise.

    `included`: says which resource types may be included. Raises TooCostly when too much would be.
    """
    of_persons = None if persons is None else sorted(persons)
    hints = Hints(window, common)
    found = Found([])
    if query.count and query.summary != "count":
        arguments = Arguments()
        seen = window_sql.predicate(window, arguments)
        text, values = search_sql.compile_search(query, seen, arguments, persons=of_persons, hints=hints)
        records = await connection.fetch(text, *values)
        found.next = search_sql.next_cursor(query, [tuple(record) for record in records])
        found.rows = [row_of(record[:WIDTH]) for record in records[: query.count]]
    if query.total != "none" or query.summary == "count":
        arguments = Arguments()
        seen = window_sql.predicate(window, arguments)
        text, values = search_sql.compile_count(query, seen, arguments, persons=of_persons, hints=hints)
        found.total = int(await connection.fetchval(text, *values))
    if query.include or query.revinclude:
        found.included = await _included(connection, window, query, found.rows, included)
    return found


async def _included(
    connection: Connection,
    window: Window,
    query: Query,
    page: list[Row],
    may: Callable[[str], bool] | None,
) -> list[Row]:
    """What is included is shown, not searched for: the window is narrowed otherwise, in both walls, meanwhile."""
    shown = window.reading()
    if shown == window:
        return await _Inclusion(connection, window, query, may).of(page)
    await window_sql.open_next(connection, shown, after=window)
    brought = await _Inclusion(connection, shown, query, may).of(page)
    await window_sql.open_next(connection, window, after=shown)
    return brought


class _Inclusion:
    """What `_include` and `_revinclude` bring to a page; with `:iterate`, also to what was brought."""

    def __init__(
        self, connection: Connection, window: Window, query: Query, may: Callable[[str], bool] | None
    ) -> None:
        self.connection, self.window, self.query = connection, window, query
        self.may = may or (lambda _: True)

    async def of(self, page: list[Row]) -> list[Row]:
        """Return what is brought, each row once and none of the page itself."""
        known = {row.rid: row for row in page}
        fresh = page
        for turn in range(TURNS):
            includes, reverse = self._asked(turn)
            if not fresh or not (includes or reverse):
                break
            brought = [*await self._pointed_at(includes, fresh, known), *await self._pointing(reverse, fresh)]
            fresh = list({row.rid: row for row in brought if row.rid not in known}.values())
            known |= {row.rid: row for row in fresh}
            if len(known) - len(page) > INCLUDED_MOST:
                raise _too_much()
        return list(known.values())[len(page) :]

    def _asked(self, turn: int) -> tuple[list[Include], list[Include]]:
        """The first turn follows all, later ones those that iterate."""
        asked = (self.query.include, self.query.revinclude)
        includes, reverse = ([one for one in some if one.iterate or not turn] for some in asked)
        return includes, reverse

    async def _pointed_at(
        self, includes: list[Include], rows: list[Row], known: Mapping[int, Row]
    ) -> list[Row]:
        if not includes:
            return []
        keys = {key for row in rows for key in pointed_at(includes, parse(row.body)) if self.may(key[0])}
        wanted = {key for key in keys if row_key(*key) not in known}
        if not wanted:
            return []
        arguments = Arguments()
        return await self._rows(
            search_sql.compile_rows(wanted, window_sql.predicate(self.window, arguments), arguments)
        )

    async def _pointing(self, reverse: list[Include], rows: list[Row]) -> list[Row]:
        brought: list[Row] = []
        for include in reverse:
            arguments = Arguments()
            seen = window_sql.predicate(self.window, arguments)
            page = [(row.type, row.rid) for row in rows if include.target in (None, row.type)]
            types = [one for one in (NUMBER if include.type == "*" else (include.type,)) if self.may(one)]
            if page and types:
                brought += await self._rows(
                    search_sql.compile_revinclude(
                        include, types, page, seen, arguments, limit=INCLUDED_MOST + 1
                    )
                )
        return brought

    async def _rows(self, statement: search_sql.Statement) -> list[Row]:
        text, values = statement
        return [row_of(record[:WIDTH]) for record in await self.connection.fetch(text, *values)]


def _too_much() -> TooCostly:
    return TooCostly(
        f"_include と _revinclude が {INCLUDED_MOST} 件を超えます。_count を小さくするか、条件を絞ってください。",
        f"_include and _revinclude would bring more than {INCLUDED_MOST} resources; lower _count or narrow the search.",
        rule="search.included",
        place="_include",
    )
