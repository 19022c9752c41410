"""`$meta` over many resources: which profiles, tags and labels are in use among what the actor sees.

There is no index of them: the resources are read, so there may not be too many.
Source: https://hl7.org/fhir/R4/resource-operation-meta.html
"""

from kakehashi.core.errors import TooCostly
from kakehashi.engines.house import House
from kakehashi.engines.records.asked import Asked, scene_on
from kakehashi.store.read import reading
from kakehashi.store.rows import Row
from kakehashi.trust import roles

MOST = 2_000  # resources looked through


async def looked_through(house: House, asked: Asked, resource_type: str | None) -> list[Row]:
    """Return the resources of a type (None: of all) that the actor sees. Raises Refused, TooCostly, Unavailable."""
    roles.require(asked.actor, "read", resource_type=resource_type or "")
    scene = await scene_on(house, asked, ())
    note = asked.note("search", f"{resource_type or 'all'}/$meta", scene.window)
    async with reading(house.db, scene.window, note, at=asked.at) as look:
        rows = await look.living(resource_type, limit=MOST + 1)
        if len(rows) > MOST:
            raise TooCostly(
                f"対象が {MOST} 件を超えます。型か id を指定してください。",
                f"There are more than {MOST} resources; name a type, or one by its id.",
                rule="meta.size",
            )
    return rows
