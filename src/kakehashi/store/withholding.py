"""Withholding (閲覧させない) and the stop of self-disclosure (自己情報提供不可): rows only; trust/ decides."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import asyncpg

from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("withholding")
Row: TypeAlias = asyncpg.Record


async def add(
    db: Connection, person: int, key: UUID, *, item: str | None, rid: int | None, custodian: int | None,
    kind: int | None, by: str, at: datetime,
) -> bool:  # fmt: skip
    """Record a withholding of exactly one of item (with its row key), custodian, kind; say whether it is new."""
    added = await db.fetchval(_SQL["withholding_add"], person, key, item, rid, custodian, kind, at, by)
    return added is not None


async def release(db: Connection, persons: Iterable[int], key: UUID, *, by: str, at: datetime) -> Row | None:
    """End a withholding; return what it was of, or None when there is none in force."""
    return await db.fetchrow(_SQL["withholding_release"], list(persons), key, at, by)


async def of_person(db: Connection, persons: Iterable[int]) -> list[Row]:
    """Return the withholdings of a person, ended ones too, newest first."""
    return await db.fetch(_SQL["withholding_list"], list(persons))


async def mark(
    db: Connection,
    persons: Iterable[int],
    rid: int,
    *,
    unseen: int = 0,
    set_flags: int = 0,
    clear_flags: int = 0,
) -> bool:
    """Set and clear flags on one row and its former versions; say whether a current row was there to be seen."""
    met: int = await db.fetchval(_SQL["withholding_mark"], list(persons), rid, unseen, set_flags, clear_flags)
    return met > 0


async def stop_disclosure(db: Connection, person: int, key: UUID, *, by: str, at: datetime) -> bool:
    """Shut the portal of a person; say whether it was open."""
    return await db.fetchval(_SQL["disclosure_stop"], person, key, at, by) is not None


async def resume_disclosure(db: Connection, persons: Iterable[int], *, by: str, at: datetime) -> list[UUID]:
    """Open the portal of a person again; return the stops that ended, none when it was open."""
    return [row["id"] for row in await db.fetch(_SQL["disclosure_resume"], list(persons), at, by)]


async def disclosure_stopped(db: Connection, persons: Iterable[int]) -> bool:
    """Say whether the portal of a person is shut."""
    return bool(await db.fetchval(_SQL["disclosure_stopped"], list(persons)))
