"""The told persons' region behind the real application, with an app registered; the clock is the test's to move."""

import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

sys.path.append(str(Path(__file__).parents[1] / "web"))
from smart_words import Clock
from smart_world import World
from web_region import NOW, Region, make_region
from web_visitor import Visitor

from databases import copy_of
from kakehashi.engines.house import House
from kakehashi.faces import app as faces
from kakehashi.store.database import Database

STORIES = ("hanako", "aya", "sora")


@pytest.fixture(scope="session")
async def loaded(
    cluster: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[str, Region]]:
    """The name of a database with the region in it, and the region."""
    async with copy_of(cluster, template, "smart") as url:
        async with await Database.open(url) as db:
            region = await make_region(db, tmp_path_factory.mktemp("smart"), STORIES)
        yield urlsplit(url).path.lstrip("/"), region


@pytest.fixture
async def world(cluster: str, loaded: tuple[str, Region], tmp_path: Path) -> AsyncIterator[World]:
    """A copy of the region of one's own, behind the real application."""
    name, made = loaded
    async with copy_of(cluster, name, "copy") as url, await Database.open(url) as db:
        settings, clock = replace(made.house.settings, home=tmp_path), Clock(NOW)
        region = replace(made, house=House(db, settings, clock))
        yield World(region, clock, faces.build(db, settings, clock))


@pytest.fixture
async def browser(world: World) -> AsyncIterator[Visitor]:
    """Somebody at a browser without script, not signed in yet."""
    async with world.client() as client:
        yield Visitor(client)
