"""The transaction in which identities are looked up and changed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kakehashi.store.database import Connection, Database


@asynccontextmanager
async def inside(db: Database | Connection) -> AsyncIterator[Connection]:
    """A transaction of our own, or a savepoint in the caller's."""
    if isinstance(db, Database):
        async with db.transaction() as connection:
            yield connection
    else:
        async with db.transaction():
            yield db
