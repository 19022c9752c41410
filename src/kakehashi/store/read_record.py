"""A person's record by one statement: its window, its rows and its log entries in one round trip and one commit.

What it answers and what it logs are those of `read.reading` (a test holds the two equal).
"""

from collections.abc import Collection
from datetime import datetime

from kakehashi.core.ids import new_id
from kakehashi.core.logentry import ITEMS_NAMED, Note, entries
from kakehashi.core.window import Window
from kakehashi.fhir.types import NUMBER
from kakehashi.store import window_sql
from kakehashi.store.database import Database
from kakehashi.store.read import MANY
from kakehashi.store.rows import Row
from kakehashi.store.sql import statements
from kakehashi.store.window_sql import Arguments
from kakehashi.store.write_rows import row_of

_RECORD = statements("read_record")["read_record"]
_NAMES = (
    "'{" + ",".join(NUMBER) + "}'::text[]"
)  # the names of the types, in the order of their numbers, from 1


async def read_record(
    db: Database,
    window: Window,
    note: Note,
    persons: Collection[int],
    *,
    always: int,
    wanted: int,
    since: datetime,
    before: datetime,
    limit: int,
    at: datetime,
) -> list[Row]:
    """Return the current rows of these persons; they are logged by then. Raises Unavailable.

    `always`, `wanted`: bit sets of Kind, apart from each other. First come all rows of `always`, then those of `wanted`
    from `since` and before `before`, `limit` at most; each newest first by clinical time.
    """
    arguments = Arguments()
    seen = window_sql.predicate(window, arguments)
    [(_, nothing)] = entries(note, (), act=new_id(), at=at)
    text = _RECORD.format(
        panes=arguments.add(window_sql.setting(window), "text"),
        persons=arguments.add(list(persons), "bigint[]"),
        always=arguments.add(_members(always), "smallint[]"),
        wanted=arguments.add(_members(wanted), "smallint[]"),
        seen=seen("r"),
        since=arguments.add(since, "timestamptz"),
        before=arguments.add(before, "timestamptz"),
        most=arguments.add(MANY, "bigint"),
        limit=arguments.add(limit, "bigint"),
        names=_NAMES,
        named=arguments.add(ITEMS_NAMED, "bigint"),
        at=arguments.add(at, "timestamptz"),
        head=arguments.add(nothing[: nothing.rindex(b'"count":')], "bytea"),
        nothing=arguments.add(nothing, "bytea"),
    )
    async with db.connection() as connection:
        return [row_of(record) for record in await connection.fetch(text, *arguments.values)]


def _members(kinds: int) -> list[int]:
    return [kind for kind in range(63) if kinds >> kind & 1]
