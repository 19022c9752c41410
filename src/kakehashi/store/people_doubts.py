"""What waits for an operator: suspended links, and pairs of keys that may be one human."""

from collections.abc import Sequence
from datetime import datetime

import orjson

from kakehashi.store.database import Connection
from kakehashi.store.people import Json, Key, Row
from kakehashi.store.sql import statements

_SQL = statements("people_doubts")


async def add_suspensions(db: Connection, rows: Sequence[Json], *, by: str, at: datetime) -> list[int]:
    """Suspend links: rows of person, institution, apart, other, evidence. Returns the numbers of new ones."""
    if not rows:
        return []
    got = await db.fetch(_SQL["suspensions_add"], orjson.dumps(rows).decode(), at, by)
    return [row["suspension"] for row in got]


async def lock_suspension(db: Connection, suspension: int) -> Row | None:
    """Return one suspension and lock it."""
    return await db.fetchrow(_SQL["suspension_lock"], suspension)


async def settle(
    db: Connection, suspension: int, state: str, evidence: Json, *, by: str, at: datetime
) -> None:
    """Set a suspension to "right" or "wrong"."""
    await db.execute(_SQL["suspension_settle"], suspension, state, at, by, orjson.dumps(evidence).decode())


async def suspended(db: Connection, persons: Sequence[int]) -> list[Row]:
    """Return the suspensions in force for these persons."""
    return await db.fetch(_SQL["suspended"], list(persons)) if persons else []


async def open_suspensions(db: Connection, most: int) -> list[Row]:
    """Return the suspensions that wait, oldest first."""
    return await db.fetch(_SQL["suspensions_open"], most)


async def settle_disputed(
    db: Connection, person: int, institution: int, state: str, *, until: datetime | None
) -> None:
    """Settle the disputed links of a person at an institution."""
    await db.execute(_SQL["disputed_settle"], person, institution, state, until)


async def withdraw_links(db: Connection, person: int, institution: int, *, at: datetime) -> list[Key]:
    """End every link that an institution said of a person, and return their keys."""
    rows = await db.fetch(_SQL["links_withdraw"], person, institution, at)
    return [(row["system"], row["value"], row["holder"]) for row in rows]


async def drop_keys(db: Connection, person: int, keys: Sequence[Key]) -> None:
    """Take keys from a person, unless another institution's link bears them out."""
    columns = [[key[part] for key in keys] for part in range(3)]
    await db.execute(_SQL["keys_drop"], person, *columns)


async def affected(db: Connection, person: int, institution: int | None) -> list[Row]:
    """Return institution, since, until and keys of what was written under a person by links."""
    return await db.fetch(_SQL["affected"], person, institution)


async def add_candidates(db: Connection, rows: Sequence[Json], *, at: datetime) -> int:
    """Note pairs for review: rows of one < other, score, evidence. Returns how many of them are new."""
    return int(await db.fetchval(_SQL["candidates_add"], orjson.dumps(rows).decode(), at)) if rows else 0


async def open_candidates(db: Connection, most: int) -> list[Row]:
    """Return the pairs that wait, likeliest first."""
    return await db.fetch(_SQL["candidates_open"], most)


async def count_candidates(db: Connection) -> int:
    """Return how many pairs wait."""
    return int(await db.fetchval(_SQL["candidates_count"]))


async def settle_candidate(
    db: Connection, one: int, other: int, state: str, *, by: str, at: datetime
) -> None:
    """Set a waiting pair to "same" or "different"."""
    await db.execute(_SQL["candidate_settle"], min(one, other), max(one, other), state, at, by)
