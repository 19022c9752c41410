"""One database for the floor's tests, emptied of people before each: making a fresh one costs more than a test."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from databases import as_owner, copy_of
from kakehashi.store.database import Database

_TABLES = (
    "person, person_identifier, person_link, person_description, person_merge, person_suspension, "
    "person_candidate, matching_run, log"
)


@pytest.fixture(scope="session")
async def people_url(cluster: str, template: str) -> AsyncIterator[str]:
    """The URL of a migrated database for this folder."""
    async with copy_of(cluster, template, "people") as url:
        yield url


@pytest.fixture
async def db(people_url: str) -> AsyncIterator[Database]:
    """That database without any person in it."""
    owner = await asyncpg.connect(as_owner(people_url))
    await owner.execute(f"TRUNCATE {_TABLES} RESTART IDENTITY")
    await owner.close()
    async with await Database.open(people_url) as database:
        yield database
