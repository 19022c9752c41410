"""Bring a database up to date: forward migrations, each once, each in a transaction, one server at a time."""

from importlib.resources import files

import asyncpg

from kakehashi.core.settings import BadSetting
from kakehashi.fhir.indexing.scheme import SCHEME

APP_ROLE = "kakehashi_app"
OLDEST = 15  # PostgreSQL major version; pg_hba and SQL features relied on are all in 15
_LOCK = 7_262_011  # advisory lock: two servers that start at once migrate once


async def migrate(url: str) -> list[str]:
    """Apply the migrations that this database lacks, in order, and return their names.

    Raises BadSetting when the server is too old.
    """
    connection = await asyncpg.connect(url)
    try:
        require_new_enough(connection.get_server_version().major)
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS migration"
            " (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        done = {row["name"] for row in await connection.fetch("SELECT name FROM migration")}
        new = [name for name in names() if name not in done]
        for name in new:
            async with connection.transaction():
                await connection.execute(_text(name))
                await connection.execute("INSERT INTO migration (name) VALUES ($1)", name)
        await connection.execute("SELECT begin_epoch()")  # a dump may have been restored into this cluster
        await connection.execute("SELECT begin_index_scheme($1)", SCHEME)
        return new
    finally:
        await connection.close()


def names() -> list[str]:
    """Return the names of all migrations, in the order of their numbers."""
    found = (entry.name for entry in files("kakehashi.store.migrations").iterdir())
    return sorted(name for name in found if name.endswith(".sql"))


def require_new_enough(major: int) -> None:
    """Raise BadSetting for a PostgreSQL that is older than `OLDEST`."""
    if major < OLDEST:
        raise BadSetting(
            f"PostgreSQL {major} は使えません。{OLDEST} 以上につなぐか、設定 database_url を空にして"
            "組み込みのデータベースを使ってください。",
            f"PostgreSQL {major} is too old. Connect to {OLDEST} or newer, or leave the setting database_url "
            "empty to use the embedded database.",
            rule="store.postgresql-version",
            place="database_url",
        )


def _text(name: str) -> str:
    return files("kakehashi.store.migrations").joinpath(name).read_text("utf-8")
