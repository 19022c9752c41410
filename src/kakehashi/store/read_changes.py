"""Versions in the order in which they were written, newest first, of a type or of all, as far as a window sees them.

A window that opens by institutions (and to what is everybody's) meets their entries of the feed alone, by an index of
whose each is; any other walks the feed, or the entries of the persons that it is about. Both ways give the same
versions: whose an entry is only narrows, and what may be seen the window says of the version itself.
"""

from dataclasses import astuple, dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import asyncpg

from kakehashi.core.kinds import Kind
from kakehashi.core.window import Window
from kakehashi.fhir.facts_kinds import kinds_of_type
from kakehashi.fhir.types import NUMBER
from kakehashi.store import window_sql
from kakehashi.store.feed import Position
from kakehashi.store.sql import statements
from kakehashi.store.window_sql import Arguments

if TYPE_CHECKING:
    from kakehashi.store.database import Connection

_SQL = statements("read")
EVERYBODYS = 0  # custodian in the feed of what is of Kind.SHARED
_MOST = 1_000  # entries looked at in one step
Lane = tuple[int, int]
"""(number of a type, key of an institution): entries that one look into an index finds in their order."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """Where the feed has every entry that a window may show: by custodian (or EVERYBODYS), and by addressee."""

    written: tuple[Lane, ...]
    addressed: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which versions are asked for: of a type (None: all), written before a place and not older than `since`.

    during: only those in force at some moment from the one on and before the other. living: only those that are in
    force now.
    """

    type: str | None
    before: Position
    since: datetime
    during: tuple[datetime, datetime] | None = None
    living: bool = False


async def newest(
    connection: "Connection", window: Window, stretch: Stretch, limit: int
) -> list[asyncpg.Record]:
    """Return at most `limit` records of a stretch: xid and seq, then the columns of a row."""
    about_anybody = window_sql.all_persons(window) is None
    own = lanes(window, stretch.type) if about_anybody else None
    if own is None:
        return await walked(connection, window, stretch, limit)
    return await _met(connection, window, stretch, limit, own)


async def walked(
    connection: "Connection", window: Window, stretch: Stretch, limit: int
) -> list[asyncpg.Record]:
    """Return what `newest` does through any window, by the whole feed, or by its part about the window's persons."""
    return await _step(connection, window, stretch, limit, persons=window_sql.all_persons(window))


async def _met(
    connection: "Connection", window: Window, stretch: Stretch, limit: int, own: Lanes
) -> list[asyncpg.Record]:
    """Ask for more entries as long as the window shows too few of them."""
    found: list[asyncpg.Record] = []
    many = limit
    while own.written or own.addressed:
        entries = await _step(connection, window, stretch, many, own=own)
        found += [entry for entry in entries if entry["person"] is not None]
        if len(found) >= limit or len(entries) < many:
            break
        stretch = replace(stretch, before=Position(*entries[-1][:2]))
        many = min(4 * many, _MOST)
    return found[:limit]


@lru_cache(maxsize=256)
def lanes(window: Window, resource_type: str | None) -> Lanes | None:
    """Return where all entries of what the window sees are, None where it also opens otherwise."""
    written: set[Lane] = set()
    addressed: set[Lane] = set()
    for name in NUMBER if resource_type is None else (resource_type,):
        keys = _keys(window, kinds_of_type(name))
        if keys is None:
            return None
        custodians, addressees = keys
        written |= {(NUMBER[name], key) for key in custodians}
        addressed |= {(NUMBER[name], key) for key in addressees}
    return Lanes(tuple(sorted(written)), tuple(sorted(addressed)))


def _keys(window: Window, kinds: int) -> tuple[set[int], set[int]] | None:
    custodians: set[int] = set()
    addressees: set[int] = set()
    for pane in window.panes:
        opened = pane.kinds & kinds
        if opened & Kind.SHARED.bit:
            custodians.add(EVERYBODYS)
        if not opened & ~Kind.SHARED.bit:
            continue
        if pane.custodians is not None:
            custodians |= pane.custodians
        elif pane.addressees is not None:
            addressees |= pane.addressees
        else:
            return None
    return custodians, addressees


async def _step(
    connection: "Connection",
    window: Window,
    stretch: Stretch,
    many: int,
    *,
    persons: list[int] | None = None,
    own: Lanes | None = None,
) -> list[asyncpg.Record]:
    """Return versions; of `own` entries at most so many, each with what is seen of it, be it nothing."""
    number = NUMBER[stretch.type] if stretch.type else 0
    after, until = stretch.during or (None, None)
    before = astuple(stretch.before)
    arguments = Arguments(number, persons, *before, stretch.since, many, until, after)
    seen = window_sql.predicate(window, arguments)
    tests = {alias: seen(alias) for alias in "rvcg"}
    if stretch.living:
        tests["v"] = "false"  # former versions
    text = _SQL["read_changes"].format(
        entries="feed" if own is None else f"({_entries(own, arguments)})",
        empty="false" if own is None else "true",
        **tests,
    )
    found: list[asyncpg.Record] = await connection.fetch(text, *arguments.values)
    return found


def _entries(own: Lanes, arguments: Arguments) -> str:
    return _SQL["changes_own"].format(
        types=arguments.add([number for number, _ in own.written], "smallint[]"),
        custodians=arguments.add([key for _, key in own.written], "integer[]"),
        sent=arguments.add([number for number, _ in own.addressed], "smallint[]"),
        addressees=arguments.add([key for _, key in own.addressed], "integer[]"),
    )
