"""Runs of the matching in bulk: asked for by an operator, done by one process, and how far that one has come."""

from dataclasses import dataclass
from datetime import datetime

from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("matching_runs")


@dataclass(frozen=True, slots=True)
class Found:
    """What a run found: descriptions compared, likely pairs, those of them that were new, megabytes at the most."""

    described: int
    pairs: int
    fresh: int
    megabytes: int


@dataclass(frozen=True, slots=True)
class Run:
    """One run. `step`: waiting, reading, matching, done. When done: what it found, or `fault` ("ja | en")."""

    asked_at: datetime
    entries: int
    done: int
    step: str
    moved_at: datetime
    pairs: int | None
    fresh: int | None
    megabytes: int | None
    fault: str | None

    @property
    def under_way(self) -> bool:
        """Whether it is still to be done."""
        return self.step != "done"


async def ask(db: Connection, *, by: str, at: datetime) -> bool:
    """Ask for a run; say whether none was under way."""
    return await db.fetchval(_SQL["matching_ask"], by, at) is not None


async def take(db: Connection, *, at: datetime, stalled: datetime) -> int | None:
    """Take up the run that waits, or one that nobody has moved since `stalled`; None when there is none."""
    number: int | None = await db.fetchval(_SQL["matching_take"], at, stalled)
    return number


async def move(db: Connection, number: int, step: str, done: int, *, at: datetime) -> None:
    """Note how far a run is; back to "waiting" is for another process to take up."""
    await db.execute(_SQL["matching_move"], number, step, done, at)


async def end(db: Connection, number: int, found: Found, *, at: datetime) -> None:
    """Note what a run found."""
    said = found.described, found.pairs, found.fresh, found.megabytes
    await db.execute(_SQL["matching_end"], number, *said, at)


async def fail(db: Connection, number: int, fault: str, *, at: datetime) -> None:
    """Note why a run found nothing."""
    await db.execute(_SQL["matching_fail"], number, fault, at)


async def last(db: Connection) -> Run | None:
    """Return the newest run."""
    row = await db.fetchrow(_SQL["matching_last"])
    return None if row is None else Run(**dict(row))
