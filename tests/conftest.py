"""Real parts for every test: a PostgreSQL for the run, a fresh database for each test.

The server is embedded, or the one that KAKEHASHI_TEST_DATABASE_URL names by a superuser's login. Databases are opened
as a server opens them, by the application's login (databases.py).
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from databases import copy_of, database_in
from kakehashi.store import embedded
from kakehashi.store.database import APP_ROLE, Database, migrate

_ROOM = 4 << 30  # bytes
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
    with tempfile.TemporaryDirectory(prefix="kakehashi-test-", dir=_in_memory()) as folder:
        home = Path(folder)
        home.chmod(0o711)  # as root, the server runs as another user
        server = embedded.start(home, {"fsync": "off"})  # a test's data need not outlive the machine
        yield server.url
        server.close()


def _in_memory() -> Path | None:
    """A file system in memory, where there is room in one: each test's database is a thousand files."""
    shared_memory = Path("/dev/shm")
    roomy = shared_memory.is_dir() and shutil.disk_usage(shared_memory).free > _ROOM
    return shared_memory if roomy else None


@pytest.fixture(scope="session")
async def template(cluster: str) -> AsyncIterator[str]:
    """The name of a migrated, empty database that the tests' databases are copied from."""
    name = f"template_{secrets.token_hex(4)}"
    admin = await asyncpg.connect(cluster)
    await admin.execute(f'CREATE DATABASE "{name}"')
    await migrate(database_in(cluster, name))
    if password := urlsplit(cluster).password:  # where the cluster asks for one
        await admin.execute(f"ALTER ROLE {APP_ROLE} PASSWORD '{password}'")
    yield name
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.close()


@pytest.fixture
async def db(cluster: str, template: str) -> AsyncIterator[Database]:
    """A fresh, migrated, empty database."""
    async with copy_of(cluster, template, "test") as url, await Database.open(url) as database:
        yield database


@pytest.fixture
async def empty(cluster: str) -> AsyncIterator[str]:
    """The owner's URL of a database in which nothing was done yet."""
    name = f"empty_{secrets.token_hex(6)}"
    admin = await asyncpg.connect(cluster)
    await admin.execute(f'CREATE DATABASE "{name}"')
    yield database_in(cluster, name)
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.close()
