"""A search that one statement answers: its window, its page and its log entries in one round trip and one commit.

What it answers and what it logs are those of `read.reading` (a test holds the two equal); only totals, inclusions and
whatever else needs several statements of one moment are asked there.
"""

from collections.abc import Iterable
from datetime import datetime

from kakehashi.core.ids import new_id
from kakehashi.core.logentry import ITEMS_NAMED, Note, entries
from kakehashi.core.window import Window
from kakehashi.search.plan import Query
from kakehashi.store import search_sql, window_sql
from kakehashi.store.database import Database
from kakehashi.store.read_search import WIDTH, Found
from kakehashi.store.search_hints import Hints
from kakehashi.store.sql import statements
from kakehashi.store.window_sql import Arguments
from kakehashi.store.write_rows import row_of

_PAGE = statements("read")["read_page"]
_TAIL = b'"count":0,"items":[]}'  # the end of an entry that names nothing


def answers(query: Query) -> bool:
    """Say whether one statement answers the query: a page, without a total and without inclusions."""
    return bool(query.count) and query.total == "none" and query.summary != "count" and not (
        query.include or query.revinclude
    )  # fmt: skip


async def search_once(
    db: Database,
    window: Window,
    note: Note,
    query: Query,
    *,
    at: datetime,
    persons: Iterable[int] | None = None,
) -> Found:
    """Return one page of a query that `answers`, through a window that is not narrowed; it is logged by then. Raises
    Unavailable.

    `persons`: person keys that the search is known to be about, to find it faster.
    """
    arguments = Arguments()
    seen = window_sql.predicate(window, arguments)
    page, _ = search_sql.compile_search(
        query,
        seen,
        arguments,
        persons=None if persons is None else sorted(persons),
        hints=Hints(window, db.common),
    )
    [(_, nothing)] = entries(note, (), act=new_id(), at=at)
    text = _PAGE.format(
        page=page,
        panes=arguments.add(window_sql.setting(window), "text"),
        type=arguments.add(query.type, "text"),
        count=arguments.add(query.count, "bigint"),
        named=arguments.add(ITEMS_NAMED, "bigint"),
        at=arguments.add(at, "timestamptz"),
        head=arguments.add(nothing[: -len(_TAIL)], "bytea"),
        nothing=arguments.add(nothing, "bytea"),
    )
    async with db.connection() as connection:
        records = [tuple(record)[1:] for record in await connection.fetch(text, *arguments.values)]
    rows = [row_of(record[:WIDTH]) for record in records[: query.count]]
    return Found(rows, search_sql.next_cursor(query, records))
