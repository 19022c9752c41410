"""Locks that last for one transaction, on names: who comes second with the same name waits for the first."""

from collections.abc import Iterable

from kakehashi.core.hashing import hash64
from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("locks")


async def lock(connection: Connection, names: Iterable[str]) -> None:
    """Hold the locks of these names until the transaction ends; taken in one order, so that none wait in a ring."""
    if keys := sorted({hash64(name) for name in names}):
        await connection.execute(_SQL["lock_names"], keys)
