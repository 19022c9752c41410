"""Checks of the whole log that somebody asked for on a page, and how far the server that does one has come."""

from dataclasses import dataclass
from datetime import datetime

from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("log_checks")


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `step`: waiting, reading, checking, done; `verdict` and `said` ("ja | en") when done."""

    number: int
    asked_at: datetime
    entries: int
    done: int
    step: str
    moved_at: datetime
    verdict: str | None
    said: str | None

    @property
    def under_way(self) -> bool:
        """Whether it is still to be done."""
        return self.step != "done"


async def ask(db: Connection, *, by: str, at: datetime, entries: int) -> bool:
    """Ask for a check; say whether none was under way."""
    return await db.fetchval(_SQL["check_ask"], by, at, entries) is not None


async def take(db: Connection, *, at: datetime, stalled: datetime) -> int | None:
    """Take up the check that waits, or one that nobody has moved since `stalled`; None when there is none."""
    number: int | None = await db.fetchval(_SQL["check_take"], at, stalled)
    return number


async def move(db: Connection, number: int, step: str, done: int, *, at: datetime) -> None:
    """Note how far a check is."""
    await db.execute(_SQL["check_move"], number, step, done, at)


async def end(db: Connection, number: int, verdict: str, said: str, *, at: datetime) -> None:
    """Note what a check found."""
    await db.execute(_SQL["check_end"], number, verdict, said, at)


async def last(db: Connection) -> Check | None:
    """Return the newest check."""
    row = await db.fetchrow(_SQL["check_last"])
    return None if row is None else Check(**dict(row))
