"""Bring a database up to date: forward migrations, each once, each in a transaction, one server at a time.

They are the owner's to apply. Any other login finds out whether something is left to do, and changes nothing.
"""

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import asyncpg

from kakehashi.core.settings import BadSetting
from kakehashi.fhir.indexing.scheme import SCHEME

if TYPE_CHECKING:
    _Connection = asyncpg.Connection[asyncpg.Record]
else:
    _Connection = Any

APP_ROLE = "kakehashi_app"
# Said at every connection: a login may set a default of its own for its later sessions (ALTER ROLE).
SEARCH_PATH = "public, pg_temp"
OLDEST = 15  # PostgreSQL major version; pg_hba and SQL features relied on are all in 15
_LOCK = 7_262_011  # advisory lock: two servers that start at once migrate once
# The owner of what is there, or whoever may begin where nothing is yet.
_IS_OWNER = """
SELECT coalesce(
  (SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('migration')),
  has_schema_privilege(current_schema(), 'CREATE'), false)
"""


async def migrate(url: str) -> list[str]:
    """Apply the migrations that this database lacks, in order, and return their names.

    A login that does not own the tables applies none. Raises BadSetting when the server is too old, or when such a
    login finds migrations to apply or is not the application's.
    """
    connection = await asyncpg.connect(url, server_settings={"search_path": SEARCH_PATH})
    try:
        require_new_enough(connection.get_server_version().major)
        if await connection.fetchval(_IS_OWNER):
            return await _applied(connection)
        await _require_ready(connection)
        return []
    finally:
        await connection.close()


async def _applied(connection: _Connection) -> list[str]:
    await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS migration"
        " (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    new = await _lacking(connection)
    for name in new:
        async with connection.transaction():
            await connection.execute(_text(name))
            await connection.execute("INSERT INTO migration (name) VALUES ($1)", name)
    if new:
        await connection.execute("SELECT begin_narrowed()")  # its views have all columns
    await connection.execute("SELECT begin_epoch()")  # a dump may have been restored into this cluster
    await connection.execute("SELECT begin_index_scheme($1)", SCHEME)
    return new


async def _lacking(connection: _Connection) -> list[str]:
    done = {row["name"] for row in await connection.fetch("SELECT name FROM migration")}
    return [name for name in names() if name not in done]


async def _require_ready(connection: _Connection) -> None:
    """Raise BadSetting unless the login is the application's and the owner has nothing to do."""
    try:
        await connection.execute(f"SET ROLE {APP_ROLE}")
        due = await _lacking(connection) or await connection.fetchval("SELECT epoch_due()")
    except asyncpg.InvalidParameterValueError:  # there is no such role in this cluster yet
        due = True
    except (asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError):
        if not await connection.fetchval("SELECT pg_has_role($1, 'MEMBER')", APP_ROLE):
            raise _stranger() from None
        due = True
    if due:
        raise _due()
    await connection.execute("SELECT begin_index_scheme($1)", SCHEME)


def _due() -> BadSetting:
    return BadSetting(
        "データベースの形がこの版に合っていません。表の所有者でつないで kakehashi init を実行してください"
        "（KAKEHASHI_OWNER_DATABASE_URL=postgresql://… kakehashi init）。",
        "The database is not in the form that this version needs. Run kakehashi init with the login that owns the "
        "tables (KAKEHASHI_OWNER_DATABASE_URL=postgresql://… kakehashi init).",
        rule="store.migrations",
        place="owner_database_url",
    )


def _stranger() -> BadSetting:
    return BadSetting(
        f"database_url の利用者は {APP_ROLE} ではなく、その一員でもありません。{APP_ROLE} でつなぐか、"
        f"GRANT {APP_ROLE} TO … を実行してください。",
        f"The user in database_url is neither {APP_ROLE} nor a member of it. Connect as {APP_ROLE}, or run "
        f"GRANT {APP_ROLE} TO ….",
        rule="store.role",
        place="database_url",
    )


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
