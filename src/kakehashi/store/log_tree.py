"""The stored part of the Merkle tree over the log: tiles, places, checkpoints. What they mean is trust/'s.

Order: rows of `log` by (xid, seq), up to the oldest transaction still open; one transaction at a time grows the tree.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import asyncpg

from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("log_tree")
_SEQUENCER_LOCK = 7_262_012  # advisory lock of the transaction that grows the tree
_AT_ONCE = 1_000  # rows that a stream holds in memory
Row: TypeAlias = asyncpg.Record
TileKey: TypeAlias = tuple[int, int]  # level, number


@dataclass(frozen=True, slots=True)
class State:
    """How far the tree has come: leaves, and the last one's place in the log's order."""

    size: int
    xid: str
    seq: int


async def claim(db: Connection) -> bool:
    """Make this transaction the one that grows the tree; False when another one is at it."""
    return bool(await db.fetchval(_SQL["tree_claim"], _SEQUENCER_LOCK))


async def state(db: Connection) -> State:
    """Return how far the tree has come."""
    row = await db.fetchrow(_SQL["tree_state"])
    assert row is not None  # the migration put it there, and nobody may delete it
    return State(row["size"], row["xid"], row["seq"])


async def settled(db: Connection, after: State, most: int) -> list[Row]:
    """Return the next entries (xid, seq, entry) that nothing can come before any more, in order."""
    return await db.fetch(_SQL["tree_settled"], after.xid, after.seq, most)


async def grow(db: Connection, to: State) -> None:
    """Note how far the tree has come."""
    await db.execute(_SQL["tree_grow"], to.size, to.xid, to.seq)


async def put_tiles(db: Connection, tiles: Mapping[TileKey, bytes]) -> None:
    """Store new tiles, and those that grew."""
    levels, numbers = [level for level, _ in tiles], [number for _, number in tiles]
    await db.execute(_SQL["tile_put"], levels, numbers, list(tiles.values()))


async def tiles(db: Connection, keys: Collection[TileKey]) -> dict[TileKey, bytes]:
    """Return those of the tiles that exist."""
    rows = await db.fetch(_SQL["tile_get"], [level for level, _ in keys], [number for _, number in keys])
    return {(row["level"], row["number"]): row["hashes"] for row in rows}


async def put_places(db: Connection, places: Sequence[tuple[int, str, int, list[int]]]) -> None:
    """Note which log rows the leaves of tiles are: (tile, xid and seq of its first new row, seqs of its new rows)."""
    await db.executemany(_SQL["place_put"], places)


async def add_checkpoint(db: Connection, size: int, root: bytes, note: str, *, at: datetime) -> None:
    """Keep a signed checkpoint."""
    await db.execute(_SQL["checkpoint_add"], size, at, root, note)


async def last_checkpoint(db: Connection) -> Row | None:
    """Return the newest checkpoint as (size, at, root, note), or None."""
    return await db.fetchrow(_SQL["checkpoint_last"])


async def of_persons(db: Connection, persons: Collection[int], below: int | None, most: int) -> list[Row]:
    """Return log rows about a person, newest first: person, seq, at, entry, leaf (None: not yet in the tree)."""
    return await db.fetch(_SQL["log_of_person"], list(persons), below, most)


async def stream_entries(db: Connection, upto: State) -> AsyncIterator[bytes]:
    """Yield every entry up to the last leaf, in order, as it is stored now. Wants a transaction."""
    async for row in db.cursor(_SQL["log_stream"], upto.xid, upto.seq, prefetch=_AT_ONCE):
        yield row["entry"]


async def levels(db: Connection) -> list[int]:
    """Return the levels that have tiles."""
    return [row["level"] for row in await db.fetch(_SQL["tile_levels"])]


async def stream_tiles(db: Connection, level: int, first: int = 0) -> AsyncIterator[bytes]:
    """Yield the hashes of a level's tiles from number `first` on, in order. Wants a transaction."""
    async for row in db.cursor(_SQL["tile_stream"], level, first, prefetch=_AT_ONCE):
        yield row["hashes"]


async def stream_checkpoints(db: Connection) -> AsyncIterator[Row]:
    """Yield every checkpoint as (size, at, note), in order. Wants a transaction."""
    async for row in db.cursor(_SQL["checkpoint_stream"], prefetch=_AT_ONCE):
        yield row
