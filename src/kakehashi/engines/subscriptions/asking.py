"""The operations on subscriptions: `$status`, `$events` and the address of the websocket.

Source: https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/operations.html
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kakehashi.core.errors import Failure, NotFound
from kakehashi.engines.house import House
from kakehashi.engines.records.asked import Asked
from kakehashi.engines.records.look import read
from kakehashi.engines.subscriptions import telling
from kakehashi.engines.subscriptions.notices import Heading, Json, notification, status_of
from kakehashi.engines.subscriptions.orders import Content, Order, order_of
from kakehashi.fhir.parse import parse
from kakehashi.store import subscriptions
from kakehashi.store.reach import Reach
from kakehashi.store.subscriptions import Held

MOST_EVENTS = 100  # of one answer
_END = 2**62


@dataclass(frozen=True, slots=True)
class Found:
    """A subscription that the caller may see: its resource, and what is worked (None: it never ran)."""

    id: str
    order: Order
    held: Held | None

    def heading(self, house: House) -> Heading:
        """Return what answers about it say of it."""
        if self.held is not None:
            return telling.heading_of(house, self.held, self.order)
        return Heading(f"{house.settings.public_url}/fhir", self.id, self.order.topic, self.order.status, 0)


async def find(house: House, asked: Asked, name: str) -> Found:
    """Return a subscription that the caller may read. Raises NotFound, Gone, Refused."""
    row = await read(house, asked, "Subscription", name)
    async with subscriptions.reaching(house.db, _own(asked)) as db:
        held = await subscriptions.one(db, name)
    return Found(name, order_of(parse(row.body).tree), held)


async def statuses(
    house: House, asked: Asked, names: Sequence[str], wanted: Sequence[str]
) -> list[tuple[str, Json]]:
    """Return (id, SubscriptionStatus) of those the caller may read, of these states only where some are named."""
    told = []
    for name in names:
        try:
            found = await find(house, asked, name)
        except Failure as failure:
            if failure.status in (404, 410):
                continue
            raise
        heading = found.heading(house)
        if not wanted or heading.status in wanted:
            told.append((name, status_of(heading, "query-status")))
    return told


async def events(
    house: House, asked: Asked, name: str, *, since: int, until: int | None, content: Content | None
) -> bytes:
    """Return a Bundle of events after `since` and up to `until`, as the caller may see them now; a hundred at most."""
    found = await find(house, asked, name)
    if found.held is None:
        raise NotFound
    async with subscriptions.reaching(house.db, _own(asked)) as db:
        listed = await subscriptions.events(
            db, name, after=since, until=_END if until is None else until, limit=MOST_EVENTS
        )
    shown = await telling.shown_to(house, asked.actor, name, listed, at=asked.at)
    return notification(telling.heading_of(house, found.held, found.order, content), "query-event", shown)


async def require_own(house: House, asked: Asked, name: str) -> Held:
    """Return a running websocket subscription of the caller itself. Raises NotFound.

    What is sent over it is what its subscriber may see: no one else listens in, not of the same institution either.
    """
    async with subscriptions.reaching(house.db, _own(asked)) as db:
        held = await subscriptions.one(db, name)
    if (
        held is None
        or held.subject != asked.actor.subject
        or held.channel != "websocket"
        or held.status == "off"
    ):
        raise NotFound
    return held


def _own(asked: Asked) -> Reach:
    return subscriptions.of_institution(asked.actor.institution.key)
