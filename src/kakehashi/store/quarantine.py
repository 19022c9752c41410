"""Institutions that are shut out (隔離). Clients, certificates, tokens and sessions are asked about it where they are
found: statements `client_of`, `standing_client`, `standing_account`, `certificate_of`, `session_of`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kakehashi.store import subscriptions
from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("quarantine")


@dataclass(frozen=True, slots=True)
class Quarantine:
    """One that stands: since when, by whom and why, and how much of the institution's it stops."""

    institution: int
    placed_at: datetime
    placed_by: str
    reason: str
    clients: int
    certificates: int
    accounts: int


async def place(tx: Connection, institution: int, *, at: datetime, by: str, reason: str) -> bool:
    """Shut an institution out, end sessions, stop subscriptions; say whether it was not shut out before."""
    placed = await tx.fetchval(_SQL["quarantine_place"], institution, at, by, reason) is not None
    await tx.execute(_SQL["quarantine_end_sessions"], institution, at)
    await subscriptions.halt(tx, institution=institution)
    return placed


async def lift(tx: Connection, institution: int, *, at: datetime, by: str) -> bool:
    """Let an institution in again; say whether it was shut out."""
    return await tx.fetchval(_SQL["quarantine_lift"], institution, at, by) is not None


async def stands(tx: Connection, institution: int) -> bool:
    """Say whether an institution is shut out."""
    return bool(await tx.fetchval(_SQL["quarantine_stands"], institution))


async def among(tx: Connection, institutions: Iterable[int]) -> set[int]:
    """Return which of these institutions are shut out."""
    return {row["institution"] for row in await tx.fetch(_SQL["quarantine_among"], list(institutions))}


async def every(tx: Connection) -> list[Quarantine]:
    """Return all that stand, the oldest first."""
    return [Quarantine(**dict(row)) for row in await tx.fetch(_SQL["quarantine_every"])]
