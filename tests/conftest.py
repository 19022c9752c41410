"""Real parts for every test: one embedded PostgreSQL for the run (or KAKEHASHI_TEST_DATABASE_URL), a fresh database a test."""

import os
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from kakehashi.store import embedded
from kakehashi.store.database import Database, migrate

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of official definitions and samples beside the project; skips, saying so, where it is absent."""
    if not SHARED.exists():
        pytest.skip("the folder ../shared with official samples is not here")
    return SHARED


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a running PostgreSQL that tests may make databases in."""
    if url := os.environ.get("KAKEHASHI_TEST_DATABASE_URL"):
        yield url
        return
    folder = tmp_path_factory.mktemp("pg")
    folder.chmod(0o755)
    url, server = embedded.start(folder / "data")
    yield url
    server.cleanup()


def database_in(cluster: str, name: str) -> str:
    """Return the URL of another database in the same cluster."""
    return re.sub(r"(postgresql://[^/]*/)[^?]*", rf"\g<1>{name}", cluster, count=1)


@pytest.fixture(scope="session")
async def template(cluster: str) -> AsyncIterator[str]:
    """The name of a migrated, empty database that the tests' databases are copied from."""
    name = f"template_{secrets.token_hex(4)}"
    admin = await asyncpg.connect(cluster)
    await admin.execute(f'CREATE DATABASE "{name}"')
    await migrate(database_in(cluster, name))
    yield name
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.close()


@pytest.fixture
async def db(cluster: str, template: str) -> AsyncIterator[Database]:
    """A fresh, migrated, empty database."""
    name = f"test_{secrets.token_hex(6)}"
    admin = await asyncpg.connect(cluster)
    await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    async with await Database.open(database_in(cluster, name)) as database:
        yield database
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.close()
