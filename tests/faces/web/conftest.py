"""The told persons' region, loaded once for the run; each test gets its own copy of that database."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from web_region import Region, make_region
from web_visitor import Visitor, application

from databases import copy_of
from kakehashi.engines.house import House
from kakehashi.store.database import Database

STORIES = ("hanako", "makoto", "misaki", "isamu", "aya", "sora", "sho")


@pytest.fixture(scope="session")
async def loaded(
    cluster: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[str, Region]]:
    """The name of a database with the region in it, and the region."""
    async with copy_of(cluster, template, "region") as url:
        async with await Database.open(url) as db:
            region = await make_region(db, tmp_path_factory.mktemp("region"), STORIES)
        yield urlsplit(url).path.lstrip("/"), region


@pytest.fixture
async def region(cluster: str, loaded: tuple[str, Region], tmp_path: Path) -> AsyncIterator[Region]:
    """A copy of the region of one's own."""
    name, made = loaded
    async with copy_of(cluster, name, "copy") as url, await Database.open(url) as db:
        settings = replace(made.house.settings, home=tmp_path)
        yield replace(made, house=House(db, settings, made.house.clock))


@pytest.fixture
async def visitor(region: Region) -> AsyncIterator[Visitor]:
    """Somebody at a browser without script, not signed in yet."""
    async with Visitor.on(application(region)) as one:
        yield one
