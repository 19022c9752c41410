"""`$everything`: the whole record of one person over all institutions, or what belongs to one visit.

As far as the window opens. Sources: https://hl7.org/fhir/R4/patient-operation-everything.html,
https://hl7.org/fhir/R4/encounter-operation-everything.html
"""

from collections.abc import Collection
from datetime import datetime

from kakehashi.core.errors import NotFound
from kakehashi.engines.house import House
from kakehashi.engines.records.asked import EVER, NEVER, Asked, Scene, scene_behind, scene_of, window_on
from kakehashi.fhir.definitions import load
from kakehashi.fhir.indexing.parameters import parameter
from kakehashi.search.plan import HasId, Include, Query
from kakehashi.store.read import Mark, Period, reading
from kakehashi.store.rows import Row
from kakehashi.trust import roles


async def everything(
    house: House,
    asked: Asked,
    patient: str | None,
    *,
    types: Collection[str] = (),
    since: datetime = EVER,
    during: Period = (EVER, NEVER),
    behind: Mark | None = None,
    limit: int = 100,
) -> list[Row]:
    """Return a page of the record of whom the Patient describes; None: of whom the actor is bound to.

    Patients come first, then the newest. `during`: of the rest, what happened in a period.
    Raises NotFound (also where the Patient may not be seen), Refused, Unavailable.
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
            scene.persons or (), types=types, behind=behind, limit=limit, since=since, during=during
        )


async def _scene(house: House, asked: Asked, patient: str | None) -> Scene:
    if patient is not None:
        return await scene_behind(house, asked, patient)
    if asked.actor.person is None:
        raise NotFound
    return await scene_of(house, asked, asked.actor.person)


async def of_encounter(
    house: House, asked: Asked, encounter: str, *, types: Collection[str] = (), since: datetime = EVER
) -> list[Row]:
    """Return a visit, what it refers to and what refers to it. Raises NotFound, Gone, Refused, TooCostly, Unavailable.

    `types`: only these; `since`: only what was stored then or later. Only what is returned is logged as seen.
    """
    for one in types or ("Encounter",):
        roles.require(asked.actor, "read", resource_type=one)
    window = await window_on(house, asked, "Encounter", encounter)
    members = load().compartments["Encounter"].members
    pointing = tuple(
        Include(kind, found)
        for kind, codes in members.items()
        for code in codes
        if (found := parameter(kind, code))
    )
    query = Query(
        "Encounter", HasId((encounter,)), include=(Include("Encounter", None),), revinclude=pointing
    )
    async with reading(
        house.db, window, asked.note("export", "Encounter/$everything", window), at=asked.at
    ) as look:
        await look.require("Encounter", encounter)
        found_all = await look.search(
            query, included=lambda kind: roles.permits(asked.actor, "read", resource_type=kind)
        )
        rows = [
            row for row in (*found_all.rows, *found_all.included)
            if row.changed_at >= since and (not types or row.type in types)
        ]  # fmt: skip
        look.seen = [row.seen for row in rows]
    return rows
