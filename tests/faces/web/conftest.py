"""The told persons' region, loaded once for the run; each test gets its own copy of that database."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from web_region import Region, at_url, make_region
from web_visitor import Visitor, application

from kakehashi.engines.house import House
from kakehashi.store.database import Database

STORIES = ("hanako", "makoto", "misaki", "isamu", "aya", "sora", "sho")


@pytest.fixture(scope="session")
async def loaded(
    cluster: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[str, Region]]:
    """The name of a database with the region in it, and the region."""
    name = f"region_{secrets.token_hex(4)}"
    admin = await asyncpg.connect(cluster)
    await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    async with await Database.open(at_url(cluster, name)) as db:
        region = await make_region(db, tmp_path_factory.mktemp("region"), STORIES)
    yield name, region
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.close()


@pytest.fixture
async def region(cluster: str, loaded: tuple[str, Region], tmp_path: Path) -> AsyncIterator[Region]:
    """A copy of the region of one's own."""
    name = f"copy_{secrets.token_hex(6)}"
    admin = await asyncpg.connect(cluster)
    await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{loaded[0]}"')
    made = loaded[1]
    async with await Database.open(at_url(cluster, name)) as db:
        settings = replace(made.house.settings, home=tmp_path)
        yield replace(made, house=House(db, settings, made.house.clock))
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.close()


@pytest.fixture
async def visitor(region: Region) -> AsyncIterator[Visitor]:
    """Somebody at a browser without script, not signed in yet."""
    async with Visitor.on(application(region)) as one:
        yield one
