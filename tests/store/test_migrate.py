"""Migrations: from nothing to the present, once, whoever starts at the same moment; by the owner of the tables."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest
from storing import HANAKO, NOW, draft, note, of_person, store

from databases import as_app, as_owner, copy_of, database_in
from kakehashi.core.settings import BadSetting
from kakehashi.store import inspection
from kakehashi.store.database import APP_ROLE, Database, prepare
from kakehashi.store.migrate import migrate, names, require_new_enough
from kakehashi.store.read import read_one


async def test_each_migration_is_applied_once_and_in_order(empty: str) -> None:
    assert await migrate(empty) == names()
    assert await migrate(empty) == []


async def test_servers_that_start_at_once_migrate_once(empty: str) -> None:
    done = await asyncio.gather(*(migrate(empty) for _ in range(3)))
    assert sorted(map(len, done)) == [0, 0, len(names())]
    async with await Database.open(empty) as db, db.transaction() as tx:
        assert await tx.fetchval("SELECT current_user") == APP_ROLE


def test_numbers_are_never_given_twice() -> None:
    numbers = [name[:4] for name in names()]
    assert len(set(numbers)) == len(numbers)


def test_a_server_that_is_too_old_is_refused_with_the_way_out() -> None:
    require_new_enough(15)
    with pytest.raises(BadSetting, match=r"PostgreSQL 14 is too old\. Connect to 15 or newer"):
        require_new_enough(14)


# Who may: the owner of the tables. The application's login finds out whether something is left to do.


async def as_superuser(url: str, statement: str) -> None:
    connection = await asyncpg.connect(as_owner(url))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def test_an_empty_database_is_the_owners_to_prepare(empty: str, template: str) -> None:
    with pytest.raises(BadSetting, match="Run kakehashi init with the login that owns the tables"):
        await prepare(as_app(empty))
    async with await Database.open(as_app(empty), owner=empty) as db:
        await works(db)


@pytest.mark.parametrize(
    "left_to_do",
    [
        "DELETE FROM migration WHERE name LIKE '0043%'",
        "REVOKE SELECT ON migration FROM kakehashi_app",  # as before migration 0015
        "INSERT INTO feed (person, rid, at, version, type, change, xid) VALUES (1, 1, now(), 1, 1, 1, '9000000000')",
    ],
    ids=["a migration", "most migrations", "an epoch after a restore"],
)
async def test_the_applications_login_starts_only_where_the_owner_has_nothing_to_do(
    cluster: str, template: str, left_to_do: str
) -> None:
    async with copy_of(cluster, template, "due") as url:
        assert await migrate(url) == []
        await as_superuser(url, left_to_do)
        with pytest.raises(BadSetting, match="Run kakehashi init with the login that owns the tables"):
            await Database.open(url)


@pytest.fixture
async def installation(cluster: str, template: str) -> AsyncIterator[tuple[str, str]]:
    """The URLs of owner and server in a database that was made as docs/operator.md says; neither is a superuser."""
    owner, login, name = (f"{one}_{secrets.token_hex(4)}" for one in ("owner", "login", "installation"))
    admin = await asyncpg.connect(cluster)
    await admin.execute(f"CREATE ROLE {owner} LOGIN PASSWORD '{_PASSWORD}'")
    await admin.execute(f"GRANT {APP_ROLE} TO {owner} WITH ADMIN OPTION")
    await admin.execute(f"CREATE ROLE {login} LOGIN PASSWORD '{_PASSWORD}' IN ROLE {APP_ROLE}")
    await admin.execute(f"CREATE DATABASE {name} OWNER {owner}")
    url = database_in(cluster, name)
    yield _by(owner, url), _by(login, url)
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.execute(f"DROP ROLE {login}, {owner}")
    await admin.close()


_PASSWORD = "only-for-this-test"


def _by(login: str, url: str) -> str:
    return re.sub(r"//[^@]*@", f"//{login}:{_PASSWORD}@", url, count=1)


async def works(db: Database) -> None:
    """A record is written and read."""
    await store(db, draft("a"))
    assert (await read_one(db, of_person(HANAKO), note("read"), "Observation", "a", at=NOW)).id == "a"


async def test_an_owner_who_is_no_superuser_prepares_it_and_a_login_of_ones_own_serves(
    installation: tuple[str, str],
) -> None:
    owner, server = installation
    async with await Database.open(server, owner=owner) as db:
        await works(db)
        async with db.transaction() as tx:
            found = await inspection.inspect(tx)
            assert (found.bound, found.login in server) == (True, True)
            await tx.execute("SET LOCAL ROLE NONE")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await tx.execute(f"SET LOCAL ROLE {owner.partition('//')[2].partition(':')[0]}")
    async with await Database.open(owner) as weak, weak.transaction() as tx:
        assert not (await inspection.inspect(tx)).bound, "as before there were two logins"


async def test_a_login_without_a_part_in_it_is_told_so(installation: tuple[str, str]) -> None:
    owner, server = installation
    await migrate(owner)
    stranger = server.partition("//")[2].partition(":")[0]
    await as_superuser(owner, f"REVOKE {APP_ROLE} FROM {stranger}")
    with pytest.raises(BadSetting, match="GRANT kakehashi_app TO"):
        await prepare(server)
    await as_superuser(owner, f"GRANT {APP_ROLE} TO {stranger}")
    await prepare(server)
