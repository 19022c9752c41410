"""What a subscriber may see of events now: the window is opened at the moment of telling, and the look is logged.

Whoever may not act any more gets nothing at all. An event whose resource they may not see any more keeps its number
and tells nothing else, so that nobody looks for what is not missing.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from kakehashi.core.actors import Actor
from kakehashi.core.errors import NotFound, Refused
from kakehashi.core.logentry import Note
from kakehashi.core.window import NOTHING, Window
from kakehashi.engines.house import House
from kakehashi.engines.subscriptions import standing
from kakehashi.engines.subscriptions.notices import Heading, Shown
from kakehashi.engines.subscriptions.orders import Content, Order
from kakehashi.store.feed import Change
from kakehashi.store.read import Reading, reading
from kakehashi.store.rows import Row
from kakehashi.store.subscriptions import Event, Held
from kakehashi.trust import roles


class Stopped(Refused):
    """The subscriber may not act any more."""

    default_ja = "購読した機関・システムは、いま利用できません。"
    default_en = "The subscriber may not act any more."


async def subscriber(house: House, held: Held) -> Actor:
    """Return who is told, as they stand now. Raises Stopped."""
    async with house.db.connection() as db:
        actor = await standing.actor_of(db, held, at=house.clock())
    if actor is None:
        raise Stopped(rule="subscription.stopped")
    return actor


async def shown_to(
    house: House, actor: Actor, name: str, events: Sequence[Event], *, at: datetime
) -> list[Shown]:
    """Return what an actor may see of some events of the subscription `name` now; logged as "notify" by then."""
    if not events:
        return []
    window = await _window(house, actor, sorted({one.person for one in events}), at=at)
    types = sorted({one.type for one in events})
    note = Note(actor, "notify", ",".join(types), window.because, f"Subscription/{name}")
    may = {kind for kind in types if roles.permits(actor, "search", resource_type=kind)}
    async with reading(house.db, window, note, at=at) as look:
        return [Shown(one, await _row(look, one) if one.type in may else None) for one in events]


def heading_of(house: House, held: Held, order: Order, content: Content | None = None) -> Heading:
    """Return what notifications of a subscription say of it."""
    return Heading(
        f"{house.settings.public_url}/fhir", held.id, order.topic, held.status, held.events,
        order.content if content is None else content, held.error,
    )  # fmt: skip


async def _window(house: House, actor: Actor, persons: Sequence[int], *, at: datetime) -> Window:
    whole = NOTHING
    async with house.db.connection() as db:
        for person in persons:
            one = await standing.window_of(db, actor, person, at=at)
            whole = one if whole is NOTHING else whole.joined(one)
    because = "+".join(dict.fromkeys(whole.because.split("+")))
    return replace(whole.each_once(), because=because)


async def _row(look: Reading, event: Event) -> Row | None:
    """The version that an event tells of, if it and what became of it may be seen now."""
    try:
        if event.change is Change.DELETED:
            newest = (await look.history(event.type, event.id, limit=1))[0]
            return newest if newest.version == event.version and newest.deleted else None
        found = await look.history(event.type, event.id, limit=1, below=event.version + 1)
    except NotFound:
        return None
    return found[0] if found[0].version == event.version and not found[0].deleted else None
