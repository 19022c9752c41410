"""A real chromium, a real server, and the told persons' region behind it. Without chromium these tests are skipped."""

import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "faces" / "web"))
from browser_person import Person
from browser_server import free_port, serving
from playwright.async_api import Browser, async_playwright
from web_region import NOW, Region, make_region

from databases import copy_of
from kakehashi.faces import app
from kakehashi.store.database import Database

CHROMIUM = shutil.which("chromium")
STORIES = ("hanako", "isamu", "aya", "sora")
ARGUMENTS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --lang=ja"
).split()


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Debian's chromium; skips, saying so, where it is not installed."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture(scope="module")
async def served(
    chromium: Browser, cluster: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[str, Region]]:
    """The address of a running server, and its region. The clock stands at NOW."""
    async with copy_of(cluster, template, "browser") as url, await Database.open(url) as db:
        region = await make_region(db, tmp_path_factory.mktemp("browser"), STORIES)
        settings = replace(region.house.settings, port=free_port())
        async with serving(app.build(db, settings, lambda: NOW), settings.port):
            yield settings.public_url, region


@pytest.fixture
async def person(chromium: Browser, served: tuple[str, Region]) -> AsyncIterator[Person]:
    """Somebody in front of a screen. Fails the test when a page had a script error or broke its own policy."""
    async with Person.sitting(chromium, served[0]) as one:
        yield one
    assert one.complaints == []
