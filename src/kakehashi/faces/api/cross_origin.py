"""Cross-origin requests (CORS): browsers' apps call from the origins that are registered for them, from no others.

Never with credentials: a token is sent by the app itself, and our session's cookie counts for pages only. What is not
registered gets no such header, so that its browser keeps the answer from it. Source: Fetch Standard 3.2.
"""

import asyncio
import re
from datetime import UTC, datetime, timedelta

from kakehashi.faces.api.answer import Answer, Header
from kakehashi.store import clients
from kakehashi.store.database import Database

_OPEN = re.compile(r"/(fhir|oauth|\.well-known)(/|$)", re.ASCII)
_FRESH = timedelta(seconds=5)
_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
_HEADERS = (
    b"accept, authorization, content-type, idempotency-key, if-match, if-modified-since, if-none-exist, "
    b"if-none-match, prefer, x-request-id"
)
_EXPOSED = (
    b"content-location, etag, last-modified, link, location, retry-after, www-authenticate, x-progress, "
    b"x-request-id"
)
_ALWAYS: tuple[Header, ...] = ((b"vary", b"origin"),)


class Origins:
    """The registered origins, as they were at most five seconds ago. One for each process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: frozenset[str] = frozenset()
        self._asked_at = datetime.min.replace(tzinfo=UTC)
        self._asking = asyncio.Lock()

    async def headers(self, origin: str, path: str, *, at: datetime) -> tuple[Header, ...]:
        """Return what an answer says to a page of this origin. Raises Unavailable."""
        if not _OPEN.match(path):
            return ()
        if origin not in await self._registered(at):
            return _ALWAYS
        return (
            *_ALWAYS,
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-expose-headers", _EXPOSED),
        )

    async def _registered(self, at: datetime) -> frozenset[str]:
        async with self._asking:
            if not self._asked_at <= at < self._asked_at + _FRESH:
                async with self._db.connection() as connection:
                    self._known = await clients.origins(connection)
                self._asked_at = at
            return self._known


def preflight(allowed: tuple[Header, ...]) -> Answer | None:
    """Return the answer to the question before a request; None for an origin that may not ask."""
    if len(allowed) <= len(_ALWAYS):
        return None
    more = [
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-allow-headers", _HEADERS),
        (b"access-control-max-age", b"600"),
    ]
    return Answer(204, headers=more, media=b"")
