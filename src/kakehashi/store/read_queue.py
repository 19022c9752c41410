"""Reads by id that come at the same moment share one round trip and one commit to the log.

A read's log entry is on the disk before its row is shown, and one wait for the disk serves all that waited
together: those that come while a batch is under way are the next one. docs/adr/0004-read-path.md has the figures.
"""

import asyncio
from collections import deque
from typing import TYPE_CHECKING

import asyncpg

from kakehashi.core.errors import Failure, Unavailable
from kakehashi.store.lost import out_of_reach
from kakehashi.store.read_binary import Ask, element
from kakehashi.store.sql import statements

if TYPE_CHECKING:
    from kakehashi.store.database import Connection, Database

MOST = 64  # reads in a batch
_READ_MANY = statements("read")["read_many"]


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
                await self._serve_on_one()
        finally:
            self._serving = None

    async def _serve_on_one(self) -> None:
        """Serve on one connection until nothing waits, or the connection is lost: taking one is a fifth of a read."""
        batch = self._next()
        try:
            async with self._db.connection() as connection:
                while batch:
                    await self._answer(connection, batch)
                    batch = self._next()
        except Failure as fault:
            _give(batch, fault)
        finally:
            _give(batch, Unavailable())  # to those left without an answer, when this was cancelled

    def _next(self) -> list[Waiting]:
        return [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]

    async def _answer(self, connection: "Connection", batch: list[Waiting]) -> None:
        """Answer a batch. When one of several reads cannot be carried out, each is tried alone."""
        try:
            with out_of_reach():
                records = await connection.fetch(_READ_MANY, [element(ask) for ask, _ in batch])
        except Unavailable:
            raise
        except (Failure, asyncpg.PostgresError, asyncpg.DataError) as fault:
            if len(batch) > 1:
                for one in batch:
                    await self._answer(connection, [one])
            else:
                _give(batch, fault)
            return
        found = {record["place"]: record for record in records}
        for place, (_, answer) in enumerate(batch, 1):
            if not answer.done():
                answer.set_result(found.get(place))


def _give(batch: list[Waiting], fault: BaseException) -> None:
    for _, answer in batch:
        if not answer.done():
            answer.set_exception(fault)
