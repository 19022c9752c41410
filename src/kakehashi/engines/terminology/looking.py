"""The frame of every terminology operation: rights, the window, the log, and keeping what had to be made."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kakehashi.engines.house import House
from kakehashi.engines.records.asked import Asked, scene_on
from kakehashi.engines.terminology.keeping import keep_late
from kakehashi.engines.terminology.world import World
from kakehashi.store.read import reading
from kakehashi.trust import roles


@asynccontextmanager
async def looking(house: House, asked: Asked, action: str, *types: str) -> AsyncIterator[World]:
    """Yield terminology as the caller sees it; on leaving, what was used of it is logged.

    types: the resource types that the operation may look into; the caller must be allowed to read each of them. Raises
    Refused, Unavailable.
    """
    for one in types:
        roles.require(asked.actor, "read", resource_type=one)
    scene = await scene_on(house, asked, ())
    note = asked.note("terminology", f"{types[0]}/{action}", scene.window)
    async with reading(house.db, scene.window, note, at=asked.at) as look:
        world = World(house, look)
        yield world
    await keep_late(house.db, world.made)
