"""Emergency openings (救急時医療情報閲覧) and their reviews: rows only; trust/ decides."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import asyncpg

from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("emergency")
Row: TypeAlias = asyncpg.Record
Ask: TypeAlias = Callable[[Connection, int | None, str, int], Awaitable[list[Row]]]  # as unreviewed, reviewed


async def add(
    db: Connection, person: int, key: UUID, institution: int, account: str, code: str, reason: str,
    *, at: datetime, ends: datetime,
) -> None:  # fmt: skip
    """Record an opening of one person's summary to one account from `at` up to `ends`."""
    await db.execute(_SQL["emergency_add"], person, key, institution, account, code, reason, at, ends)


async def of_person(db: Connection, persons: Iterable[int]) -> list[Row]:
    """Return every opening of a person, newest first."""
    return await db.fetch(_SQL["emergency_list"], list(persons))


async def unreviewed(db: Connection, institution: int | None, not_of: str, most: int) -> list[Row]:
    """Return openings that nobody has reviewed, oldest first; `institution` None means all."""
    return await db.fetch(_SQL["emergency_queue"], institution, not_of, most)


async def reviewed(db: Connection, institution: int | None, not_of: str, most: int) -> list[Row]:
    """Return openings that were reviewed, the newest verdict first; `institution` None means all."""
    return await db.fetch(_SQL["emergency_verdicts"], institution, not_of, most)


async def review(
    db: Connection,
    person: int,
    key: UUID,
    institution: int | None,
    verdict: str,
    remark: str,
    *,
    by: str,
    at: datetime,
) -> bool:
    """Record a review by somebody else than who opened; say whether there was one to review."""
    row = await db.fetchval(_SQL["emergency_review"], person, key, institution, by, at, by, verdict, remark)
    return row is not None
