"""The websocket of subscriptions: R4's `bind <id>` and `ping <id>`, the backport's `bind-with-token` and Bundles.

Who binds is the subscriber itself: by a token of `$get-ws-binding-token`, or by the bearer token of the upgrade.
What is told is made as for a rest-hook: through the window of that moment, and logged first.
Sources: https://hl7.org/fhir/R4/subscription.html, https://asgi.readthedocs.io/en/latest/specs/www.html#websocket
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from kakehashi.core.errors import Failure, NotFound
from kakehashi.engines.subscriptions import telling
from kakehashi.engines.subscriptions.notices import notification
from kakehashi.engines.subscriptions.orders import XML, Order, heartbeat_due, order_of
from kakehashi.engines.subscriptions.telling import heading_of
from kakehashi.faces.api import binding
from kakehashi.faces.api.binding import Bound
from kakehashi.faces.api.body import Receive
from kakehashi.faces.api.call import Api, Call
from kakehashi.faces.api.run import sign_in
from kakehashi.fhir.parse import parse
from kakehashi.fhir.xml import xml_of
from kakehashi.store import subscriptions
from kakehashi.store.subscriptions import Held

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

MOST = 500  # sockets of one process
MOST_BOUND = 20  # subscriptions of one socket
LONGEST = 10_000  # characters of what a client says
UNBOUND = 30.0  # seconds that a socket may stay without a subscription
_LOOK = 0.5  # seconds between looks for events
_NORMAL, _REFUSED, _TOO_LONG, _BUSY = 1000, 1008, 1009, 1013  # RFC 6455, 7.4.1

log = structlog.get_logger("kakehashi.websocket")


class Sockets:
    """All sockets of one process."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._open = 0

    async def serve(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection for as long as it lasts."""
        await receive()  # websocket.connect
        if scope["path"] != binding.PATH or self._open >= MOST:
            await send({"type": "websocket.close", "code": _BUSY})
            return
        self._open += 1
        try:
            await _Socket(self._api, send, await self._signed(scope)).run(receive)
        except Failure:
            await send({"type": "websocket.close", "code": _REFUSED})
        except Exception as fault:  # the other side went while we were telling it
            log.info("websocket ended", kind=type(fault).__name__)
        finally:
            self._open -= 1

    async def _signed(self, scope: Message) -> Bound | None:
        """Who speaks, by the bearer token of the upgrade; None where there is none. Raises Unauthenticated."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if not headers.get("authorization"):
            return None
        peer = scope.get("client")
        call = Call(
            self._api,
            "GET",
            scope["path"],
            self._api.house.clock(),
            headers=headers,
            peer=peer[0] if peer else "",
        )
        await sign_in(call)
        return Bound(call.actor.subject, call.actor.institution.key, ())


@dataclass
class _Told:
    """How far one subscription, of an institution, was told over this socket."""

    institution: int
    number: int
    at: datetime


@dataclass
class _Socket:
    """One connection."""

    api: Api
    send: Send
    signed: Bound | None
    bound: dict[str, _Told] = field(default_factory=dict)
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    began: float = field(default_factory=time.monotonic)

    async def run(self, receive: Receive) -> None:
        await self.send({"type": "websocket.accept"})
        reader = asyncio.create_task(self._listen(receive))
        try:
            code = await self._told(reader)
        except Failure:  # the subscriber may not act any more, or the store is out of reach
            code = _REFUSED
        finally:
            reader.cancel()  # before the end: a server may not close what is still being read
            await asyncio.wait([reader], timeout=_LOOK)
        if code is not None:
            await self._close(code)

    async def _told(self, reader: asyncio.Task[int | None]) -> int | None:
        """Tell until the client goes (None), or must go (the code to close with)."""
        while not reader.done():
            if not await self._tell_all():
                return _NORMAL
            await asyncio.wait([reader], timeout=_LOOK)
        return reader.result()

    async def _listen(self, receive: Receive) -> int | None:
        """Take what the client says until it goes (None) or must go (the code to close with)."""
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return None
            text = message.get("text") or (message.get("bytes") or b"").decode("utf-8", "replace")
            if len(text) > LONGEST:
                return _TOO_LONG
            try:
                await self._said(text.strip())
            except NotFound:
                return _REFUSED

    async def _said(self, text: str) -> None:
        """Bind what is asked for. Raises NotFound for what is not the caller's to bind, or no word of ours."""
        word, _, rest = text.partition(" ")
        at = self.api.house.clock()
        if word == "bind-with-token":
            whose = binding.opened(self.api.seals, rest.strip(), at=at)
            for name in whose.names:
                await self._bind(whose, name, at)
        elif word == "bind" and self.signed is not None:
            await self._bind(self.signed, rest.strip(), at)
            await self._text(f"bound {rest.strip()}")
        else:
            raise NotFound

    async def _bind(self, whose: Bound, name: str, at: datetime) -> None:
        held = await self._held(name, whose.institution)
        if held is None or not _runs(held) or held.subject != whose.subject or len(self.bound) >= MOST_BOUND:
            raise NotFound
        order = order_of(parse(held.definition).tree)
        if order.topic:
            await self._bundle(order, notification(heading_of(self.api.house, held, order), "handshake"))
        self.bound[name] = _Told(whose.institution, held.sent, at)

    async def _tell_all(self) -> bool:
        """Tell what there is; say whether the socket has anything to wait for."""
        for name, told in list(self.bound.items()):
            held = await self._held(name, told.institution)
            if held is None or not _runs(held):
                del self.bound[name]
                if not self.bound:
                    return False
            elif held.status == "active":
                await self._tell(held, told)
        return bool(self.bound) or time.monotonic() - self.began < UNBOUND

    async def _tell(self, held: Held, told: _Told) -> None:
        house, at = self.api.house, self.api.house.clock()
        order = order_of(parse(held.definition).tree)
        actor = await telling.subscriber(house, held)  # looked at also while nothing happens
        beat = order.topic and heartbeat_due(order.heartbeat, told.at, at)
        if held.events <= told.number and not beat:
            return
        async with subscriptions.reaching(house.db, subscriptions.of_institution(held.institution)) as db:
            events = await subscriptions.events(
                db, held.id, after=told.number, until=held.events, limit=order.most
            )
        shown = await telling.shown_to(house, actor, held.id, events, at=at)
        if order.topic and (shown or beat):
            kind = "event-notification" if shown else "heartbeat"
            await self._bundle(order, notification(heading_of(house, held, order), kind, shown))
        elif any(one.row is not None for one in shown):
            await self._text(f"ping {held.id}")
        told.number, told.at = (events[-1].number if events else held.events), at
        async with subscriptions.reaching(house.db, subscriptions.of_institution(held.institution)) as tx:
            await subscriptions.sent(tx, held, told.number, at)

    async def _held(self, name: str, institution: int) -> Held | None:
        async with subscriptions.reaching(self.api.house.db, subscriptions.of_institution(institution)) as db:
            return await subscriptions.one(db, name)

    async def _bundle(self, order: Order, body: bytes) -> None:
        await self._text((xml_of(body) if order.payload == XML else body).decode())

    async def _text(self, text: str) -> None:
        async with self.sending:
            await self.send({"type": "websocket.send", "text": text})

    async def _close(self, code: int) -> None:
        async with self.sending:
            await self.send({"type": "websocket.close", "code": code})


def _runs(held: Held) -> bool:
    return held.channel == "websocket" and held.status in ("requested", "active")
