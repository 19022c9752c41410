"""Reads by id that come at the same moment share one round trip and one commit to the log (shared_queue.py)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import asyncpg

from kakehashi.store.read_binary import Ask, element
from kakehashi.store.shared_queue import SharedQueue
from kakehashi.store.sql import statements

if TYPE_CHECKING:
    from kakehashi.store.database import Connection, Database

_READ_MANY = statements("read")["read_many"]
ReadQueue = SharedQueue[Ask]


def read_queue(db: "Database") -> ReadQueue:
    """Return the queue of reads: each is answered by the record that its window sees, and logged either way."""
    return SharedQueue(db, _READ_MANY, _read)


async def _read(connection: "Connection", asks: Sequence[Ask]) -> Sequence[asyncpg.Record]:
    return await connection.fetch(_READ_MANY, [element(ask) for ask in asks])
