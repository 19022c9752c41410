"""Locks that last for one transaction, on a name: who comes second with the same name waits for the first."""

from kakehashi.core.hashing import hash64
from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("locks")


async def lock(connection: Connection, name: str) -> None:
    """Hold the lock of this name until the transaction ends."""
    await connection.execute(_SQL["lock_name"], hash64(name))
