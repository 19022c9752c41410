"""Entries into the log, inside the caller's transaction: what is done and that it was done stand or fall together.

The order of entries and their Merkle tree are trust/'s; here they are only appended.
"""

from collections.abc import Iterable
from datetime import datetime

from kakehashi.core.ids import new_id
from kakehashi.core.logentry import Note, Seen, entries
from kakehashi.store.database import Connection, Database
from kakehashi.store.sql import statements

_APPEND = statements("log")["log_append"]


async def append(connection: Connection, note: Note, seen: Iterable[Seen], *, at: datetime) -> None:
    """Append what this act touched: an entry for each person, or one for person 0 when it touched none."""
    written = entries(note, seen, act=new_id(), at=at)
    persons, texts = zip(*written, strict=True)
    await connection.execute(_APPEND, persons, at, texts)


async def noted(db: Database, note: Note, *, at: datetime, seen: Iterable[Seen] = ()) -> None:
    """Log an act that reads and writes no record (a refusal, a sign-in), in a transaction of its own."""
    async with db.transaction() as connection:
        await append(connection, note, seen, at=at)
