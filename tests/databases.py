"""The databases of tests, and the two logins that reach each: the application's, which a server uses, and the owner's,
which migrates and which a test's own hands use.
"""

import os
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg

from kakehashi.store.database import APP_ROLE

_OWNER = urlsplit(os.environ.get("KAKEHASHI_TEST_DATABASE_URL", "")).username or "postgres"


def database_in(cluster: str, name: str) -> str:
    """Return the owner's URL of another database in the same cluster."""
    return re.sub(r"(postgresql://[^/]*/)[^?]*", rf"\g<1>{name}", cluster, count=1)


def as_app(url: str) -> str:
    """Return the URL by which the application logs in to the same database."""
    return re.sub(r"//[^/:@]*", f"//{APP_ROLE}", url, count=1)


def as_owner(url: str) -> str:
    """Return the URL by which the owner of the tables, here a superuser, logs in to the same database."""
    return re.sub(r"//[^/:@]*", f"//{_OWNER}", url, count=1)


@asynccontextmanager
async def copy_of(cluster: str, template: str, prefix: str) -> AsyncIterator[str]:
    """Make a database as a copy of another; yield the URL by which the application logs in to it, and drop it."""
    name = f"{prefix}_{secrets.token_hex(6)}"
    admin = await asyncpg.connect(cluster)
    await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield as_app(database_in(cluster, name))
    finally:
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await admin.close()
