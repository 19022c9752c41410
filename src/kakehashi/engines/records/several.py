"""Many resources by id at once: in one look what the own window shows, in further ones what needs windows on persons.

What is found is what reading each by itself would find; what is not there and what may not be seen are both left out.
"""

from collections.abc import Collection, Iterator

from kakehashi.engines.house import House
from kakehashi.engines.records.asked import Asked, Scene, bound, own_window, scene_around
from kakehashi.store.read import reading
from kakehashi.store.rows import Row
from kakehashi.trust import roles

Key = tuple[str, str]  # type, id
_PERSONS = 50  # resources of whom windows are opened together: each window makes the statement longer


async def several(house: House, asked: Asked, keys: Collection[Key]) -> dict[Key, Row]:
    """Return the current resources of these (type, id) that the actor sees. Raises Unavailable.

    Types that the actor may not read are as if not there; ask `roles` first where that shall be told.
    """
    wanted = {key for key in keys if roles.permits(asked.actor, "read", resource_type=key[0])}
    found: dict[Key, Row] = {}
    if wanted and not bound(asked.actor):
        found = await _looked(house, asked, Scene(own_window(asked.actor)), wanted)
    for part in _parts(sorted(wanted - found.keys())):
        found |= await _looked(house, asked, await scene_around(house, asked, part), part)
    return found


async def _looked(house: House, asked: Asked, scene: Scene, keys: Collection[Key]) -> dict[Key, Row]:
    what = ",".join(sorted({kind for kind, _ in keys}))
    async with reading(house.db, scene.window, asked.note("read", what, scene.window), at=asked.at) as look:
        rows = await look.include(keys)
    return {(row.type, row.id): row for row in rows}


def _parts(keys: list[Key]) -> Iterator[list[Key]]:
    for start in range(0, len(keys), _PERSONS):
        yield keys[start : start + _PERSONS]
