"""The one way to read records: through a window, and logged in the same transaction.

Rows that the window does not see are not there: not as an error, not in a count. What was returned is logged on
leaving; only then may the caller show it.
"""

from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from kakehashi.core.errors import Failure, Gone, NotFound
from kakehashi.core.hashing import row_key
from kakehashi.core.ids import new_id
from kakehashi.core.logentry import Note, Seen, entries
from kakehashi.core.window import Window
from kakehashi.fhir.types import NUMBER
from kakehashi.search.plan import Query
from kakehashi.store import log_append, read_changes, read_search, window_sql
from kakehashi.store.database import Connection, Database
from kakehashi.store.feed import END, Position
from kakehashi.store.read_binary import Ask
from kakehashi.store.read_changes import Stretch
from kakehashi.store.read_search import Found
from kakehashi.store.rows import Row, item
from kakehashi.store.sql import statements
from kakehashi.store.window_sql import Arguments
from kakehashi.store.write_rows import row_of

_SQL = statements("read")
_LATEST = 2**31 - 1  # above every version
_EVER = datetime(1, 1, 1, tzinfo=UTC)
_NEVER = datetime(9999, 12, 31, tzinfo=UTC)
Period = tuple[datetime, datetime]  # from the one on, before the other
FIRST = (-1, -(2**63))  # before every (person, rid)
MANY = 10_000  # rows that one call gives at most, unless told otherwise


@dataclass(frozen=True, slots=True)
class Changes:
    """A page of history: versions, newest first, and where the next page begins (None: there is none)."""

    rows: list[Row]
    next: Position | None


async def read_one(
    db: Database,
    window: Window,
    note: Note,
    resource_type: str,
    resource_id: str,
    *,
    at: datetime,
    again: bool = False,
) -> Row:
    """Return one current row, read and logged in one round trip (shared with reads of the same moment).

    Through a narrowed window by a look of its own, so that each read is logged: `again` is not for it.
    `again`: the caller looks again through a wider window when there is nothing, so that a miss is not logged yet.
    Raises NotFound, Gone, Unavailable.
    """
    if window.narrowed:
        async with reading(db, window, note, at=at) as look:
            return await look.one(resource_type, resource_id)
    number, rid = NUMBER.get(resource_type, 0), row_key(resource_type, resource_id)
    act = new_id()
    [(_, found)] = entries(note, [Seen(0, item(resource_type, resource_id, 0))], act=act, at=at)
    nothing = None if again else entries(note, (), act=act, at=at)[0][1]
    head, tail = found[: -len(_TAIL)], found[-len(_TAIL) + 1 :]  # around the version, "0" here
    record = await db.reads.ask(
        Ask(window_sql.setting(window), number, rid, resource_id, at, head, tail, nothing)
    )
    if record is None:
        raise NotFound
    _, person, *rest = record
    return _living(Row(person, resource_type, resource_id, *rest))


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a person's record as `everything` orders it: Patient or not, time (µs before 1970), row key."""

    rank: int
    age: int
    rid: int

    @classmethod
    def of(cls, row: Row) -> "Mark":
        """Return the place of a row."""
        return cls(
            0 if row.type == "Patient" else 1, -((row.at - _EPOCH) // timedelta(microseconds=1)), row.rid
        )


@asynccontextmanager
async def reading(db: Database, window: Window, note: Note, *, at: datetime) -> AsyncIterator["Reading"]:
    """Yield a `Reading`: all its answers are of the same moment, and are logged when the block ends.

    A Failure raised inside (NotFound) is logged too, as a look that found nothing, and goes on to the caller. Show
    nothing before the block has ended. Raises Unavailable.
    """
    refused: Failure | None = None
    async with db.transaction(snapshot=True) as connection:
        await window_sql.open_on(connection, window)
        work = Reading(connection, window, db.common)
        try:
            yield work
        except Failure as failure:
            refused = failure
        await log_append.append(connection, note, () if refused else work.seen, at=at)
    if refused:
        raise refused


class Reading:
    """An open look through one window."""

    def __init__(self, connection: Connection, window: Window, common: Collection[int] = frozenset()) -> None:
        self.connection, self.window, self.common = connection, window, common
        self.seen: list[Seen] = []

    async def one(self, resource_type: str, resource_id: str) -> Row:
        """Return the current row. Raises NotFound, Gone."""
        found = await self._fetch("read_current", *_key(resource_type, resource_id))
        if not found:
            raise NotFound
        return _living(found[0])

    async def require(self, resource_type: str, resource_id: str) -> None:
        """Raise NotFound or Gone where `one` would; what is not shown is not logged as seen."""
        found = await self._records("read_current", *_key(resource_type, resource_id))
        if not found:
            raise NotFound
        _living(row_of(found[0]))

    async def version(self, resource_type: str, resource_id: str, version: int) -> Row:
        """Return one version, if the window sees it and the current one too. Raises NotFound, Gone."""
        below = min(version, _LATEST - 1) + 1
        found = await self._records("read_versions", *_key(resource_type, resource_id), 1, below, *_ALWAYS)
        if not found or row_of(found[0]).version != version:
            raise NotFound
        return _living(self._noted(found)[0])

    async def history(
        self,
        resource_type: str,
        resource_id: str,
        *,
        limit: int = MANY,
        below: int = _LATEST,
        since: datetime = _EVER,
        during: Period | None = None,
    ) -> list[Row]:
        """Return the versions of one resource, newest first, deletions too. Raises NotFound where there never was one.

        `since`: not older; `during`: only those in force at some moment of a period.
        """
        after, before = during or (_EVER, _NEVER)
        key = _key(resource_type, resource_id)
        found = await self._fetch("read_versions", *key, limit, below, since, before, after, during is None)
        if not found and not await self._records("read_versions", *key, 1, _LATEST, *_ALWAYS):
            raise NotFound
        return found

    async def changes(
        self,
        resource_type: str | None = None,
        *,
        since: datetime = _EVER,
        during: Period | None = None,
        before: Position = END,
        limit: int = 100,
    ) -> Changes:
        """Return versions of a type (None: of all), newest first, from `before` on, not older than `since`.

        `during`: only those in force at some moment of a period.
        """
        stretch = Stretch(resource_type, before, since, during)
        found = await read_changes.newest(self.connection, self.window, stretch, limit)
        rows = self._noted([record[2:] for record in found])
        return Changes(rows, Position(*found[-1][:2]) if len(found) == limit else None)

    async def living(self, resource_type: str | None, *, limit: int) -> list[Row]:
        """Return current rows of a type (None: of all), those that were written last first."""
        stretch = Stretch(resource_type, END, _EVER, living=True)
        found = await read_changes.newest(self.connection, self.window, stretch, limit)
        return self._noted(record[2:] for record in found)

    async def place_of(self, person: int, resource_type: str, resource_id: str, version: int) -> Position:
        """Return where in the feed a version stands that was shown before. Raises NotFound where it never was."""
        number, rid, _ = _key(resource_type, resource_id)
        found = await self.connection.fetch(_SQL["read_place"], person, number, rid, version)
        if not found:
            raise NotFound
        return Position(found[0][0], found[0][1])

    async def every(self, after: tuple[int, int] = FIRST, *, limit: int = 1_000) -> list[Row]:
        """Return rows in the order of their keys, after (person, rid): a page of an export."""
        return await self._fetch("read_every", *after, limit)

    async def every_of(
        self,
        resource_type: str,
        after: tuple[int, int] = FIRST,
        *,
        persons: Collection[int] | None = None,
        since: datetime = _EVER,
        limit: int = 1_000,
    ) -> list[Row]:
        """Return rows of one type as `every` does. `persons`: only about these; `since`: stored then or later."""
        whose = None if persons is None else sorted(persons)
        return await self._fetch("read_every_of", *after, limit, NUMBER[resource_type], since, whose)

    async def every_in(
        self,
        types: Collection[str],
        after: tuple[int, int],
        *,
        persons: Collection[int] | None,
        span: tuple[datetime, datetime],
        limit: int,
        most: int,
    ) -> tuple[list[Row], bool]:
        """Return rows of some types as `every_of` does, and whether there may be more of them.

        `span`: stored from and before. `most`: bytes as stored; what would go over it is left to the next page.
        """
        whose = None if persons is None else sorted(persons)
        numbers = [NUMBER[name] for name in types]
        found = await self._records("read_every_in", *after, limit, numbers, *span, whose, most)
        there = found[0]["there"] if found else 0
        return self._noted([record[:-1] for record in found]), there == limit or there > len(found)

    async def deleted(
        self,
        types: Collection[str],
        after: tuple[int, int],
        *,
        persons: Collection[int] | None,
        span: tuple[datetime, datetime],
        limit: int,
    ) -> list[Row]:
        """Return the deletions of some types that still stand, deleted from and before `span`, by key."""
        whose = None if persons is None else sorted(persons)
        numbers = [NUMBER[name] for name in types]
        return await self._fetch("read_deleted", *after, limit, numbers, *span, whose)

    async def search(
        self,
        query: Query,
        *,
        persons: Iterable[int] | None = None,
        included: Callable[[str], bool] | None = None,
    ) -> Found:
        """Return one page of a search, with its total and inclusions as the query asks for them.

        `persons`: person keys that the search is known to be about; it only makes it faster. `included`: says which
        resource types may be included (None: any).
        """
        found = await read_search.search(
            self.connection, self.window, query,
            persons=persons, included=included, common=self.common,
        )  # fmt: skip
        self.seen += (row.seen for row in (*found.rows, *found.included))
        return found

    async def include(self, keys: Iterable[tuple[str, str]]) -> list[Row]:
        """Return the current rows of these (type, id) that the window sees, in no order."""
        known = [(NUMBER[kind], row_key(kind, name), name) for kind, name in set(keys) if kind in NUMBER]
        types, rids, names = map(list, zip(*known, strict=True)) if known else ([], [], [])
        return await self._fetch("read_keys", types, rids, names)

    async def rows(
        self,
        persons: Collection[int],
        *,
        kinds: int,
        since: datetime = _EVER,
        before: datetime = _NEVER,
        limit: int = MANY,
    ) -> list[Row]:
        """Return rows of these persons by clinical time, newest first. `kinds`: bit set of Kind."""
        members = [kind for kind in range(63) if kinds >> kind & 1]
        return await self._fetch("read_rows", list(persons), members, since, before, limit)

    async def everything(
        self,
        persons: Collection[int],
        *,
        types: Collection[str] = (),
        since: datetime = _EVER,
        during: Period = (_EVER, _NEVER),
        behind: "Mark | None" = None,
        limit: int = 100,
    ) -> list[Row]:
        """Return a page of these persons' rows of any kind: Patients first, then newest first by clinical time.

        `types`: only these resource types; `since`: only what was stored then or later; `during`: only what happened
        in a period, and Patients; `behind`: the last of the page before.
        """
        numbers = [NUMBER[name] for name in types] or None
        mark = behind or _FIRST
        return await self._fetch(
            "read_everything",
            list(persons),
            numbers,
            since,
            NUMBER["Patient"],
            *astuple(mark),
            limit,
            *during,
        )

    async def _fetch(self, name: str, *values: object) -> list[Row]:
        return self._noted(await self._records(name, *values))

    async def _records(self, name: str, *values: object) -> list[asyncpg.Record]:
        """Run a statement whose `{x}` become the window's predicate for the alias x."""
        arguments = Arguments(*values)
        seen = window_sql.predicate(self.window, arguments)
        text = _SQL[name].format_map({alias: seen(alias) for alias in "rvcg"})
        found: list[asyncpg.Record] = await self.connection.fetch(text, *arguments.values)
        return found

    def _noted(self, records: Iterable[Iterable[Any]]) -> list[Row]:
        rows = [row_of(record) for record in records]
        self.seen += (row.seen for row in rows)
        return rows


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = Mark(-1, 0, 0)
_ALWAYS = (_EVER, _NEVER, _EVER, True)  # not older than, in force before and after, deletions too
_TAIL = b'0"]}'  # the end of an entry whose one item is version 0


def _key(resource_type: str, resource_id: str) -> tuple[int, int, str]:
    return NUMBER.get(resource_type, 0), row_key(resource_type, resource_id), resource_id


def _living(row: Row) -> Row:
    if row.deleted:
        raise Gone
    return row
