"""Removing what sign-in no longer needs: a job calls it now and then. What still counts is never removed."""

from datetime import datetime

from kakehashi.store import accounts_attempts, clients, tokens
from kakehashi.store.database import Database


async def tidy(db: Database, *, at: datetime) -> None:
    """Remove expired challenges, counters, used assertions and revocations."""
    async with db.transaction() as tx:
        await accounts_attempts.tidy(tx, at)
        await clients.tidy(tx, at)
        await tokens.tidy(tx, at)
