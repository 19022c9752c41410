"""Grants of proxies (代理人): rows only; trust/ decides."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import asyncpg

from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("proxies")
Row: TypeAlias = asyncpg.Record


async def add(
    db: Connection, person: int, key: UUID, account: str, kinds: int, basis: str, start: datetime, end: datetime,
    *, by: str, at: datetime, evidence: str = "",
) -> None:  # fmt: skip
    """Record that an account may see some kinds of the person's record from `start` up to `end`."""
    await db.execute(_SQL["proxy_add"], person, key, account, kinds, basis, start, end, at, by, evidence)


async def of_person(db: Connection, persons: Iterable[int]) -> list[Row]:
    """Return every grant of a person, ended ones too, newest first."""
    return await db.fetch(_SQL["proxy_list"], list(persons))


async def held_by(db: Connection, account: str, *, at: datetime) -> list[Row]:
    """Return the grants by which an account may act at `at`."""
    return await db.fetch(_SQL["proxy_for"], account, at)


async def withdraw(
    db: Connection, persons: Iterable[int], key: UUID, account: str | None, *, by: str, at: datetime
) -> bool:
    """End a grant at once (with `account`: only its own); say whether there was one in force."""
    return await db.fetchval(_SQL["proxy_withdraw"], list(persons), key, at, by, account) is not None
