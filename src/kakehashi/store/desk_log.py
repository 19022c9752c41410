"""The log as auditors search it: by period, institution and action. Reading it is logged by who calls."""

from collections.abc import Collection
from datetime import datetime
from typing import TypeAlias

import asyncpg

from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("desk_log")
Row: TypeAlias = asyncpg.Record


async def search(
    db: Connection,
    start: datetime,
    end: datetime,
    *,
    institution: int | None,
    action: str,
    below: int | None,
    most: int,
) -> list[Row]:
    """Return entries of [start, end), newest first: person, seq, at, entry. `action`: how it begins, "" for any."""
    return await db.fetch(_SQL["desk_log_search"], start, end, institution, action, below, most)


async def looks(
    db: Connection,
    start: datetime,
    end: datetime,
    *,
    actions: Collection[str],
    roles: Collection[str],
    most: int,
) -> list[Row]:
    """Return looks at persons in [start, end) by these roles, in order: person, seq, at, entry."""
    return await db.fetch(_SQL["desk_log_looks"], start, end, list(actions), list(roles), most)


async def account_names(db: Connection, accounts: Collection[str]) -> dict[str, str]:
    """Return the names of accounts; a system has none."""
    rows = await db.fetch(_SQL["desk_account_names"], list(accounts))
    return {row["id"]: row["name"] for row in rows}


async def families(db: Connection, persons: Collection[int]) -> dict[int, str]:
    """Return the family name (folded, "" unknown) of each person, by the newest description."""
    rows = await db.fetch(_SQL["desk_person_names"], list(persons))
    return {row["person"]: row["kanji_family"] for row in rows}


async def waiting(db: Connection) -> tuple[int, int]:
    """Return how many entries the tree has, and how many wait for it."""
    row = await db.fetchrow(_SQL["desk_log_state"])
    return (row["size"], row["waiting"]) if row else (0, 0)
