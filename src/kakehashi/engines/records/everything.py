"""`Patient/$everything`: the whole record of one person over all institutions, as far as the window opens.

Source: https://hl7.org/fhir/R4/patient-operation-everything.html
"""

from collections.abc import Collection
from datetime import datetime

from kakehashi.core.errors import NotFound
from kakehashi.engines.house import House
from kakehashi.engines.records.asked import EVER, Asked, Scene, scene_behind, scene_of
from kakehashi.store.read import Mark, reading
from kakehashi.store.rows import Row
from kakehashi.trust import roles


async def everything(
    house: House,
    asked: Asked,
    patient: str | None,
    *,
    types: Collection[str] = (),
    since: datetime = EVER,
    behind: Mark | None = None,
    limit: int = 100,
) -> list[Row]:
    """Return a page of the record of whom the Patient describes; None: of whom the actor is bound to.

    Patients come first, then the newest. Raises NotFound (also where the Patient may not be seen), Refused,
    Unavailable.
    """
    roles.require(asked.actor, "read", resource_type="" if not types else min(types))
    for one in types:
        roles.require(asked.actor, "read", resource_type=one)
    scene = await _scene(house, asked, patient)
    note = asked.note("export", "Patient/$everything", scene.window)
    async with reading(house.db, scene.window, note, at=asked.at) as look:
        if patient is not None:
            await look.require("Patient", patient)
        return await look.everything(
            scene.persons or (), types=types, behind=behind, limit=limit, since=since
        )


async def _scene(house: House, asked: Asked, patient: str | None) -> Scene:
    if patient is not None:
        return await scene_behind(house, asked, patient)
    if asked.actor.person is None:
        raise NotFound
    return await scene_of(house, asked, asked.actor.person)
