"""One database for the tests of a module: each test sees its own transaction, which is rolled back."""

from collections.abc import AsyncIterator

import pytest
from trust_words import region

from databases import copy_of
from kakehashi.store.database import Connection, Database


@pytest.fixture(scope="module")
async def town(cluster: str, template: str) -> AsyncIterator[Database]:
    """A database with the institutions and two people."""
    async with copy_of(cluster, template, "town") as url, await Database.open(url) as database:
        await region(database)
        yield database


@pytest.fixture
async def empty(town: Database) -> AsyncIterator[Connection]:
    """A transaction in that database that is rolled back after the test."""
    async with town.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        yield connection
        await transaction.rollback()
