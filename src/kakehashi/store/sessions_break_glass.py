"""Break-glass credentials: asked for by one, approved by another, at one institution, a day at most."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

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
    reviewed_at: datetime | None
    verdict: str | None

    def live(self, at: datetime) -> bool:
        """Say whether its code is good at `at`."""
        return self.ends_at is not None and at < self.ends_at and self.revoked_at is None


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


async def waiting(tx: Connection, institution: int | None, since: datetime) -> list[BreakGlass]:
    """Return what was asked for since then at an institution (None: anywhere) and waits for a second person."""
    return _all(await tx.fetch(_SQL["break_glass_open"], institution, since))


async def of_account(tx: Connection, account: str, since: datetime) -> list[BreakGlass]:
    """Return what an account asked for since then, newest first."""
    return _all(await tx.fetch(_SQL["break_glass_of"], account, since))


async def approved(tx: Connection, institution: int | None, since: datetime) -> list[BreakGlass]:
    """Return what was approved since then at an institution (None: anywhere), newest first."""
    return _all(await tx.fetch(_SQL["break_glass_approved"], institution, since))


async def unreviewed(tx: Connection, institution: int | None, but: str) -> list[BreakGlass]:
    """Return what was approved and waits for a review, oldest first; not what `but` used or approved."""
    return _all(await tx.fetch(_SQL["break_glass_unreviewed"], institution, but))


async def review(
    tx: Connection, credential: str, institution: int | None, verdict: str, remark: str, *, by: str, at: datetime
) -> bool:  # fmt: skip
    """Keep a verdict; say whether there was one to give."""
    found = await tx.fetchval(_SQL["break_glass_judge"], credential, institution, verdict, remark, by, at)
    return found is not None


def _all(rows: list[asyncpg.Record]) -> list[BreakGlass]:
    return [BreakGlass(**dict(row)) for row in rows]
