"""Jobs of bulk export and import: who asked, how far they are, which files there are; and who works on them.

Owners reach their own jobs only, servers all of them (store/reach.py). A server that takes a job up gets a number of
its own (`attempt`); it moves and ends the job under that number only, so that of two who think they have it, one does.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg

from kakehashi.core.actors import Actor
from kakehashi.store import reach
from kakehashi.store.database import Connection
from kakehashi.store.locks import lock
from kakehashi.store.reach import EVERY_TRANSFER, Matter, Reach
from kakehashi.store.sql import statements

_SQL = statements("transfers")

Direction = Literal["export", "import"]


@dataclass(frozen=True, slots=True)
class Transfer:
    """One job. `actor`, `asked`, `place`, `files`, `problem` are JSON of engines/transfer.

    `state`: waiting, running, done, failed, cancelled. `began_at`: when it was taken up first.
    """

    id: str
    person: int
    institution: int
    account: str
    direction: Direction
    actor: str
    asked: str
    asked_at: datetime
    began_at: datetime | None
    expires_at: datetime | None
    state: str
    attempt: int
    place: str
    files: str
    problem: str


async def reach_own(db: Connection, actor: Actor) -> None:
    """Open the reach of an owner for the rest of the transaction: account, institution and whom they are bound to."""
    whose = Reach((Matter.TRANSFER,), {actor.person or 0}, actor.institution.key, actor.subject)
    await reach.open_on(db, whose)


async def reach_all(db: Connection) -> None:
    """Open the reach of a server's chore for the rest of the transaction."""
    await reach.open_on(db, EVERY_TRANSFER)


async def put(
    db: Connection,
    job: str,
    actor: Actor,
    direction: Direction,
    *,
    who: str,
    asked: str,
    files: str,
    at: datetime,
) -> None:
    """Keep a new job that waits. `who`: the actor as JSON."""
    owner = (actor.person or 0, actor.institution.key, actor.subject)
    await db.execute(_SQL["transfer_put"], UUID(job), *owner, direction, who, asked, at, files)


async def count_open(db: Connection, actor: Actor) -> int:
    """Return how many jobs of the owner are not done; whoever asks at the same moment waits for this transaction."""
    await lock(db, [f"transfer\x1f{actor.institution.key}\x1f{actor.subject}"])
    return int(await db.fetchval(_SQL["transfer_open"]))


async def by_id(db: Connection, job: str) -> Transfer | None:
    """Return a job within the reach, or None."""
    try:
        return _transfer(await db.fetchrow(_SQL["transfer_of"], UUID(job)))
    except ValueError:  # no UUID
        return None


async def take(db: Connection, *, at: datetime, stalled: datetime) -> Transfer | None:
    """Take up the job that waited longest, or one that nobody has moved since `stalled`; None when there is none."""
    return _transfer(await db.fetchrow(_SQL["transfer_take"], at, stalled))


async def move(db: Connection, job: Transfer, place: str, files: str, *, at: datetime) -> bool:
    """Note how far a job is; say whether it is still this server's."""
    moved = await db.fetchval(_SQL["transfer_move"], UUID(job.id), job.attempt, place, files, at)
    return moved is not None


async def release(db: Connection, job: Transfer) -> None:
    """Give a job back, so that another server takes it up at once."""
    await db.execute(_SQL["transfer_release"], UUID(job.id), job.attempt)


async def end(
    db: Connection,
    job: Transfer,
    state: Literal["done", "failed"],
    *,
    files: str,
    problem: str,
    at: datetime,
    expires_at: datetime,
) -> bool:
    """Note what came of a job; say whether it was still this server's."""
    key = (UUID(job.id), job.attempt)
    return await db.fetchval(_SQL["transfer_end"], *key, state, files, problem, at, expires_at) is not None


async def cancel(db: Connection, job: str, *, at: datetime) -> None:
    """Cancel a job within the reach, or throw away what came of it."""
    await db.execute(_SQL["transfer_cancel"], UUID(job), at)


async def expired(db: Connection, *, at: datetime) -> list[str]:
    """Remove the jobs that have expired and return their ids."""
    return [row["id"] for row in await db.fetch(_SQL["transfers_expired"], at)]


async def known(db: Connection, jobs: Collection[str]) -> set[str]:
    """Return which of these jobs there are."""
    return {row["id"] for row in await db.fetch(_SQL["transfers_known"], [UUID(one) for one in jobs])}


async def writers_now(db: Connection) -> str:
    """Return a mark: every transaction that is open now has a number before it."""
    return str(await db.fetchval(_SQL["writers_now"]))


async def writers_done(db: Connection, mark: str) -> bool:
    """Say whether every transaction that was open at the mark has ended."""
    return bool(await db.fetchval(_SQL["writers_done"], mark))


def _transfer(row: asyncpg.Record | None) -> Transfer | None:
    return None if row is None else Transfer(**dict(row))
