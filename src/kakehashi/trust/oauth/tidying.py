"""Removing what sign-in no longer needs: a job calls it now and then. What still counts is never removed."""

from datetime import datetime, timedelta

from kakehashi.store import accounts_attempts, app_grants, clients, openid, tokens
from kakehashi.store.database import Database

_APPS_KEPT = timedelta(days=1)  # what is over for so long can have no token


async def tidy(db: Database, *, at: datetime) -> None:
    """Remove expired challenges, counters, used assertions, revocations, and what came from an OpenID provider."""
    async with db.transaction() as tx:
        await accounts_attempts.tidy(tx, at)
        await clients.tidy(tx, at)
        await tokens.tidy(tx, at)
        await app_grants.tidy(tx, at - _APPS_KEPT)
        await openid.tidy(tx, at)
