"""One line for each answered request, in the form of the server's log; those of a moment are written together.

A line made by the general logger, and a write to the disk for each, were a fifth of what a read cost the server. Lines
wait for `HELD` seconds at most; a clean stop writes what waits. No personal data goes in: method, route, status,
milliseconds and the request's id, never an address or a search.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

import structlog

from kakehashi.faces.logs import STANDARD

HELD = 0.2  # seconds
MOST = 200  # lines that wait
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})

log = structlog.get_logger("kakehashi.requests")


class AccessLog:
    """Lines of answered requests. `write` takes some of them, joined by line ends."""

    def __init__(self, write: Callable[[bytes], None] = STANDARD.msg) -> None:
        self._write = write
        self._lines: list[str] = []

    def note(
        self, event: str, method: str, route: str, status: int, seconds: float, request: str, at: datetime
    ) -> None:
        """Note one request that came at `at`. `route` and `event` are our own words, `request` is a checked id."""
        if not log.is_enabled_for(logging.INFO):
            return
        if not self._lines:
            asyncio.get_running_loop().call_later(HELD, self.flush)
        named = method if method in _METHODS else "-"
        moment = at.isoformat().replace("+00:00", "Z")
        self._lines.append(
            f'{{"method":"{named}","route":"{route}","status":{status},"ms":{seconds * 1000:.1f},'
            f'"request":"{request}","event":"{event}","level":"info","timestamp":"{moment}"}}'
        )
        if len(self._lines) >= MOST:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._lines:
            lines, self._lines = self._lines, []
            self._write("\n".join(lines).encode())
