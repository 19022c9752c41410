"""What one request spends its time on: connections waited for, statements by name, other steps.

A `Watch` stands in a context variable only where somebody wants to know (slow-request log, traces); else a statement
costs what it did. Nothing of a statement's arguments is kept: a step is a name, a moment, and how many rows came.
"""

import re
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from time import perf_counter, time_ns
from typing import Any, NamedTuple, TypeVar

import asyncpg

MOST = 500  # steps of a request that are kept one by one
WAITING, OUTBOUND = "connection", "outbound"  # steps: waiting for a connection, sending to others
_NAME = re.compile(r"/\* ([a-z0-9_.]{1,80}) \*/", re.ASCII)
_WORD = re.compile(r"[A-Za-z]{1,20}", re.ASCII)
_T = TypeVar("_T")


class Step(NamedTuple):
    """One step: `began` as perf_counter tells, seconds, and rows (None: it has none). `statement`: it was SQL."""

    name: str
    began: float
    seconds: float
    rows: int | None = None
    statement: bool = False


class Watch:
    """The steps of one request, and the text of its slowest statement. `more`: steps that were not kept."""

    __slots__ = ("_longest", "_noted", "began", "more", "slowest")

    def __init__(self, slowest: str = "") -> None:
        self.began = perf_counter()
        self.more = 0
        self.slowest = slowest
        self._longest = 0.0
        self._noted: list[tuple[str, float, float, int | None, bool]] = []  # of a statement, its text

    @property
    def at(self) -> int:
        """When it began, in nanoseconds since 1970."""
        return time_ns() - int((perf_counter() - self.began) * 1e9)

    @property
    def steps(self) -> list[Step]:
        """The steps in the order in which they ended."""
        return [Step(name_of(one[0]) if one[4] else one[0], *one[1:]) for one in self._noted]

    def note(self, name: str, began: float) -> None:
        """Note a step that ends now."""
        self._keep(name, began, perf_counter() - began, None, False)

    def ran(self, text: str, began: float, rows: int | None) -> None:
        """Note a statement that ends now."""
        seconds = perf_counter() - began
        if seconds > self._longest:
            self.slowest, self._longest = text, seconds
        self._keep(text, began, seconds, rows, True)

    def _keep(self, name: str, began: float, seconds: float, rows: int | None, statement: bool) -> None:
        if len(self._noted) < MOST:
            self._noted.append((name, began, seconds, rows, statement))
        else:
            self.more += 1


WATCH: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Note what the block does as a step of the request that it belongs to, if that is watched."""
    watch = WATCH.get()
    if watch is None:
        yield
        return
    began = perf_counter()
    try:
        yield
    finally:
        watch.note(name, began)


@lru_cache(maxsize=1_024)
def name_of(text: str) -> str:
    """Return the name that a statement carries (sql.py), else its first word."""
    if found := _NAME.search(text):
        return found[1]
    word = _WORD.search(text)
    return word[0].lower() if word else "sql"


class WatchedConnection(asyncpg.Connection):
    """A connection that tells the request's watch, where there is one, of each statement."""

    def fetch(self, query: str, *args: Any, **more: Any) -> Any:
        """As asyncpg's."""
        running = super().fetch(query, *args, **more)
        return running if (watch := WATCH.get()) is None else _counted(watch, query, running)

    def fetchrow(self, query: str, *args: Any, **more: Any) -> Any:
        """As asyncpg's."""
        running = super().fetchrow(query, *args, **more)
        return running if (watch := WATCH.get()) is None else _timed(watch, query, running)

    def fetchval(self, query: str, *args: Any, **more: Any) -> Any:
        """As asyncpg's."""
        running = super().fetchval(query, *args, **more)
        return running if (watch := WATCH.get()) is None else _timed(watch, query, running)

    def execute(self, query: str, *args: Any, **more: Any) -> Any:
        """As asyncpg's."""
        running = super().execute(query, *args, **more)
        return running if (watch := WATCH.get()) is None else _timed(watch, query, running)


async def _counted(watch: Watch, query: str, running: Awaitable[list[_T]]) -> list[_T]:
    began, rows = perf_counter(), 0
    try:
        found = await running
        rows = len(found)
        return found
    finally:
        watch.ran(query, began, rows)


async def _timed(watch: Watch, query: str, running: Awaitable[_T]) -> _T:
    began = perf_counter()
    try:
        return await running
    finally:
        watch.ran(query, began, None)
