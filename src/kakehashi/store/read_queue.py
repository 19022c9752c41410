"""Reads by id that come at the same moment share one round trip and one commit to the log.

A read's log entry is on the disk before its row is shown, and one wait for the disk serves all that waited
together: those that come while a batch is under way are the next one. docs/adr/0004-read-path.md has the figures.
"""

import asyncio
from collections import deque
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import asyncpg

from kakehashi.core.errors import Failure, Unavailable
from kakehashi.store.sql import statements

if TYPE_CHECKING:
    from kakehashi.store.database import Database

MOST = 64  # reads in a batch
_READ_MANY = statements("read")["read_many"]


class Ask(NamedTuple):
    """One read: its window as text, what is wanted, and its log entry in pieces (migration 0005).

    The fields stand in the order of the arguments of `read_many`.
    """

    panes: str
    type: int
    rid: int
    id: str
    at: datetime
    head: bytes
    tail: bytes
    nothing: bytes | None  # None: a miss leaves no entry, because the caller looks again


Answer = asyncpg.Record | None
Waiting = tuple[Ask, "asyncio.Future[Answer]"]


class ReadQueue:
    """The reads that wait, and the task that serves them while there are any."""

    def __init__(self, db: "Database") -> None:
        self._db = db
        self._waiting: deque[Waiting] = deque()
        self._serving: asyncio.Task[None] | None = None  # held here, or the event loop might drop it

    async def ask(self, ask: Ask) -> Answer:
        """Return the record that the window sees, None when there is none; either way it is logged."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((ask, answer))
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve())
        return await answer

    async def _serve(self) -> None:
        """Serve until nothing waits. Between finding that and leaving nobody can come: there is no `await`."""
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
                try:
                    await self._answer(batch)
                finally:
                    _give(batch, Unavailable())  # to those left without an answer, when this was cancelled
        finally:
            self._serving = None

    async def _answer(self, batch: list[Waiting]) -> None:
        """Answer a batch. When one of several reads cannot be carried out, each is tried alone."""
        try:
            async with self._db.connection() as connection:
                records = await connection.fetch(_READ_MANY, *_columns(batch))
        except (Failure, asyncpg.PostgresError, asyncpg.DataError) as fault:
            if len(batch) > 1 and not isinstance(fault, Unavailable):
                for one in batch:
                    await self._answer([one])
            else:
                _give(batch, fault)
            return
        found = {record["place"]: record for record in records}
        for place, (_, answer) in enumerate(batch, 1):
            if not answer.done():
                answer.set_result(found.get(place))


def _columns(batch: list[Waiting]) -> list[list[object]]:
    return list(map(list, zip(*(ask for ask, _ in batch), strict=True)))


def _give(batch: list[Waiting], fault: BaseException) -> None:
    for _, answer in batch:
        if not answer.done():
            answer.set_exception(fault)
