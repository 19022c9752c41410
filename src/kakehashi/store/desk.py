"""The persons whose record a session has open, each under a random handle that means nothing elsewhere."""

import secrets
from datetime import datetime

from kakehashi.core.errors import NotFound
from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("desk")


async def put(db: Connection, session: str, person: int, *, at: datetime) -> str:
    """Open a person in this session and return the handle for its pages."""
    handle: str = await db.fetchval(_SQL["desk_open"], session, secrets.token_urlsafe(16), person, at)
    return handle


async def person_of(db: Connection, session: str, handle: str) -> int:
    """Return the person behind a handle of this session. Raises NotFound, also for another session's handle."""
    person: int | None = await db.fetchval(_SQL["desk_person"], session, handle)
    if person is None:
        raise NotFound
    return person


async def clear(db: Connection, *, before: datetime) -> None:
    """Forget handles of sessions that have ended by now."""
    await db.execute(_SQL["desk_clear"], before)
