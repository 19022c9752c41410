"""Words for the tests of trust/ that need a database: people, institutions, rows that are really there."""

import sys
from datetime import datetime
from pathlib import Path

import orjson

from kakehashi.core.actors import Actor, Institution
from kakehashi.core.hashing import row_key
from kakehashi.core.kinds import Kind
from kakehashi.core.window import Window
from kakehashi.store import institutions, reach, window_sql
from kakehashi.store.database import Connection, Database
from kakehashi.trust.windows import open_window

sys.path.append(str(Path(__file__).parents[1] / "window"))
from window_words import (  # noqa: F401
    CITY,
    CLINIC,
    DAY,
    ELSEWHERE,
    HANAKO,
    HOSPITAL,
    INSURER,
    NOW,
    OPERATOR,
    PHARMACY,
    TARO,
    myself,
    staff,
)  # fmt: skip

WRITER = Institution(ELSEWHERE, "1319999990", "みさき病院", HOSPITAL.type)


async def region(db: Database) -> None:
    """The institutions, and two people."""
    async with db.transaction() as tx:
        for one in (HOSPITAL, CLINIC, PHARMACY, INSURER, CITY, WRITER):
            await institutions.put(tx, one)
        for person in (HANAKO, TARO):
            await tx.execute(
                "INSERT INTO person (person, root, made_at, made_by) VALUES ($1, $1, $2, 't')", person, NOW
            )


async def write(
    db: Connection, item: str, kind: Kind, *, person: int = HANAKO, custodian: int = ELSEWHERE, addressee: int = 0,
    flags: int = 0, at: datetime = NOW - DAY,
) -> None:  # fmt: skip
    """Put a row there, as the writer does."""
    resource_type, _, name = item.partition("/")
    await db.execute(
        "INSERT INTO resource (person, rid, origin, at, changed_at, version, custodian, addressee, type, kind, flags,"
        " id, tokens, ranges, texts, body) VALUES ($1, $2, 0, $3, $3, 1, $4, $5, 1, $6, $7, $8, '{}', '{}', '{}', '')",
        person, row_key(resource_type, name), at, custodian, addressee, int(kind), flags, item,
    )  # fmt: skip


async def seen(db: Connection, actor: Actor, person: int | None = HANAKO, *, at: datetime = NOW) -> set[str]:
    """What is really there to be seen through the actor's window, as row-level security lets through."""
    await window_sql.open_on(db, await open_window(db, actor, person, at=at))
    rows = await db.fetch("SELECT id FROM resource")
    await window_sql.open_on(db, Window())
    return {row["id"] for row in rows}


async def logged(db: Connection, person: int = HANAKO) -> list[str]:
    """The actions in the log about a person, in order."""
    await reach.open_on(db, reach.WHOLE_LOG)
    rows = await db.fetch("SELECT entry FROM log WHERE person = $1 ORDER BY seq", person)
    return [orjson.loads(row["entry"])["action"] for row in rows]
