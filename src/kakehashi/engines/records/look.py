"""The way out: open the window, read through it, log, and only then show.

Without a person in mind an institution sees its own records. Where the record asked for is another
institution's, the window on its person is opened and asked again: a record that may not be seen and one that
does not exist take the same steps and give the same answer.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from kakehashi.core.actors import Actor
from kakehashi.core.errors import NotFound
from kakehashi.core.window import Window
from kakehashi.engines.house import House
from kakehashi.engines.records.asked import (
    EVER,
    NEVER,
    Asked,
    bound,
    own_window,
    scene_of,
    scene_on,
    window_on,
)
from kakehashi.store.read import MANY, Changes, Period, read_one, reading
from kakehashi.store.read_record import read_record
from kakehashi.store.rows import Row
from kakehashi.trust import roles

__all__ = ["Asked", "Looked", "changes", "history", "read", "record", "version"]

_LATEST = 2**31 - 1  # above every version


class Looked(NamedTuple):
    """A look at one person's record. `consented`: the kinds that live consents to who looks name, opened or not."""

    window: Window
    rows: Sequence[Row]
    consented: int


async def read(house: House, asked: Asked, resource_type: str, resource_id: str) -> Row:
    """Return a current resource. Raises NotFound, Gone, Refused, Unavailable."""
    own = _readable(asked.actor, resource_type)
    if own is not None:
        window = own
        note = asked.note("read", resource_type, window)
        try:
            return await read_one(house.db, window, note, resource_type, resource_id, at=asked.at, again=True)
        except NotFound:
            pass
    window = await window_on(house, asked, resource_type, resource_id)
    note = asked.note("read", resource_type, window)
    return await read_one(house.db, window, note, resource_type, resource_id, at=asked.at)


@lru_cache(maxsize=4096)
def _readable(actor: Actor, resource_type: str) -> Window | None:
    """Return the window of an unbound actor who may read the type, None for a bound one or one with a narrowed window,
    whom a single look answers. Raises Refused.

    Kept, because reads by id are many and neither role nor own window changes during an actor's life.
    """
    roles.require(actor, "read", resource_type=resource_type)
    if bound(actor):
        return None
    window = own_window(actor)
    return None if window.narrowed else window


async def version(house: House, asked: Asked, resource_type: str, resource_id: str, number: int) -> Row:
    """Return one version of a resource. Raises NotFound, Gone, Refused, Unavailable."""
    roles.require(asked.actor, "read", resource_type=resource_type)
    window = await window_on(house, asked, resource_type, resource_id)
    async with reading(house.db, window, asked.note("vread", resource_type, window), at=asked.at) as look:
        return await look.version(resource_type, resource_id, number)


async def history(
    house: House,
    asked: Asked,
    resource_type: str,
    resource_id: str,
    *,
    limit: int = MANY,
    below: int = _LATEST,
    since: datetime = EVER,
    during: Period | None = None,
) -> list[Row]:
    """Return the versions of a resource under `below`, newest first. Raises NotFound, Refused, Unavailable.

    `since`: not older; `during`: only those in force at some moment of a period.
    """
    roles.require(asked.actor, "history", resource_type=resource_type)
    window = await window_on(house, asked, resource_type, resource_id)
    async with reading(house.db, window, asked.note("history", resource_type, window), at=asked.at) as look:
        return await look.history(
            resource_type, resource_id, limit=limit, below=below, since=since, during=during
        )


async def changes(
    house: House,
    asked: Asked,
    resource_type: str | None = None,
    *,
    since: datetime = EVER,
    during: Period | None = None,
    behind: tuple[int, str, str, int] | None = None,
    limit: int = 100,
) -> Changes:
    """Return a page of the history of a type (None: of all), newest first, of what the actor sees by itself.

    `behind`: person, type, id and version of the last one of the page before, be it seen still or not. That names a
    place without telling how much else was written. Raises NotFound, Refused, Unavailable.
    """
    roles.require(asked.actor, "history", resource_type=resource_type or "")
    scene = await scene_on(house, asked, ())
    note = asked.note("history", resource_type or "all", scene.window)
    async with reading(house.db, scene.window, note, at=asked.at) as look:
        if behind is None:
            return await look.changes(resource_type, limit=limit, since=since, during=during)
        before = await look.place_of(*behind)
        return await look.changes(resource_type, limit=limit, before=before, since=since, during=during)


async def record(
    house: House,
    asked: Asked,
    person: int,
    *,
    kinds: int,
    always: int = 0,
    before: datetime = NEVER,
    since: datetime = EVER,
    action: str = "view",
    limit: int = MANY,
) -> Looked:
    """Return a person's record as far as the window opens, newest first.

    `since`, `before` and `limit` cut `kinds` only: what is in `always` (an allergy of ten years ago) comes whole, and
    first. Raises Refused, Unavailable.
    """
    roles.require(asked.actor, "read")
    scene = await scene_of(house, asked, person)
    rows = await read_record(
        house.db,
        scene.window,
        asked.note(action, "record", scene.window),
        scene.persons or (),
        always=always,
        wanted=kinds & ~always,
        since=since,
        before=before,
        limit=limit,
        at=asked.at,
    )
    return Looked(scene.window, rows, scene.consented)
