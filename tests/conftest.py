"""Real parts for every test: a PostgreSQL for the run, a fresh database for each test.

The server is embedded, or the one that KAKEHASHI_TEST_DATABASE_URL names.
"""

import os
import re
import secrets
import tempfile
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
def cluster() -> Iterator[str]:
    """The URL of a running PostgreSQL that tests may make databases in."""
    if url := os.environ.get("KAKEHASHI_TEST_DATABASE_URL"):
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="kakehashi-test-") as folder:
        home = Path(folder)
        home.chmod(0o711)  # as root, the server runs as another user
        server = embedded.start(home, {"fsync": "off"})  # a test's data need not outlive the machine
        yield server.url
        server.close()


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


@pytest.fixture
async def empty(cluster: str) -> AsyncIterator[str]:
    """The URL of a database in which nothing was done yet."""
    name = f"empty_{secrets.token_hex(6)}"
    admin = await asyncpg.connect(cluster)
    await admin.execute(f'CREATE DATABASE "{name}"')
    yield database_in(cluster, name)
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.close()
