"""One region for the tests of a module; each test makes patients of its own in it."""

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest
import structlog
from api_words import MIDORI, Caller, Region, patient

from databases import copy_of
from kakehashi.store.database import Database

_NUMBERS = count(1)


@pytest.fixture(scope="module", autouse=True)
def quiet() -> None:
    """No lines of the server's log among the test's."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))


@pytest.fixture(scope="module")
async def region(
    cluster: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Region]:
    home: Path = tmp_path_factory.mktemp("home")
    async with copy_of(cluster, template, "region") as url, await Database.open(url) as db:
        started = await Region.start(db, home, metrics_token="m" * 32)
        async with started.client:
            yield started


@pytest.fixture(scope="module")
async def sakura(region: Region) -> Caller:
    """The system of 桜台総合病院."""
    return await region.caller()


@pytest.fixture(scope="module")
async def midori(region: Region) -> Caller:
    """The system of 緑町診療所."""
    return await region.caller(MIDORI)


@pytest.fixture
async def taro(sakura: Caller) -> str:
    """A fresh patient of 桜台総合病院: `Patient/…`."""
    number = next(_NUMBERS)
    made = patient(f"S{number:06}", family=f"見本{number}", birth=f"19{number % 90 + 10}-03-04")
    return "Patient/" + await sakura.made(made)
