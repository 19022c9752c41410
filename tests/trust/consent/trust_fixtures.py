"""One database for the tests of a module: each test sees its own transaction, which is rolled back."""

import re
import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest
from trust_words import region

from kakehashi.store.database import Connection, Database


@pytest.fixture(scope="module")
async def town(cluster: str, template: str) -> AsyncIterator[Database]:
    """A database with the institutions and two people."""
    name = f"town_{secrets.token_hex(6)}"
    admin = await asyncpg.connect(cluster)
    await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    async with await Database.open(
        re.sub(r"(postgresql://[^/]*/)[^?]*", rf"\g<1>{name}", cluster, count=1)
    ) as database:
        await region(database)
        yield database
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.close()


@pytest.fixture
async def empty(town: Database) -> AsyncIterator[Connection]:
    """A transaction in that database that is rolled back after the test."""
    async with town.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        yield connection
        await transaction.rollback()
