"""What the operator's console lists: merges in force, removals, members of an institution, the next key."""

from typing import TypeAlias

import asyncpg

from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("desk_console")
_INSTITUTIONS_LOCK = 7_262_042  # advisory lock of the transaction that gives a new institution its key
Row: TypeAlias = asyncpg.Record


async def merges(db: Connection, most: int) -> list[Row]:
    """Return merges in force, newest first: merge, keep, joined, evidence (JSON), merged_by, merged_at."""
    return await db.fetch(_SQL["desk_merges"], most)


async def removals(db: Connection, most: int) -> list[Row]:
    """Return what retention removed, newest first: removed_at, class, law, records, first, last."""
    return await db.fetch(_SQL["desk_removals"], most)


async def next_institution(db: Connection) -> int:
    """Return the next free key of an institution; nobody else gets it while the transaction is open."""
    return int(await db.fetchval(_SQL["desk_next_institution"], _INSTITUTIONS_LOCK))


async def members(db: Connection, institution: int) -> list[Row]:
    """Return id, login, name, used_at, disabled_at, role, manages, emergency_right, since of who works there."""
    return await db.fetch(_SQL["desk_members"], institution)
