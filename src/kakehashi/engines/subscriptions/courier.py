"""Delivery: handshakes, events and heartbeats to the subscribers' addresses, with retries, by one server at a time.

Of one subscription things go out one after the other, in the order of their numbers; what was not taken comes again
with the same number before anything later does. Subscriptions do not wait for each other.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog

from kakehashi.core.errors import Failure
from kakehashi.engines.house import House
from kakehashi.engines.subscriptions import noticing, states, telling
from kakehashi.engines.subscriptions.notices import Shown, notification
from kakehashi.engines.subscriptions.orders import JSON, XML, Order, heartbeat_due, order_of
from kakehashi.engines.subscriptions.telling import Stopped, heading_of
from kakehashi.fhir.parse import parse
from kakehashi.fhir.xml import xml_of
from kakehashi.store import reach, subscriptions
from kakehashi.store.database import Connection
from kakehashi.store.reach import EVERY_SUBSCRIPTION
from kakehashi.store.subscriptions import Held
from kakehashi.trust.outbound import Outbound, Unsent

MOST_FAILURES = 12  # in a row; then it is in error. With the waits below: about three quarters of an hour
LONGEST_WAIT = 900  # seconds
AT_ONCE = 32  # deliveries under way
KEPT = timedelta(days=7)  # events, told or not
_BREATH = 0.2  # seconds between looks for new work

log = structlog.get_logger("kakehashi.subscriptions")


def wait_after(failures: int) -> timedelta:
    """Return how long to wait after so many failures in a row: 1, 2, 4, … seconds, a quarter of an hour at most.

    >>> [wait_after(n).seconds for n in (1, 2, 5, 30)]
    [1, 2, 16, 900]
    """
    return timedelta(seconds=min(LONGEST_WAIT, 2 ** min(failures - 1, 16)))


@dataclass
class Courier:
    """Delivers for a house, through `outbound`."""

    house: House
    outbound: Outbound
    _under_way: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _broken: list[Held] = field(default_factory=list)

    async def work(self) -> bool:
        """Notice and deliver until nothing is left to do for now; say whether this server was the one to do it."""
        async with subscriptions.the_one_worker(self.house.db) as connection:
            if connection is None:
                return False
            async with connection.transaction():
                await reach.open_on(connection, EVERY_SUBSCRIPTION)
                running = await subscriptions.running(connection)
            if not running:
                return True
            try:
                while await self._round(connection):
                    if under_way := list(self._under_way.values()):
                        await asyncio.wait(under_way, timeout=_BREATH, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await self._end()
        return True

    async def rest(self, at: datetime) -> None:
        """Pass over changes while nobody subscribes, and let go of old events."""
        await subscriptions.skip(self.house.db)
        async with subscriptions.reaching(self.house.db, EVERY_SUBSCRIPTION) as tx:
            await subscriptions.tidy(tx, at - KEPT)

    async def _round(self, connection: Connection) -> bool:
        """One look for work; say whether there is any. `connection` is what makes this server the one."""
        at = self.house.clock()
        while self._broken:
            await self._again(self._broken.pop(), "hook.fault", at)
        more = await noticing.notice(self.house, at=at)
        async with connection.transaction():
            await reach.open_on(connection, EVERY_SUBSCRIPTION)
            due = await subscriptions.due(connection, at)
        for held in due:
            if held.id not in self._under_way and len(self._under_way) < AT_ONCE:
                task = self._under_way[held.id] = asyncio.create_task(self._deliver(held), name=held.id)
                task.add_done_callback(partial(self._over, held))
        return more or bool(due) or bool(self._under_way)

    def _over(self, held: Held, done: asyncio.Task[None]) -> None:
        """A delivery ended. One that broke is put off like one that was not taken: it must not come again at once."""
        del self._under_way[held.id]
        if not done.cancelled() and (fault := done.exception()) is not None:
            log.error("delivery failed", kind=type(fault).__name__)
            self._broken.append(held)

    async def _end(self) -> None:
        left = list(self._under_way.values())
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _deliver(self, held: Held) -> None:
        """Do what is due for one subscription. What is not foreseen here ends this delivery alone (`_over`)."""
        at = self.house.clock()
        try:
            order = order_of(parse(held.definition).tree)
            if held.ends_at is not None and held.ends_at <= at:
                await self._become(held, "off", at)
            elif held.status == "requested":
                await self._begin(held, order, at)
            else:
                await self._tell(held, order, at)
        except Unsent as unsent:
            await self._again(held, unsent.why, at)
        except Stopped:
            await self._become(held, "error", at, Stopped.default_en)
        except Failure as failure:
            await self._again(held, failure.problems[0].rule, at)

    async def _begin(self, held: Held, order: Order, at: datetime) -> None:
        """Shake hands, where the subscriber expects it, and become active."""
        await telling.subscriber(self.house, held)
        if order.channel == "rest-hook" and order.topic:
            bundle = notification(heading_of(self.house, held, order), "handshake")
            await self._post(order, bundle)
        elif order.channel == "rest-hook":
            await self.outbound.reach(order.endpoint)
        await self._become(held, "active", at)

    async def _tell(self, held: Held, order: Order, at: datetime) -> None:
        most = order.most if order.topic else 1
        async with subscriptions.reaching(self.house.db, EVERY_SUBSCRIPTION) as db:
            events = await subscriptions.events(db, held.id, after=held.sent, until=held.events, limit=most)
        actor = await telling.subscriber(self.house, held)
        shown = await telling.shown_to(self.house, actor, held.id, events, at=at)
        if order.topic and (shown or heartbeat_due(order.heartbeat, held.told_at, at)):
            kind = "event-notification" if shown else "heartbeat"
            await self._post(order, notification(heading_of(self.house, held, order), kind, shown))
        for one in () if order.topic else shown:
            await self._plain(order, one)
        upto = events[-1].number if events else held.events  # what waited longer than events are kept is gone
        async with subscriptions.reaching(self.house.db, EVERY_SUBSCRIPTION) as tx:
            await subscriptions.sent(tx, held, upto, self.house.clock())

    async def _plain(self, order: Order, one: Shown) -> None:
        """R4's own kind: a POST without content, or the resource put under its address."""
        if one.row is None:
            return
        headers = dict(order.headers)
        if not order.payload:
            await self.outbound.send("POST", order.endpoint, b"", headers)
            return
        body = one.row.body if order.payload == JSON else xml_of(one.row.body)
        headers["content-type"] = f"{order.payload}; charset=utf-8"
        await self.outbound.send("PUT", f"{order.endpoint.rstrip('/')}/{one.address}", body, headers)

    async def _post(self, order: Order, bundle: bytes) -> None:
        form = XML if order.payload == XML else JSON
        body = xml_of(bundle) if form == XML else bundle
        headers = {**dict(order.headers), "content-type": f"{form}; charset=utf-8"}
        await self.outbound.send("POST", order.endpoint, body, headers)

    async def _again(self, held: Held, why: str, at: datetime) -> None:
        """Try again later, and after too many failures in a row say so and stop."""
        log.warning("subscriber not reached", rule=why, failures=held.failures + 1)
        if held.failures + 1 >= MOST_FAILURES:
            await self._become(held, "error", at, why)
            return
        async with subscriptions.reaching(self.house.db, EVERY_SUBSCRIPTION) as tx:
            await subscriptions.failed(tx, held, why, at + wait_after(held.failures + 1))

    async def _become(self, held: Held, status: str, at: datetime, error: str = "") -> None:
        """Set the state. Where its owner was faster, what they wrote is worked next; this one is left for later."""
        if await states.become(self.house, held, status, at=at, error=error) is None:
            async with subscriptions.reaching(self.house.db, EVERY_SUBSCRIPTION) as tx:
                await subscriptions.failed(tx, held, error, at + timedelta(seconds=LONGEST_WAIT))
