"""Migrations: from nothing to the present, once, whoever starts at the same moment."""

import asyncio

import pytest

from kakehashi.core.settings import BadSetting
from kakehashi.store.database import Database
from kakehashi.store.migrate import migrate, names, require_new_enough


async def test_each_migration_is_applied_once_and_in_order(empty: str) -> None:
    assert await migrate(empty) == names()
    assert await migrate(empty) == []


async def test_servers_that_start_at_once_migrate_once(empty: str) -> None:
    done = await asyncio.gather(*(migrate(empty) for _ in range(3)))
    assert sorted(map(len, done)) == [0, 0, len(names())]
    async with await Database.open(empty) as db, db.transaction() as tx:
        assert await tx.fetchval("SELECT current_user") == "kakehashi_app"


def test_numbers_are_never_given_twice() -> None:
    numbers = [name[:4] for name in names()]
    assert len(set(numbers)) == len(numbers)


def test_a_server_that_is_too_old_is_refused_with_the_way_out() -> None:
    require_new_enough(15)
    with pytest.raises(BadSetting, match=r"PostgreSQL 14 is too old\. Connect to 15 or newer"):
        require_new_enough(14)
