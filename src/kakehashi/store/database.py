"""The connection to PostgreSQL: a pool under the application's role, transactions, and what "out of reach" means.

The application's role owns nothing and cannot pass by row-level security. The pool logs in as that role itself where it
can, so that nothing leads back to the owner; migrations run by the owner's login (docs/adr/0011-reach.md).
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import urlsplit

import asyncpg

from kakehashi.core.errors import Unavailable
from kakehashi.core.settings import BadSetting
from kakehashi.store.binary import teach
from kakehashi.store.guard import Guard
from kakehashi.store.lost import out_of_reach
from kakehashi.store.migrate import APP_ROLE, SEARCH_PATH, migrate
from kakehashi.store.read_queue import read_queue
from kakehashi.store.watch import WAITING, WATCH, WatchedConnection
from kakehashi.store.write_once import write_queue

__all__ = ["APP_ROLE", "Connection", "Database", "Pool", "migrate", "prepare"]

if TYPE_CHECKING:
    Pool = asyncpg.Pool[asyncpg.Record]
    Connection = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
else:
    Pool = Connection = Any

_SESSION = {
    "role": APP_ROLE,  # changes something only where the login is the owner's
    "search_path": SEARCH_PATH,
    "timezone": "UTC",
    "application_name": "kakehashi",
    "jit": "off",  # our statements are short: compiling them costs more than it saves
    # Making a plan costs more than most statements, and ever more as the store grows (statistics of tokens). Where
    # a value decides between two plans, search_conditions.py writes it into the text.
    "plan_cache_mode": "force_generic_plan",
    "lock_timeout": "10s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
}


class Database:
    """A pool of connections to one PostgreSQL 15 or newer. Use as `async with await Database.open(url) as db`."""

    def __init__(self, pool: Pool, url: str, guard: Guard | None = None) -> None:
        self.pool, self.url, self.guard = pool, url, guard
        self.reads, self.writes = read_queue(self), write_queue(self)
        self.waiting = 0  # for a connection, at this moment
        self.common: frozenset[int] = frozenset()  # tokens that many rows have (common_tokens.py)

    @classmethod
    async def open(
        cls, url: str, *, owner: str = "", connections: int = 8, guard: Guard | None = None
    ) -> Self:
        """Prepare the database (below), connect by `url`, and return it.

        `guard` watches the disk of an embedded server.

        Raises Unavailable when there is no server, BadSetting when it is too old or not ready.
        """
        await prepare(url, owner)
        with out_of_reach(OSError):
            pool = await asyncpg.create_pool(
                url,
                min_size=0,
                max_size=connections,
                connection_class=WatchedConnection,
                server_settings=_SESSION,
                init=teach,
                reset=_keep_session,
            )
        return cls(pool, url, guard)

    async def close(self) -> None:
        """Give the connections back."""
        await self.pool.close()

    def require_room(self) -> None:
        """Raise Unavailable when the disk of the data has no room for another write."""
        if self.guard:
            self.guard.require_room()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Yield a connection outside any transaction. Raises Unavailable when the database is out of reach."""
        watch = WATCH.get()
        began = perf_counter() if watch else 0.0
        self.waiting += 1
        try:
            with out_of_reach(OSError):
                connection = await self.pool.acquire()
        finally:
            self.waiting -= 1
            if watch:
                watch.note(WAITING, began)
        try:
            with out_of_reach():
                yield connection
        finally:
            with out_of_reach():
                await self.pool.release(connection)

    @asynccontextmanager
    async def transaction(self, *, snapshot: bool = False) -> AsyncIterator[Connection]:
        """Yield a connection inside one transaction; with `snapshot` all its reads see the same moment.

        Raises Unavailable when the database is out of reach, Conflict when another transaction was in the way.
        """
        isolation: Literal["repeatable_read", "read_committed"] = (
            "repeatable_read" if snapshot else "read_committed"
        )
        async with self.connection() as connection, connection.transaction(isolation=isolation):
            yield connection


async def prepare(url: str, owner: str = "") -> None:
    """Apply the migrations that are missing, by the owner's login, and make sure that `url` finds nothing left to do.

    `owner` "": `url` is the only login there is; it migrates where it owns the tables.

    Raises Unavailable when there is no server; BadSetting when it is older than PostgreSQL 15, when it lets a login not
    in, or when migrations are due and nobody may apply them.
    """
    with out_of_reach(OSError):
        for setting, login in (("owner_database_url", owner), ("database_url", url)):
            if login:
                with _named(login, setting):
                    await migrate(login)


@contextmanager
def _named(url: str, setting: str) -> Iterator[None]:
    """Say which server it is that does not let us in or is not there: whoever opens it set its address."""
    host = urlsplit(url).hostname or "socket"
    try:
        yield
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError):
        raise BadSetting(
            f"データベース ({host}) が拒みました。{setting} の利用者・パスワード・名前を確かめてください。",
            f"The database ({host}) does not let us in. Check user, password and database name in {setting}.",
            rule="store.refused",
            place=setting,
        ) from None
    except OSError as away:
        raise Unavailable(
            f"データベース ({host}) につながりません。動いているか、{setting} が正しいかを確かめてください。",
            f"The database ({host}) cannot be reached. Check that it runs, and that {setting} is right.",
            rule="store.away",
        ) from away


async def _keep_session(_: object) -> None:
    """Reset nothing when a connection goes back: settings are made for one transaction only (a test holds it so)."""
