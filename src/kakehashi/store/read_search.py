"""Searches over an open connection: a page, its total, and what is included. Every statement takes the window."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from kakehashi.core.window import Window
from kakehashi.fhir.parse import parse
from kakehashi.search.include import pointed_at
from kakehashi.search.plan import Cursor, Query
from kakehashi.store import search_sql, window_sql
from kakehashi.store.database import Connection
from kakehashi.store.rows import Row
from kakehashi.store.window_sql import Arguments
from kakehashi.store.write_rows import row_of

INCLUDED_MOST = 1000  # rows that one _revinclude brings at most
_WIDTH = 13  # columns of search_sql.ROW


@dataclass(slots=True)
class Found:
    """A page: its rows, where the next one begins (None: last), the total if it was asked for, what is included."""

    rows: list[Row]
    next: Cursor | None = None
    total: int | None = None
    included: list[Row] = field(default_factory=list)


async def search(
    connection: Connection, window: Window, query: Query, *, persons: Iterable[int] | None = None
) -> Found:
    """Return one page of a search. `persons`: person keys that the search is known to be about, to find it faster."""
    of_persons = None if persons is None else sorted(persons)
    found = Found([])
    if query.count and query.summary != "count":
        arguments = Arguments()
        seen = window_sql.predicate(window, arguments)
        text, values = search_sql.compile_search(query, seen, arguments, persons=of_persons)
        records = await connection.fetch(text, *values)
        found.next = search_sql.next_cursor(query, [tuple(record) for record in records])
        found.rows = [row_of(record[:_WIDTH]) for record in records[: query.count]]
    if query.total != "none" or query.summary == "count":
        arguments = Arguments()
        seen = window_sql.predicate(window, arguments)
        text, values = search_sql.compile_count(query, seen, arguments, persons=of_persons)
        found.total = int(await connection.fetchval(text, *values))
    found.included = await _included(connection, window, query, found.rows)
    return found


async def _included(connection: Connection, window: Window, query: Query, page: list[Row]) -> list[Row]:
    """Return what `_include` and `_revinclude` bring to a page, each row once and none of the page itself."""
    brought: list[Row] = []
    if wanted := {key for row in page for key in pointed_at(query.include, parse(row.body))} if query.include else set():
        arguments = Arguments()
        text, values = search_sql.compile_rows(wanted, window_sql.predicate(window, arguments), arguments)
        brought += [row_of(record[:_WIDTH]) for record in await connection.fetch(text, *values)]
    for include in query.revinclude if page else ():
        arguments = Arguments()
        text, values = search_sql.compile_revinclude(
            include, [row.rid for row in page], window_sql.predicate(window, arguments), arguments, limit=INCLUDED_MOST
        )
        brought += [row_of(record[:_WIDTH]) for record in await connection.fetch(text, *values)]
    on_page = {row.rid for row in page}
    return list({row.rid: row for row in brought if row.rid not in on_page}.values())
