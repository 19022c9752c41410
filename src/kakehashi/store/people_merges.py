"""Merges of person keys: edges between keys, and the root that stands for each group. No row of a record moves."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import orjson

from kakehashi.store.database import Connection
from kakehashi.store.people import Json
from kakehashi.store.sql import statements

_SQL = statements("people_merges")
_LOCK = 7_262_012


async def lock(db: Connection) -> None:
    """Wait until no other merge or un-merge is under way; holds until the transaction ends."""
    await db.execute(_SQL["merges_lock"], _LOCK)


async def edges(db: Connection, roots: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return (merge, keep, joined) of the merges in force under these roots, oldest first."""
    rows = await db.fetch(_SQL["merge_edges"], list(roots))
    return [(row["merge"], row["keep"], row["joined"]) for row in rows]


async def members(db: Connection, persons: Sequence[int]) -> dict[int, frozenset[int]]:
    """Return everyone merged with each of these persons, themselves included. Unknown persons are left out."""
    found: dict[int, set[int]] = {}
    for row in await db.fetch(_SQL["members"], list(persons)):
        found.setdefault(row["asked"], set()).add(row["person"])
    return {person: frozenset(group) for person, group in found.items()}


async def add(db: Connection, keep: int, joined: int, evidence: Json, *, by: str, at: datetime) -> int:
    """Store a merge and return its number."""
    number: int = await db.fetchval(_SQL["merge_add"], keep, joined, orjson.dumps(evidence).decode(), by, at)
    return number


async def in_force(db: Connection, merge: int) -> tuple[int, int] | None:
    """Return (keep, joined) of a merge that has not been undone."""
    row = await db.fetchrow(_SQL["merge_in_force"], merge)
    return (row["keep"], row["joined"]) if row else None


async def undo(db: Connection, merge: int, evidence: Json, *, by: str, at: datetime) -> None:
    """Mark a merge as undone."""
    await db.execute(_SQL["merge_undo"], merge, orjson.dumps(evidence).decode(), by, at)


async def set_roots(db: Connection, roots: Mapping[int, int]) -> None:
    """Set who stands for whom."""
    await db.execute(_SQL["roots_set"], list(roots), list(roots.values()))


async def set_candidate(
    db: Connection, one: int, other: int, state: str, *, by: str | None, at: datetime | None
) -> None:
    """Set what review made of a pair, if the pair is there."""
    await db.execute(_SQL["merge_candidate"], min(one, other), max(one, other), state, by, at)
