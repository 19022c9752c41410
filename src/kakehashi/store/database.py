"""The connection to PostgreSQL: a pool under the application's role, transactions, migrations.

The application's role owns nothing and cannot pass by row-level security. Migrations run as the URL's own role.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import asyncpg

from kakehashi.core.errors import Unavailable

if TYPE_CHECKING:
    Pool = asyncpg.Pool[asyncpg.Record]
    Connection = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
else:
    Pool = Connection = Any

APP_ROLE = "kakehashi_app"
_MIGRATION_LOCK = 7_262_011  # an advisory lock: two servers that start at once migrate once
_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    OSError,
)


class Database:
    """A pool of connections to one PostgreSQL 15 or newer. Use as `async with await Database.open(url) as db`."""

    def __init__(self, pool: Pool, url: str) -> None:
        self.pool, self.url = pool, url

    @classmethod
    async def open(cls, url: str, *, connections: int = 8) -> Self:
        """Connect, apply the migrations that are missing, and return the database. Raises Unavailable."""
        try:
            await migrate(url)
            pool = await asyncpg.create_pool(
                url, min_size=1, max_size=connections, server_settings={"role": APP_ROLE, "timezone": "UTC"}
            )
        except _LOST as lost:
            raise Unavailable from lost
        return cls(pool, url)

    async def close(self) -> None:
        """Give the connections back."""
        await self.pool.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Yield a connection inside one transaction. Raises Unavailable when the database is out of reach."""
        try:
            async with self.pool.acquire() as connection, connection.transaction():
                yield connection
        except _LOST as lost:
            raise Unavailable from lost


async def migrate(url: str) -> list[str]:
    """Apply the migrations that this database lacks, in order, and return their names."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _MIGRATION_LOCK)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        done = {row["name"] for row in await connection.fetch("SELECT name FROM migration")}
        new = [name for name in _migration_names() if name not in done]
        for name in new:
            async with connection.transaction():
                text = files("kakehashi.store.migrations").joinpath(name).read_text("utf-8")
                await connection.execute(text)
                await connection.execute("INSERT INTO migration (name) VALUES ($1)", name)
        return new
    finally:
        await connection.close()


def _migration_names() -> list[str]:
    found = (entry.name for entry in files("kakehashi.store.migrations").iterdir())
    return sorted(name for name in found if name.endswith(".sql"))
