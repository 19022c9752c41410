"""One database for the floor's tests, emptied of people before each: making a fresh one costs more than a test."""

import re
import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest

from kakehashi.store.database import Database

_TABLES = (
    "person, person_identifier, person_link, person_description, person_merge, person_suspension, "
    "person_candidate, log"
)


@pytest.fixture(scope="session")
async def people_url(cluster: str, template: str) -> AsyncIterator[str]:
    """The URL of a migrated database for this folder."""
    name = f"people_{secrets.token_hex(4)}"
    admin = await asyncpg.connect(cluster)
    await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    yield re.sub(r"(postgresql://[^/]*/)[^?]*", rf"\g<1>{name}", cluster, count=1)
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.close()


@pytest.fixture
async def db(people_url: str) -> AsyncIterator[Database]:
    """That database without any person in it."""
    owner = await asyncpg.connect(people_url)
    await owner.execute(f"TRUNCATE {_TABLES} RESTART IDENTITY")
    await owner.close()
    async with await Database.open(people_url) as database:
        yield database
