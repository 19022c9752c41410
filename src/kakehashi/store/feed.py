"""The feed: every accepted change in an order without gaps, and followers that take each change exactly once.

An entry carries its transaction's number (xid), with an epoch in front that begins when a dump was restored into
another cluster (migration 0033). Entries are read in the order of (xid, seq), up to the oldest transaction still open:
whatever commits later has a higher xid, so nothing is skipped. A follower keeps its place in the same transaction as
its effect, so nothing comes twice. What it made is built anew by following under another name, from the start.
Source: https://www.postgresql.org/docs/current/functions-info.html (pg_snapshot_xmin)
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

import asyncpg

from kakehashi.fhir.types import NAME
from kakehashi.store.database import Connection, Database
from kakehashi.store.sql import statements

_SQL = statements("feed")


class Change(IntEnum):
    """What happened. The numbers are stored."""

    PUT = 1
    DELETED = 2  # or given to another person
    REMOVED = 3  # by retention, with its history


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the feed: everything up to and with (xid, seq) was taken."""

    xid: int
    seq: int


START = Position(0, 0)
END = Position(2**63 - 1, 2**63 - 1)


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of one resource. `rid` is core.hashing.row_key of it."""

    position: Position
    person: int
    type: str
    rid: int
    version: int
    change: Change
    at: datetime


async def after(connection: Connection, position: Position, *, limit: int = 1000) -> list[Entry]:
    """Return the next entries after a position, as far as they are settled."""
    return [
        _entry(record)
        for record in await connection.fetch(_SQL["feed_after"], position.xid, position.seq, limit)
    ]


@asynccontextmanager
async def following(
    db: Database, name: str, *, limit: int = 1000
) -> AsyncIterator[tuple[Connection, list[Entry]]]:
    """Yield the connection and the entries that the follower `name` has not had yet; the effect goes on the connection.

    When the block ends well, effect and place are committed together; when it raises, the same entries come again.
    Two processes of one name take turns. No entries: nothing to do for now.
    """
    async with db.transaction() as connection:
        await connection.execute(_SQL["follower_begin"], name)
        place = await connection.fetchrow(_SQL["follower_place"], name)
        entries = await after(connection, Position(*place) if place else START, limit=limit)
        yield connection, entries
        if entries:
            last = entries[-1].position
            await connection.execute(_SQL["follower_move"], name, last.xid, last.seq)


async def move(connection: Connection, name: str, position: Position) -> None:
    """Put a follower elsewhere: past what concerns nobody."""
    await connection.execute(_SQL["follower_begin"], name)
    await connection.execute(_SQL["follower_move"], name, position.xid, position.seq)


async def lags(connection: Connection) -> dict[str, int]:
    """Return how many entries each follower has not had yet, counted up to a hundred thousand."""
    return {row["name"]: row["lag"] for row in await connection.fetch(_SQL["follower_lags"])}


def _entry(record: asyncpg.Record) -> Entry:
    xid, seq, person, number, rid, version, change, at = record
    return Entry(Position(xid, seq), person, NAME[number], rid, version, Change(change), at)
