"""Renew what search knows of the records, after their index entries became others (fhir/indexing/scheme.py).

Only tokens, ranges and texts are renewed. Kind, flags, clinical time and institution decide who may see a row; a
submission may have set them beside what the resource says, so they stay as they were stored.
"""

from datetime import datetime

from kakehashi.core.actors import Actor
from kakehashi.core.errors import Failure
from kakehashi.core.logentry import Note
from kakehashi.engines.house import House
from kakehashi.fhir.index import Index, index
from kakehashi.fhir.parse import parse
from kakehashi.store import compression, log_append
from kakehashi.store import reindex as store
from kakehashi.store.database import Database
from kakehashi.store.reindex import Held, Part, State
from kakehashi.trust import roles


async def state(db: Database) -> State:
    """Return how it stands. Raises Unavailable."""
    async with db.transaction() as connection:
        return await store.state(connection)


async def begin(house: House, *, by: Actor, at: datetime) -> None:
    """Begin, or go on where a broken run stopped; the log says who. Raises Refused, Unavailable.

    Call it, and what follows, inside `store.reindex.alone`.
    """
    roles.require(by, roles.Interaction.CONSOLE_LOADS)
    async with house.db.transaction() as connection:
        await store.begin(connection)
        await log_append.append(connection, Note(by, "reindex", "record", "reindex"), (), at=at)
    for part in await store.left(house.db):
        await _renew(house.db, part)


async def work_on(db: Database) -> bool:
    """Renew one part; False when there was none left. Any number of processes may call it. Raises Unavailable."""
    part = await store.deal(db)
    if part is not None:
        await _renew(db, part)
    return part is not None


async def finish(db: Database) -> State:
    """End it, when nobody works on a part any more, and return what came of it."""
    async with db.transaction() as connection:
        return await store.finish(connection)


async def _renew(db: Database, part: Part) -> None:
    held = await store.rows(db, part)
    found = [(one, entries) for one in held if (entries := _entries(one)) is not None]
    await store.renew(db, part, found, unreadable=len(held) - len(found))


def _entries(held: Held) -> Index | None:
    """Return a row's entries; None when its body is damaged, or was taken in once and is no FHIR to us now."""
    try:
        return index(parse(compression.unpack(held.packed)))
    except (Failure, TypeError, ValueError, KeyError, AttributeError):
        return None
