"""The request's body: read with a limit on bytes and time, and unpacked with a limit on what comes out.

A body that says it is too long is refused before any of it is read; one that does not say is read up to the limit.
"""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from kakehashi.core.errors import Malformed, TooLarge
from kakehashi.faces.api.failures import TimedOut, UnsupportedMedia

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
SECONDS = 120  # for the whole body
RATIO = 200  # how many times its size a packed body may become; records pack to a tenth
_SMALL = 1 << 20  # bytes that any packed body may become


class Disconnected(Exception):
    """The caller went away; there is nobody to answer."""


async def read_body(receive: Receive, headers: Mapping[str, str], most: int) -> bytes:
    """Return the body, unpacked. Raises TooLarge, UnsupportedMedia, TimedOut, Malformed, Disconnected."""
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise UnsupportedMedia(
            "Content-Encoding は gzip だけ使えます。", "The only Content-Encoding here is gzip.",
            rule="http.content-encoding",
        )  # fmt: skip
    stated = headers.get("content-length", "")
    if stated.isascii() and stated.isdigit() and int(stated) > most:
        raise too_large(most)
    try:
        async with asyncio.timeout(SECONDS):
            body = await _read(receive, most)
    except TimeoutError:
        raise TimedOut from None
    return body if encoding == "identity" else await asyncio.to_thread(_unpacked, body, most)


def too_large(most: int) -> TooLarge:
    """Return the refusal of a body that is longer than this door takes."""
    return TooLarge(
        f"本文は {most >> 20} MB までです。分けて送ってください。",
        f"A body has {most >> 20} MB at most; send it in parts.",
        rule="http.body",
    )


async def _read(receive: Receive, most: int) -> bytes:
    parts: list[bytes] = []
    length = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        part: bytes = message.get("body", b"")
        length += len(part)
        if length > most:
            raise too_large(most)
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _unpacked(packed: bytes, most: int) -> bytes:
    limit = min(most, max(_SMALL, len(packed) * RATIO))
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        body = unpacker.decompress(packed, limit + 1)
    except zlib.error:
        raise _broken() from None
    if len(body) > limit:
        raise too_large(most)
    if not unpacker.eof or unpacker.unused_data:
        raise _broken()
    return body


def _broken() -> Malformed:
    return Malformed("gzip が壊れています。", "The gzip data is damaged.", rule="http.gzip")
