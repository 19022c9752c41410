"""The facts that a window rests on, fetched in one round trip. What follows from them is trust/'s to decide."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeAlias

import asyncpg

from kakehashi.core.hashing import row_key
from kakehashi.fhir.types import NUMBER
from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("window_facts")
Fact: TypeAlias = asyncpg.Record


async def of_person(
    db: Connection, person: int, institution: int, account: str, *, at: datetime
) -> list[Fact]:
    """Return rows of what, id, institution, number, account, starts, ends; `what` tells which columns are filled."""
    return await db.fetch(_SQL["window_facts"], person, institution, account, at)


async def of_named(
    db: Connection,
    keys: Sequence[tuple[str, str]],
    institution: int,
    account: str,
    *,
    nobody: int,
    at: datetime,
) -> list[Fact]:
    """Return the same rows for whomever each (type, id) is about, after its place (from 1) and the person.

    The person is `nobody` where there is no such resource. Needs no open window, and closes the caller's.
    """
    types = [NUMBER.get(kind, 0) for kind, _ in keys]
    rids, names = [row_key(*key) for key in keys], [name for _, name in keys]
    return await db.fetch(_SQL["window_facts_named"], types, rids, names, institution, account, at, nobody)


async def insurer_now(db: Connection, persons: Iterable[int], system: str) -> int | None:
    """Return the institution key of the insurer that the person is a member of now, or None."""
    key: int | None = await db.fetchval(_SQL["insurer_now"], list(persons), system)
    return key
