"""The way out: open the window, read through it, log, and only then show.

Without a person in mind an institution sees its own records. Where the record asked for is another
institution's, the window on its person is opened and asked again: a record that may not be seen and one that
does not exist take the same steps and give the same answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kakehashi.core.actors import Actor
from kakehashi.core.logentry import Note
from kakehashi.core.window import Window
from kakehashi.engines.house import House
from kakehashi.people import merging
from kakehashi.store import window_sql
from kakehashi.store.database import Connection
from kakehashi.store.read import MANY, Reading, read_one, reading
from kakehashi.store.rows import Row
from kakehashi.store.whereabouts import whereabouts
from kakehashi.trust import roles
from kakehashi.trust.windows import open_window


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, when, and under which request id; `reason` is what an emergency access was opened for."""

    actor: Actor
    at: datetime
    request: str = ""
    reason: str = ""

    def note(self, action: str, what: str, window: Window) -> Note:
        """Return what the log says of this look."""
        return Note(self.actor, action, what, window.because, self.request, self.reason)


async def read(house: House, asked: Asked, resource_type: str, resource_id: str) -> Row:
    """Return a current resource. Raises NotFound, Gone, Refused, Unavailable."""
    roles.require(asked.actor, "read", resource_type=resource_type)
    window = await _window_on(house, asked, resource_type, resource_id)
    note = asked.note("read", resource_type, window)
    return await read_one(house.db, window, note, resource_type, resource_id, at=asked.at)


async def version(house: House, asked: Asked, resource_type: str, resource_id: str, number: int) -> Row:
    """Return one version of a resource. Raises NotFound, Gone, Refused, Unavailable."""
    roles.require(asked.actor, "read", resource_type=resource_type)
    window = await _window_on(house, asked, resource_type, resource_id)
    async with reading(house.db, window, asked.note("vread", resource_type, window), at=asked.at) as look:
        return await look.version(resource_type, resource_id, number)


async def history(house: House, asked: Asked, resource_type: str, resource_id: str) -> list[Row]:
    """Return all versions of a resource, newest first. Raises NotFound, Refused, Unavailable."""
    roles.require(asked.actor, "history", resource_type=resource_type)
    window = await _window_on(house, asked, resource_type, resource_id)
    async with reading(house.db, window, asked.note("history", resource_type, window), at=asked.at) as look:
        return await look.history(resource_type, resource_id)


async def record(
    house: House, asked: Asked, person: int, *, kinds: int, action: str = "view", limit: int = MANY
) -> tuple[Window, Sequence[Row]]:
    """Return a person's record as far as the window opens, newest first, and the window itself."""
    roles.require(asked.actor, "read")
    async with house.db.transaction() as db:
        window = await open_window(db, asked.actor, person, at=asked.at)
        persons = await merging.resolve(db, person)
    async with reading(house.db, window, asked.note(action, "record", window), at=asked.at) as look:
        found = await _rows(look, persons, kinds, limit)
    return window, found


async def _rows(look: Reading, persons: frozenset[int], kinds: int, limit: int) -> Sequence[Row]:
    return await look.rows(persons, kinds=kinds, limit=limit)


async def _window_on(house: House, asked: Asked, resource_type: str, resource_id: str) -> Window:
    """The window for one resource: on its person, whoever that is; on nobody when there is none."""
    async with house.db.transaction() as db:
        person = await _person_of(db, resource_type, resource_id)
        return await open_window(db, asked.actor, person, at=asked.at)


async def _person_of(db: Connection, resource_type: str, resource_id: str) -> int | None:
    await window_sql.open_on(db, window_sql.system_window("finding the person of a record"))
    found = await whereabouts(db, [(resource_type, resource_id)])
    place = found.get((resource_type, resource_id))
    return place.person if place else None
