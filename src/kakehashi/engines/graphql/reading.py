"""The looks of one request: references that are followed at the same moment are one look; lists are searches.

Everything goes through engines/records, so window, rights, scopes and log are those of the same reads and searches.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from kakehashi.core.errors import Failure, NotFound, Refused
from kakehashi.engines.graphql.spending import Spending
from kakehashi.engines.house import House
from kakehashi.engines.records.asked import Asked
from kakehashi.engines.records.search import search
from kakehashi.engines.records.several import Key, several
from kakehashi.engines.views.bodies import decoded
from kakehashi.fhir.parse import Tree
from kakehashi.search.parse import parse_query
from kakehashi.search.plan import Query
from kakehashi.search.results import encode_cursor
from kakehashi.trust import roles

AT_ONCE = 4  # looks of one request: others want connections too
Pairs = Sequence[tuple[str, str]]


class Cursors(Protocol):
    """Seals places in a list for whoever asked for it."""

    def seal(self, cursor: str, resource_type: str, pairs: Pairs) -> str: ...
    def open(self, text: str, resource_type: str, pairs: Pairs) -> str: ...


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list: resources, and the sealed cursor of the next ("" for the last)."""

    trees: list[Tree]
    count: int  # resources a page
    next: str = ""


@dataclass
class Looks:
    """What one request reads, for one asker."""

    house: House
    asked: Asked
    base: str
    cursors: Cursors
    spending: Spending
    _known: dict[Key, "asyncio.Future[Tree | Failure]"] = field(default_factory=dict)
    _waiting: list[Key] = field(default_factory=list)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def resource(self, key: Key) -> Tree:
        """Return a resource; those that are asked for at the same moment come by one look. Raises NotFound, Refused."""
        if key not in self._known:
            loop = asyncio.get_running_loop()
            self._known[key] = loop.create_future()
            if not self._waiting:
                loop.call_soon(self._go)
            self._waiting.append(key)
        found = await self._known[key]
        if isinstance(found, Failure):
            raise found
        return found

    async def page(self, resource_type: str, pairs: Pairs, cursor: str = "") -> Page:
        """Return a page of a search. Raises BadSearchValue, NotSupported, TooCostly, Refused, Unavailable."""
        sealed = [("_cursor", self.cursors.open(cursor, resource_type, pairs))] if cursor else []
        query = self._query(resource_type, [*pairs, *sealed])
        if not self.spending.search():
            return Page([], 0)
        async with self._turns:
            found = await search(self.house, self.asked, query)
        if not self.spending.read(len(found.rows)):
            return Page([], 0)
        following = (
            self.cursors.seal(encode_cursor(found.next), resource_type, pairs)
            if found.next is not None
            else ""
        )
        return Page([decoded(row.body) for row in found.rows], query.count, following)

    async def total(self, resource_type: str, pairs: Pairs) -> int | None:
        """Return how many a search finds. Raises as `page` does."""
        counted = [pair for pair in pairs if pair[0] != "_count"]
        query = self._query(resource_type, [*counted, ("_summary", "count")])
        if not self.spending.search():
            return None
        async with self._turns:
            return (await search(self.house, self.asked, query)).total

    def stop(self) -> None:
        """End what is still under way."""
        for task in self._tasks:
            task.cancel()

    def _query(self, resource_type: str, pairs: Pairs) -> Query:
        return parse_query(resource_type, pairs, strict=True, at=self.asked.at, base_url=self.base)

    def _go(self) -> None:
        keys, self._waiting = self._waiting, []
        task = asyncio.get_running_loop().create_task(self._read(keys))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._ended(done, keys))

    def _ended(self, task: "asyncio.Task[None]", keys: Sequence[Key]) -> None:
        """Let nobody wait for a look that broke off."""
        self._tasks.discard(task)
        fault = None if task.cancelled() else task.exception()
        for future in (self._known[key] for key in keys):
            if future.done():
                continue
            if fault:
                future.set_exception(fault)
            else:
                future.cancel()

    async def _read(self, keys: Sequence[Key]) -> None:
        told: dict[Key, Tree | Failure] = {}
        if self.spending.read(len(keys)):
            try:
                async with self._turns:
                    rows = await several(self.house, self.asked, keys)
                told = {key: decoded(row.body) for key, row in rows.items()}
            except Failure as failure:
                told = dict.fromkeys(keys, failure)
        for key in keys:
            if not self._known[key].done():  # whoever waited was sent away
                self._known[key].set_result(told.get(key) or self._missing(key))

    def _missing(self, key: Key) -> Failure:
        if not roles.permits(self.asked.actor, "read", resource_type=key[0]):
            return Refused(rule="roles.may")
        return NotFound(rule="graphql.not-found")
