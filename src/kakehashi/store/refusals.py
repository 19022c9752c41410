"""Refused attempts to sign in, counted by the minute, and the sign-ins of an account: rows only."""

from datetime import datetime
from typing import TypeAlias

import asyncpg

from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("refusals")
LINES = 20  # in a minute; what an attacker adds beyond is counted together
Row: TypeAlias = asyncpg.Record


async def count(
    tx: Connection,
    minute: datetime,
    way: str,
    *,
    login: str = "",
    tried: str = "",
    network: str = "",
    times: int = 1,
) -> None:
    """Count refusals of one minute. `login`: what was tried, told as its account if there is one, else as `tried`."""
    await tx.execute(_SQL["refusal_count"], minute, way, login, tried, network, LINES, times)


async def take(tx: Connection, running: datetime) -> list[Row]:
    """Take out and return the lines (minute, way, tried, network, count) of the minutes before `running`."""
    return await tx.fetch(_SQL["refusal_take"], running)


async def signins_of(tx: Connection, account: str, most: int) -> list[Row]:
    """Return sign-ins, newest first: id, created_at, used_at, ended_at, ends_at, factors, role, institution (name)."""
    return await tx.fetch(_SQL["signins_of"], account, most)
