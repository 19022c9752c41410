"""How far a statement that is not ours would get through the server's connections: to no other role, past neither wall,
at no line of the log. The server logs in as the application's role, which owns nothing.
"""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from storing import EVERYTHING, HANAKO, NOW, TARO, draft, note, of_person, store, told

from databases import as_app, as_owner, copy_of
from kakehashi.core.errors import NotFound
from kakehashi.store import reach, window_sql
from kakehashi.store.database import APP_ROLE, Connection, Database
from kakehashi.store.read import read_one

ALL = window_sql.setting(EVERYTHING)
LAID_DOWN = (
    "RESET ROLE",
    "RESET ALL",
    "SET ROLE NONE",
    "SET SESSION ROLE TO DEFAULT",
    "SET SESSION AUTHORIZATION DEFAULT",
    "SELECT set_config('role', 'none', false)",
)
BEYOND = (  # {owner} owns the tables
    'SET ROLE "{owner}"',
    'SET SESSION AUTHORIZATION "{owner}"',
    "SELECT set_config('role', '{owner}', false)",
    'GRANT "{owner}" TO kakehashi_app',
    "ALTER ROLE kakehashi_app SUPERUSER",
    "ALTER ROLE kakehashi_app BYPASSRLS",
    "ALTER ROLE kakehashi_app CREATEROLE",
    "CREATE ROLE another LOGIN",
    "ALTER TABLE resource DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE resource NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE log DISABLE ROW LEVEL SECURITY",
    "DROP POLICY window_select ON resource",
    "CREATE POLICY mine ON resource USING (true)",
    "ALTER TABLE resource OWNER TO kakehashi_app",
    "UPDATE log SET entry = 'x'",
    "DELETE FROM log",
    "TRUNCATE log",
    "DROP TABLE log",
    "UPDATE feed SET xid = xid",
    "DELETE FROM feed",
    "DELETE FROM log_checkpoint",
    "UPDATE migration SET applied_at = now()",
    "DELETE FROM migration",
    "SET session_replication_role = replica",
    "ALTER TABLE log DISABLE TRIGGER ALL",
    "SELECT begin_epoch()",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE TABLE public.mine ()",
    "CREATE OR REPLACE FUNCTION open_panes() RETURNS pane[] LANGUAGE sql AS 'SELECT NULL'",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY resource FROM '/etc/passwd'",
    "SELECT pg_read_file('postgresql.conf')",
    "SELECT pg_reload_conf()",
    "ALTER SYSTEM SET fsync = off",
    f"ALTER ROLE kakehashi_app SET kakehashi.\"window\" = '{ALL}'",  # for the sessions that come later
    "ALTER ROLE kakehashi_app SET kakehashi.reach = '(,,,)'",
    "ALTER DATABASE postgres SET kakehashi.\"window\" = '{}'",
    "SELECT rolpassword FROM pg_authid",
)


@pytest.fixture(scope="module")
async def town(cluster: str, template: str) -> AsyncIterator[Database]:
    """A database in which two persons have a record each, one of them an older version too."""
    async with copy_of(cluster, template, "town") as url, await Database.open(url) as db:
        await store(db, draft("a"), draft("b", person=TARO))
        await store(db, draft("a"))
        yield db


@pytest.fixture
async def connection(town: Database) -> AsyncIterator[Connection]:
    """One of the server's connections to it."""
    async with town.connection() as one:
        yield one


async def roles(connection: Connection) -> tuple[str, ...]:
    """Whom statements count for, and who logged in."""
    return tuple(await connection.fetchrow("SELECT current_user::text, session_user::text") or ())


async def require_walled(connection: Connection) -> None:
    """Nothing is read without a window, and no log without a reach."""
    assert await roles(connection) == (APP_ROLE, APP_ROLE)
    for behind in ("resource", "log"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(f"SELECT FROM {behind}")


async def test_the_server_logs_in_as_the_applications_role_which_is_nobody_else(
    connection: Connection,
) -> None:
    assert await roles(connection) == (APP_ROLE, APP_ROLE)
    others = "SELECT count(*) FROM pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER')"
    assert await connection.fetchval(others) == 1, "itself alone"
    owns = "SELECT count(*) FROM pg_class WHERE relowner = session_user::regrole AND relpersistence <> 't'"
    assert await connection.fetchval(owns) == 0


@pytest.mark.parametrize("statement", LAID_DOWN)
async def test_laying_the_role_down_leads_nowhere(
    connection: Connection, town: Database, statement: str
) -> None:
    await connection.execute(statement)
    await require_walled(connection)
    assert (await read_one(town, of_person(HANAKO), note("read"), "Observation", "a", at=NOW)).id == "a"


@pytest.mark.parametrize("statement", BEYOND)
async def test_what_is_the_owners_or_a_superusers_is_refused(
    connection: Connection, town: Database, statement: str
) -> None:
    owner = await connection.fetchval(
        "SELECT relowner::regrole::text FROM pg_class WHERE relname = 'resource'"
    )
    before = await kept(town)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement.replace("{owner}", owner))
    await require_walled(connection)
    assert await kept(town) == before


async def kept(db: Database) -> list[tuple[object, ...]]:
    """The log's rows as its owner sees them, and what stands around the records."""
    owner = await asyncpg.connect(as_owner(db.url))
    try:
        log = await owner.fetch("SELECT xid::text, seq, person, entry FROM log ORDER BY xid, seq")
        walls = await owner.fetch(
            "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relrowsecurity"
        )
        return [tuple(row) for row in (*log, *sorted(walls, key=tuple))]
    finally:
        await owner.close()


async def test_row_security_cannot_be_switched_off_for_a_session(connection: Connection) -> None:
    await connection.execute("SET row_security = off")  # means: an error where a policy would narrow
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with connection.transaction():
            await window_sql.open_on(connection, of_person(HANAKO))
            await connection.fetch("SELECT FROM resource")
    await connection.execute("RESET row_security")


async def test_a_window_shows_its_person_and_nobody_else(connection: Connection) -> None:
    async with connection.transaction():
        await window_sql.open_on(connection, of_person(HANAKO))
        assert [row["id"] for row in await connection.fetch("SELECT id FROM resource")] == ["a"]
        assert await connection.execute("DELETE FROM resource WHERE person <> $1", HANAKO) == "DELETE 0"
    await require_walled(connection)


async def test_ordinary_work_goes(db: Database) -> None:
    await store(db, draft("a"))
    await store(db, draft("a"))
    assert (await read_one(db, of_person(HANAKO), note("read"), "Observation", "a", at=NOW)).version == 2
    with pytest.raises(NotFound):
        await read_one(db, of_person(TARO), note("read"), "Observation", "a", at=NOW)
    async with db.transaction() as tx:
        await reach.open_on(tx, reach.WHOLE_LOG)
        entries = [told(row["entry"]) for row in await tx.fetch("SELECT entry FROM log")]
    assert len(entries) >= 3, "each write and look left its entry"


async def test_a_text_with_values_is_one_statement(db: Database) -> None:
    async with db.connection() as connection:
        with pytest.raises(asyncpg.PostgresSyntaxError):
            await connection.fetch("SELECT $1::int; SET ROLE NONE", 1)
        assert await roles(connection) == (APP_ROLE, APP_ROLE)


async def test_what_a_borrower_sets_for_a_transaction_is_gone_for_the_next(db: Database) -> None:
    await store(db, draft("a"))
    async with db.transaction() as tx:
        await window_sql.open_on(tx, of_person(HANAKO))
        await tx.execute("SELECT set_config('role', 'none', true)")
    async with db.connection() as connection:
        await require_walled(connection)


async def test_where_names_are_looked_up_is_not_left_to_what_a_login_set_for_later(db: Database) -> None:
    """Every role of PostgreSQL may set such defaults for itself."""
    async with db.connection() as connection:
        name = await connection.fetchval("SELECT current_database()")
        await connection.execute(f'ALTER ROLE CURRENT_USER IN DATABASE "{name}" SET search_path = pg_temp')
    async with await Database.open(db.url) as later:
        await store(later, draft("a"))
        async with later.connection() as connection:
            await require_walled(connection)
        assert (await read_one(later, of_person(HANAKO), note("read"), "Observation", "a", at=NOW)).id == "a"


async def test_a_database_with_one_login_goes_on_as_it_did(cluster: str, template: str) -> None:
    """The weaker set-up, as `kakehashi doctor` says: the owner takes the application's role for its sessions."""
    async with copy_of(cluster, template, "weak") as url, await Database.open(as_owner(url)) as db:
        assert as_app(as_owner(url)) == url
        await store(db, draft("a"))
        assert (await read_one(db, of_person(HANAKO), note("read"), "Observation", "a", at=NOW)).id == "a"
        async with db.connection() as connection:
            await connection.execute("RESET ROLE")
            assert (await roles(connection))[0] == APP_ROLE
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch("SELECT FROM resource")
