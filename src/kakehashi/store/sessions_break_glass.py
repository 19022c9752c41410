"""Break-glass credentials: asked for by one, approved by another, at one institution, a day at most."""

from dataclasses import dataclass
from datetime import datetime

from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("sessions")


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """A credential as stored; `approved_at` None: it waits for a second person."""

    id: str
    account: str
    institution: int
    reason: str
    hours: int
    asked_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    ends_at: datetime | None
    revoked_at: datetime | None


async def put(
    tx: Connection, credential: str, account: str, institution: int, reason: str, hours: int, at: datetime
) -> None:
    """Keep what was asked for."""
    await tx.execute(_SQL["break_glass_put"], credential, account, institution, reason, hours, at)


async def lock(tx: Connection, credential: str) -> BreakGlass | None:
    """Return a credential, held against other changes, or None."""
    row = await tx.fetchrow(_SQL["break_glass_lock"], credential)
    return None if row is None else BreakGlass(**dict(row))


async def approve(
    tx: Connection, credential: str, by: str, code: bytes, at: datetime, ends_at: datetime
) -> None:
    """Make it good, under the hash of its code, until `ends_at`."""
    await tx.execute(_SQL["break_glass_approve"], credential, by, at, code, ends_at)


async def revoke(tx: Connection, held: BreakGlass, at: datetime) -> None:
    """End it, and with it the sessions that rest on it."""
    await tx.execute(_SQL["break_glass_revoke"], held.id, at)
    await tx.execute(_SQL["sessions_end_break_glass"], held.id, at, held.account)


async def find(tx: Connection, account: str, code: bytes, at: datetime) -> tuple[str, int, datetime] | None:
    """Return (id, institution, end) of the good credential with this code (hash), or None."""
    row = await tx.fetchrow(_SQL["break_glass_find"], account, code, at)
    return None if row is None else (row["id"], row["institution"], row["ends_at"])


async def waiting(tx: Connection, institution: int, since: datetime) -> list[BreakGlass]:
    """Return what was asked for at an institution since then and waits for a second person."""
    return [BreakGlass(**dict(row)) for row in await tx.fetch(_SQL["break_glass_open"], institution, since)]
