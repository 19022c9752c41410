"""The ASGI edge in front of both faces: limits, request ids, one answer for every failure, figures and the log.

What is logged: method, route, status, milliseconds and the request's id. Never an address, a search or a body: they
hold names. Failures are logged by class and rule.
"""

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from kakehashi.core.errors import Failure
from kakehashi.faces.access import AccessLog
from kakehashi.faces.api.answer import Answer, Header, of_failure
from kakehashi.faces.api.body import Disconnected, Receive, read_body, too_large
from kakehashi.faces.api.call import Api, Call
from kakehashi.faces.api.cross_origin import Origins, preflight
from kakehashi.faces.api.failures import AddressTooLong, HeadersTooLarge
from kakehashi.faces.api.route import Route, Routes
from kakehashi.faces.api.run import find, run
from kakehashi.faces.api.speech import spoken
from kakehashi.faces.api.told import method_of, told_of
from kakehashi.faces.api.websocket import Sockets
from kakehashi.faces.collecting import Collector
from kakehashi.faces.pulse import Pulse, gauges
from kakehashi.faces.slow import Answered
from kakehashi.faces.watching import Watching

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LONGEST_ADDRESS = 16_384  # bytes of path and query
LARGEST_HEADERS = 65_536  # bytes
_CHUNK = 256 << 10  # bytes of a file that are held at a time
_OURS = re.compile(
    r"/(fhir|oauth(?!/authorize/?$)|sharing|health|metrics|openapi\.json|\.well-known)(/|$)", re.ASCII
)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

log = structlog.get_logger("kakehashi.requests")


class Door:
    """Lets requests in: those of the API are answered here, others go on to the pages (`inner`)."""

    def __init__(self, inner: App, *, api: Api, routes: Routes) -> None:
        self.inner, self.api, self.routes = inner, api, routes
        self.access = AccessLog()
        self.sockets = Sockets(api)
        self.collector = Collector()
        self.watching = Watching.of(api.house.db, api.house.settings)
        self.pulse = Pulse()
        api.figures.gauges(gauges(api.house.db, self.collector, self.pulse))
        self.origins = Origins(api.house.db)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await self.sockets.serve(scope, receive, send)
            return
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        began = time.perf_counter()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        request = _request_id(headers)
        scope["request_id"] = request
        answer = self._api if _OURS.match(scope["path"]) else self._page
        with self.collector.request():
            await answer(scope, receive, send, headers, request, began)

    async def _api(
        self, scope: Scope, receive: Receive, send: Send, headers: dict[str, str], request: str, began: float
    ) -> None:
        call = self._call(scope, receive, headers, request)
        begun, told = self.watching.begin(), None
        try:
            told = await self._answered(scope, send, call, began)
        finally:
            if begun:
                self.watching.done(begun, told, call.header("traceparent"))

    async def _answered(self, scope: Scope, send: Send, call: Call, began: float) -> Answered | None:
        """Answer, and return what is to be told of it; None where nothing is, or nobody is there any more."""
        headers, request = call.headers, call.request
        route: Route | None = None
        cors: tuple[Header, ...] = ()
        try:
            _require_size(scope)
            if origin := headers.get("origin"):
                cors = await self.origins.headers(origin, call.path, at=call.at)
            answered = preflight(cors) if call.method == "OPTIONS" else None
            if answered is None:
                route = find(self.routes, call)
                answered = await run(call, route)
            answer = answered
        except Failure as failure:
            answer = of_failure(failure)
            _note_failure(failure, request)
        except Disconnected:
            return None
        except Exception as fault:
            log.error("fault", kind=type(fault).__name__, request=request)
            answer = of_failure(Failure())
        answer = await spoken(answer, call, same_to_all=route is not None and route.open)
        seconds = time.perf_counter() - began
        self._note(route, call, answer, seconds)
        answer.headers = [*answer.headers, *cors]
        await _sent(send, answer, request, head=call.method == "HEAD")
        return told_of(call, route, answer.status, seconds) if self.watching.is_wanted(seconds) else None

    def _call(self, scope: Scope, receive: Receive, headers: dict[str, str], request: str) -> Call:
        most = self.api.house.settings.max_body_mb << 20
        peer = scope.get("client")
        return Call(
            self.api,
            scope["method"],
            scope["path"],
            self.api.house.clock(),
            scope["query_string"].decode("utf-8", "surrogateescape"),
            headers,
            partial(read_body, receive, headers, most),
            request,
            peer[0] if peer else "",
        )

    def _note(self, route: Route | None, call: Call, answer: Answer, seconds: float) -> None:
        label, path = (route.label, route.path) if route else ("none", "-")
        came, went = _length(call.headers), answer.length if answer.file else len(answer.body)
        self.api.figures.note(label, call.names.get("type", ""), answer.status, seconds, came, went)
        self.access.note("request", call.method, path, answer.status, seconds, call.request, call.at)

    async def _page(
        self, scope: Scope, receive: Receive, send: Send, headers: dict[str, str], request: str, began: float
    ) -> None:
        """Let a page be answered by the web face, under the same limits."""
        status = went = 0
        begun = self.watching.begin()

        async def noting(message: Message) -> None:
            nonlocal status, went
            went += len(message.get("body", b""))
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request.encode())]
            await send(message)

        try:
            _require_size(scope)
            await self.inner(scope, _limited(receive, self.api.house.settings.max_body_mb << 20), noting)
        except Failure as failure:
            if not status:
                status = failure.status
                await _sent(send, of_failure(failure), request, head=False)
        except Exception as fault:
            log.error("fault", kind=type(fault).__name__, request=request)
            if not status:
                status = 500
                await _sent(send, of_failure(Failure()), request, head=False)
        seconds = time.perf_counter() - began
        if begun:
            told = Answered("page", "", method_of(scope["method"]), "-", status, request, seconds)
            self.watching.done(begun, told, headers.get("traceparent", ""))
        self.api.figures.note("page", "", status, seconds, _length(headers), went)
        self.access.note("page", scope["method"], "-", status, seconds, request, self.api.house.clock())


def _limited(receive: Receive, most: int) -> Receive:
    """Return `receive` for a body of `most` bytes at most; more raises TooLarge."""
    length = 0

    async def counting() -> Message:
        nonlocal length
        message = await receive()
        length += len(message.get("body", b""))
        if length > most:
            raise too_large(most)
        return message

    return counting


def _length(headers: Mapping[str, str]) -> int:
    """How long the body is that came, as far as it was said."""
    stated = headers.get("content-length", "")
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 13 else 0


def _request_id(headers: dict[str, str]) -> str:
    given = headers.get("x-request-id", "")
    return given if given and _REQUEST_ID.fullmatch(given) else secrets.token_hex(16)


def _require_size(scope: Scope) -> None:
    if len(scope["path"]) + len(scope["query_string"]) > LONGEST_ADDRESS:
        raise AddressTooLong(rule="http.address")
    if sum(len(name) + len(value) for name, value in scope["headers"]) > LARGEST_HEADERS:
        raise HeadersTooLarge(rule="http.headers")


def _note_failure(failure: Failure, request: str) -> None:
    if failure.status >= 500:
        log.error("failure", kind=type(failure).__name__, rule=failure.problems[0].rule, request=request)


async def _sent(send: Send, answer: Answer, request: str, *, head: bool) -> None:
    headers = [*answer.raw_headers(), (b"x-request-id", request.encode())]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if answer.file and not head:
        await _sent_file(send, answer.file, answer.length)
    else:
        await send({"type": "http.response.body", "body": b"" if head else answer.body})


async def _sent_file(send: Send, path: Path, length: int) -> None:
    """Send the first bytes of a file as they are read; a caller who reads slowly slows the reading."""
    with await asyncio.to_thread(path.open, "rb") as file:
        left = length
        while left > 0:
            some = await asyncio.to_thread(file.read, min(_CHUNK, left))
            if not some:
                raise OSError(
                    f"{left} bytes are missing"
                )  # the connection breaks off: no whole file is made of it
            left -= len(some)
            await send({"type": "http.response.body", "body": some, "more_body": left > 0})
        if not length:
            await send({"type": "http.response.body", "body": b""})
