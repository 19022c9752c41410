"""`search` runs a specification on PostgreSQL and in memory; both must say the same."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from search_engines import EVERYTHING, Found, in_memory, in_postgresql
from search_spec import Spec

from databases import copy_of
from kakehashi.core.window import Window
from kakehashi.search.memory import Held
from kakehashi.search.parse import parse_query
from kakehashi.store.database import Database

AT = datetime(2024, 2, 29, 3, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
async def store(cluster: str, template: str) -> AsyncIterator[Database]:
    """One database for all searches: each puts its rows in a transaction that is undone."""
    async with copy_of(cluster, template, "search") as url, await Database.open(url) as database:
        yield database


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
