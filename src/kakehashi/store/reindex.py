"""Rows whose index entries are of an older scheme: how it stands, and the renewal of their entries part by part.

A part is a stretch of keys, noted as dealt out before anybody works on it and struck out in the transaction that
renews its rows; so any number of processes may work, and what a broken run left is known. Readers see no change: no
version, no feed entry. Nothing here knows what entries are.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from kakehashi.core.errors import Conflict
from kakehashi.fhir.index import Index
from kakehashi.fhir.indexing.scheme import SCHEME
from kakehashi.fhir.types import NAME
from kakehashi.store import window_sql, write_binary
from kakehashi.store.database import Connection, Database
from kakehashi.store.rows import Draft, Stored
from kakehashi.store.sql import statements

_SQL = statements("reindex")
_WINDOW = window_sql.system_window("reindex")
_BEFORE_ALL = (-(2**63), -(2**63))
_ROWS, _BYTES = 1000, 8 << 20  # of a part: rows, and packed bytes, which unpacked are some five times as many


@dataclass(frozen=True, slots=True)
class State:
    """The oldest scheme among the rows, and the renewal under way (or the last one)."""

    number: int
    toward: int | None  # the scheme that the renewal makes; None when none is under way
    looked: int  # rows gone through, over all its runs
    changed: int
    unreadable: int
    about: int  # rows in all, as PostgreSQL guesses; 0 when it does not know

    @property
    def present(self) -> bool:
        """Whether every row is found by searches."""
        return self.number == SCHEME


@dataclass(frozen=True, slots=True)
class Part:
    """The rows after one key (person, rid) up to another."""

    after: tuple[int, int]
    upto: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Held:
    """A row as it was read: what its entries are made from, and what tells whether it was stored anew since."""

    person: int
    rid: int
    type: int
    id: str
    version: int
    changed_at: datetime
    packed: bytes


async def state(connection: Connection) -> State:
    """Return how it stands."""
    row = await connection.fetchrow(_SQL["reindex_state"])
    assert row is not None  # a migration puts it there, and nobody may delete it
    return State(**dict(row))


@asynccontextmanager
async def alone(db: Database) -> AsyncIterator[None]:
    """Let one renewal at a time go on. Raises Conflict. The lock ends with the connection of a command that dies."""
    async with db.connection() as held:
        if not await held.fetchval(_SQL["reindex_lock"]):
            raise Conflict(
                "別の kakehashi reindex が動いています。終わるのを待ってください。",
                "Another kakehashi reindex is at work. Wait until it is done.",
                rule="reindex.twice",
            )
        try:
            yield
        finally:
            await held.execute(_SQL["reindex_unlock"])


async def begin(connection: Connection) -> None:
    """Begin a renewal from the first row, or go on with the one that was broken off, if it makes the same scheme."""
    if (await state(connection)).toward != SCHEME:
        await connection.execute(_SQL["reindex_begin"], SCHEME, *_BEFORE_ALL)


async def left(db: Database) -> list[Part]:
    """Return the parts that a broken run left."""
    async with db.connection() as connection:
        return [
            Part((one[0], one[1]), (one[2], one[3])) for one in await connection.fetch(_SQL["reindex_left"])
        ]


async def deal(db: Database) -> Part | None:
    """Return the next part, noted as dealt out; None when there is none."""
    async with db.transaction() as connection:
        await window_sql.open_on(connection, _WINDOW)
        place = await connection.fetchrow(_SQL["reindex_place"])
        assert place is not None
        upto = await connection.fetchrow(_SQL["reindex_next"], *place, _ROWS, _BYTES)
        if upto is None:
            return None
        await connection.execute(_SQL["reindex_dealt"], *place, *upto)
        return Part(tuple(place), tuple(upto))


async def rows(db: Database, part: Part) -> list[Held]:
    """Return the rows of a part, unlocked: whoever writes one of them meanwhile wins."""
    async with db.transaction() as connection:
        await window_sql.open_on(connection, _WINDOW)
        return [Held(*one) for one in await connection.fetch(_SQL["reindex_rows"], *part.after, *part.upto)]


async def renew(db: Database, part: Part, found: Sequence[tuple[Held, Index]], *, unreadable: int) -> None:
    """Give the rows of a part their entries and strike it out. Raises Unavailable also when the disk is nearly full."""
    db.require_room()
    packed = [_row(held, index) for held, index in found]
    async with db.transaction() as connection:
        await window_sql.open_on(connection, _WINDOW)
        changed = await connection.fetchval(_SQL["reindex_renew"], packed)
        await connection.execute(
            _SQL["reindex_done"], *part.after, len(found) + unreadable, changed, unreadable
        )


async def finish(connection: Connection) -> State:
    """End the renewal: every row is of the present scheme now, unless one was unreadable. Return how it stands."""
    await connection.execute(_SQL["reindex_finish"])
    return await state(connection)


def _row(held: Held, index: Index) -> bytes:
    """Return a row for `resource[]`; only its key, version, time and entries are looked at."""
    draft = Draft(NAME[held.type], held.id, held.person, 0, 0, held.changed_at, b"", index)
    stored = Stored(draft.type, held.id, held.person, held.version, held.changed_at, False, b"")
    return write_binary.row(draft, (held.type, held.rid), stored, b"")
