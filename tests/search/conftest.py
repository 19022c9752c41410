"""`search` runs a specification on PostgreSQL and in memory; both must say the same."""

import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

import asyncpg
import orjson
import pytest
from search_engines import EVERYTHING, Found, held, in_memory, in_postgresql

from kakehashi.core.window import Window
from kakehashi.search.memory import Held
from kakehashi.search.parse import parse_query
from kakehashi.store.database import Database

AT = datetime(2024, 2, 29, 3, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
async def store(cluster: str, template: str) -> AsyncIterator[Database]:
    """One database for all searches: each puts its rows in a transaction that is undone."""
    name = f"search_{secrets.token_hex(6)}"
    admin = await asyncpg.connect(cluster)
    await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    url = re.sub(r"(postgresql://[^/]*/)[^?]*", rf"\g<1>{name}", cluster, count=1)
    async with await Database.open(url) as database:
        yield database
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.close()


class Spec:
    """A small world, given as a table, and questions to it."""

    def __init__(self, answer: Callable[[list[Held], str, str], Awaitable[Found]]) -> None:
        self.rows: list[Held] = []
        self._answer = answer

    def given(self, resource_type: str, table: str) -> None:
        """Add a resource for each line: `id | element | …`; cells are JSON, or plain text where they are not."""
        head, *lines = [line.strip() for line in table.strip().splitlines()]
        names = [name.strip() for name in head.split("|")]
        for line in lines:
            cells = [cell.strip() for cell in re.split(r"\s\|(?=\s|$)", line)]
            filled = {name: _cell(cell) for name, cell in zip_longest(names, cells, fillvalue="") if cell}
            self.rows.append(held({"resourceType": resource_type, **filled}))

    async def __call__(self, text: str) -> set[str]:
        """Return the ids that `Type?query` finds."""
        return set((await self.found(text)).ids)

    async def found(self, text: str) -> Found:
        """Return all that `Type?query` answers."""
        resource_type, _, query = text.partition("?")
        return await self._answer(self.rows, resource_type, query)


def _cell(text: str) -> Any:
    return orjson.loads(text) if text[0] in '{["' or text in ("true", "false") else text


@pytest.fixture(params=["postgresql", "memory"])
def search(request: pytest.FixtureRequest, store: Database) -> Spec:
    """A specification's world on one engine."""

    async def answer(rows: list[Held], resource_type: str, query: str, window: Window = EVERYTHING) -> Found:
        pairs = [
            (name, value) for name, _, value in (pair.partition("=") for pair in query.split("&") if pair)
        ]
        asked = parse_query(resource_type, pairs, at=AT, strict=True)
        if request.param == "memory":
            return in_memory(rows, asked, window)
        return await in_postgresql(store, rows, asked, window)

    return Spec(answer)
