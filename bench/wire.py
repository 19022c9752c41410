"""A small HTTP/1.1 client on one kept-alive connection: requests as ready bytes, answers as status and body.

No library stands here on purpose: httpx and aiohttp spend as much processor time on a request as the server does,
and on a machine of few cores that time would be measured as the server's. Source: RFC 9112.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

_HEADERS_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Target:
    """A server's base address, taken apart."""

    host: str
    port: int
    secure: bool
    path: str

    @classmethod
    def of(cls, base: str) -> "Target":
        """Take `http://host:port/path` apart."""
        url = urlsplit(base)
        secure = url.scheme == "https"
        return cls(url.hostname or "", url.port or (443 if secure else 80), secure, url.path.rstrip("/"))


def request(target: Target, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """Return the bytes of a request; `path` begins with / and stands below the target's own path."""
    lines = [f"{method} {target.path}{path} HTTP/1.1", f"host: {target.host}:{target.port}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body or method in ("POST", "PUT"):
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


class Wire(asyncio.Protocol):
    """One connection; one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._waiting: asyncio.Future[Answer] | None = None

    @classmethod
    async def open(cls, target: Target) -> "Wire":
        """Connect. Raises OSError."""
        context = ssl.create_default_context() if target.secure else None
        loop = asyncio.get_running_loop()
        _, wire = await loop.create_connection(cls, target.host, target.port, ssl=context)
        return wire

    @property
    def usable(self) -> bool:
        """Whether another request can be sent: servers may end a connection after an answer (Tomcat's hundredth)."""
        return self._transport is not None and not self._transport.is_closing()

    async def send(self, ready: bytes) -> Answer:
        """Send a request and return its answer. Raises ConnectionError when the server hangs up."""
        if self._transport is None or not self.usable:
            raise ConnectionResetError("the server hung up")
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(ready)
        return await self._waiting

    def close(self) -> None:
        """Hang up."""
        if self._transport:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one without saying so

    def data_received(self, data: bytes) -> None:
        """Called by the loop: answer the one who waits as soon as the answer is whole."""
        self._buffer += data
        if self._waiting and (answer := _whole(self._buffer)):
            self._buffer.clear()
            if header(answer.headers, b"connection").lower() == b"close":
                self.close()
            self._waiting.set_result(answer)
            self._waiting = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(ConnectionResetError("the server hung up"))


def _whole(buffer: bytearray) -> Answer | None:
    """Return the answer in the buffer, None while a part of it is missing."""
    end = buffer.find(_HEADERS_END)
    if end < 0:
        return None
    headers, start = bytes(buffer[:end]), end + len(_HEADERS_END)
    status = int(headers[9:12])
    if header(headers, b"transfer-encoding").lower() == b"chunked":
        body = _chunks(buffer, start)
        return None if body is None else Answer(status, headers, body)
    length = int(header(headers, b"content-length") or 0)
    return (
        Answer(status, headers, bytes(buffer[start : start + length]))
        if len(buffer) >= start + length
        else None
    )


def header(headers: bytes, name: bytes) -> bytes:
    """Return a header's value, empty when it is not there; `name` in lower case."""
    place = headers.lower().find(b"\r\n" + name + b":")
    return headers[place + 3 + len(name) :].partition(b"\r\n")[0].strip() if place >= 0 else b""


def _chunks(buffer: bytearray, at: int) -> bytes | None:
    parts: list[bytes] = []
    while (line := buffer.find(b"\r\n", at)) >= 0:
        size = int(bytes(buffer[at:line]).partition(b";")[0], 16)
        at = line + 2 + size + 2
        if len(buffer) < at:
            return None
        if size == 0:
            return b"".join(parts)
        parts.append(bytes(buffer[line + 2 : at - 2]))
    return None
