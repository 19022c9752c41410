"""What many requests ask of the database at the same moment, in one round trip and one commit.

What a request did is on the disk before it is answered, and one wait for the disk serves all that waited together:
those that come while a batch is under way are the next one. docs/adr/0004-read-path.md has the figures.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from time import perf_counter
from typing import TYPE_CHECKING, Generic, TypeVar

import asyncpg

from kakehashi.core.errors import Failure, Unavailable
from kakehashi.store.lost import out_of_reach
from kakehashi.store.watch import WATCH

if TYPE_CHECKING:
    from kakehashi.store.database import Connection, Database

MOST = 64  # requests in a batch

Ask = TypeVar("Ask")
Answer = asyncpg.Record | None
Carried = Callable[["Connection", Sequence[Ask]], Awaitable[Sequence[asyncpg.Record]]]
"""Carries a batch out; its records say in `place` (from 1) whose answer they are."""


class SharedQueue(Generic[Ask]):
    """The requests that wait, and the task that serves them while there are any. `statement`: its text, to watch it."""

    def __init__(self, db: "Database", statement: str, carried: Carried[Ask]) -> None:
        self._db, self._statement, self._carried = db, statement, carried
        self._waiting: deque[tuple[Ask, asyncio.Future[Answer]]] = deque()
        self._serving: asyncio.Task[None] | None = None  # held here, or the event loop might drop it

    async def ask(self, ask: Ask) -> Answer:
        """Return the record that is this one's answer, None when there is none. Raises Unavailable."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((ask, answer))
        if self._serving is None:
            own = Context()  # what it does is for others too, not for the request that begins it
            self._serving = asyncio.create_task(self._serve(), context=own)
        if (watch := WATCH.get()) is None:
            return await answer
        began = perf_counter()
        try:
            return await answer
        finally:
            watch.ran(self._statement, began, None)

    def __len__(self) -> int:
        """How many requests wait."""
        return len(self._waiting)

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

    def _next(self) -> list[tuple[Ask, "asyncio.Future[Answer]"]]:
        return [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]

    async def _answer(
        self, connection: "Connection", batch: list[tuple[Ask, "asyncio.Future[Answer]"]]
    ) -> None:
        """Answer a batch. When one of several requests cannot be carried out, each is tried alone."""
        try:
            with out_of_reach():
                records = await self._carried(connection, [ask for ask, _ in batch])
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


def _give(batch: Sequence[tuple[Ask, "asyncio.Future[Answer]"]], fault: BaseException) -> None:
    for _, answer in batch:
        if not answer.done():
            answer.set_exception(fault)
