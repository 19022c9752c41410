"""The store's resources for a view, page by page: each page is read through the window, logged, and only then used.

What is there is what a search of the type by the same actor would find: an institution's system has its own records,
a person their own over all institutions. Who may not carry records away (`export`) is refused.
"""

from collections.abc import AsyncIterator
from datetime import datetime

from kakehashi.engines.house import House
from kakehashi.engines.records.asked import EVER, Asked, scene_on
from kakehashi.store.read import FIRST, reading
from kakehashi.store.rows import Row
from kakehashi.trust import roles

PAGE = 1_000  # resources


async def stored(
    house: House,
    asked: Asked,
    resource_type: str,
    *,
    patient: str | None = None,
    since: datetime = EVER,
    page: int = PAGE,
) -> AsyncIterator[list[Row]]:
    """Yield the current resources of a type that the actor may see, by person. Raises Refused, NotFound, Unavailable.

    `patient`: id of a Patient; only what is about them (NotFound where there is none to be seen). `since`: only what
    was stored then or later.
    """
    roles.require(asked.actor, "export", resource_type=resource_type)
    scene = (await scene_on(house, asked, [patient] if patient else [])).exporting()
    after, first = FIRST, patient
    while True:
        note = asked.note("export", resource_type, scene.window)
        async with reading(house.db, scene.window, note, at=asked.at) as look:
            if first:
                await look.require("Patient", first)
                first = None
            rows = await look.every_of(resource_type, after, persons=scene.persons, since=since, limit=page)
        if rows:
            yield rows
        if len(rows) < page:
            return
        after = (rows[-1].person, rows[-1].rid)
