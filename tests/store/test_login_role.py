"""How far a statement that is not ours would get: the role is the session's own default, and one text is one statement.

What is left is told in docs/security.md: the login itself is the owner's, and `SET ROLE NONE` goes back to it.
"""

import asyncpg
import pytest
from storing import HANAKO, NOW, draft, note, of_person, store

from kakehashi.store import window_sql
from kakehashi.store.database import APP_ROLE, Database
from kakehashi.store.read import read_one


@pytest.mark.parametrize("laid_down", ["RESET ROLE", "RESET ALL", "SET SESSION ROLE TO DEFAULT"])
async def test_resetting_leads_back_to_the_applications_role(db: Database, laid_down: str) -> None:
    await store(db, draft("a"))
    async with db.connection() as connection:
        await connection.execute(laid_down)
        assert await connection.fetchval("SELECT current_user") == APP_ROLE
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT FROM resource")  # no window
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("ALTER TABLE resource DISABLE ROW LEVEL SECURITY")
    assert (await read_one(db, of_person(HANAKO), note("read"), "Observation", "a", at=NOW)).id == "a"


async def test_a_text_with_values_is_one_statement(db: Database) -> None:
    async with db.connection() as connection:
        with pytest.raises(asyncpg.PostgresSyntaxError):
            await connection.fetch("SELECT $1::int; SET ROLE NONE", 1)
        assert await connection.fetchval("SELECT current_user") == APP_ROLE


async def test_what_a_borrower_sets_for_a_transaction_is_gone_for_the_next(db: Database) -> None:
    await store(db, draft("a"))
    async with db.transaction() as tx:
        await window_sql.open_on(tx, of_person(HANAKO))
        await tx.execute("SELECT set_config('role', 'none', true)")
    async with db.connection() as connection:
        assert await connection.fetchval("SELECT current_user") == APP_ROLE
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT FROM resource")
