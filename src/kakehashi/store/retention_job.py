"""Remove what has been kept long enough: with its history, leaving a record of the removal, a feed entry, a log entry.

It walks all rows in the order of the primary key, a batch a transaction, so it can be stopped at any moment and run
again. It is the only thing that removes records for good.
"""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from kakehashi.core.kinds import Flag
from kakehashi.core.logentry import Note, Seen
from kakehashi.fhir.types import NAME
from kakehashi.store import log_append, window_sql
from kakehashi.store.database import Connection, Database
from kakehashi.store.retention import CLASSES, RetentionClass, Start, day_of, end_of, free_from, newest_free
from kakehashi.store.sql import statements

_SQL = statements("retention")
_WINDOW = window_sql.system_window("retention")
_BATCH = 2000  # rows looked at in one transaction


@dataclass(slots=True)
class Removed:
    """What a run did: rows removed for each class, by name; nothing when another run was under way (`ran` False)."""

    rows: dict[str, int]
    ran: bool = True


async def run(
    db: Database, note: Note, *, at: datetime, classes: tuple[RetentionClass, ...] = CLASSES
) -> Removed:
    """Remove everything whose time is over at `at`, except what is under legal hold. Raises Unavailable.

    One run at a time, whoever starts it: a second one does nothing. The lock is the connection's, so that it ends with
    a server that dies.
    """
    done = Removed({one.name: 0 for one in classes})
    async with db.connection() as held:
        done.ran = bool(await held.fetchval(_SQL["retention_lock"]))
        if not done.ran:
            return done
        try:
            for one in classes:
                for lts, years in ((False, one.years), (True, one.lts_years)):
                    if years is not None:
                        done.rows[one.name] += await _class(db, note, one, lts, years, at)
        finally:
            await held.execute(_SQL["retention_unlock"])
    return done


@dataclass(frozen=True, slots=True)
class Ahead:
    """What of one class may go within a time: records, those of them that are held, and the first start."""

    name: str
    due: int
    held: int
    first: datetime | None


async def ahead(
    db: Database, *, until: datetime, classes: tuple[RetentionClass, ...] = CLASSES
) -> list[Ahead]:
    """Return what the job may remove up to `until`, by class; classes that nothing removes are left out."""
    found = []
    async with db.transaction() as connection:
        await window_sql.open_on(connection, _WINDOW)
        for one in classes:
            for lts, years in ((False, one.years), (True, one.lts_years)):
                if years is not None:
                    row = await connection.fetchrow(
                        _SQL["retention_ahead"], end_of(newest_free(day_of(until), years)), one.kinds, int(Flag.LTS),
                        lts, one.start is Start.LATER,
                    )  # fmt: skip
                    found.append(Ahead(one.name, *row.values()) if row else Ahead(one.name, 0, 0, None))
    return found


async def _class(db: Database, note: Note, one: RetentionClass, lts: bool, years: int, at: datetime) -> int:
    removed, place = 0, (-(2**63), -(2**63))
    over = end_of(newest_free(day_of(at), years))
    while True:
        async with db.transaction() as connection:
            await window_sql.open_on(connection, _WINDOW)
            looked = await connection.fetchrow(_SQL["retention_next"], *place, _BATCH)
            if looked is None:
                return removed
            upto = (looked["person"], looked["rid"])
            due = await connection.fetch(
                _SQL["retention_due"],
                *place,
                *upto,
                one.kinds,
                int(Flag.LTS),
                lts,
                over,
                one.start is Start.LATER,
            )
            if due:
                await _remove(connection, note, one, years, due, at)
            removed, place = removed + len(due), upto


async def _remove(
    connection: Connection,
    note: Note,
    one: RetentionClass,
    years: int,
    due: list[asyncpg.Record],
    at: datetime,
) -> None:
    persons, rids = [row["person"] for row in due], [row["rid"] for row in due]
    starts = [day_of(row["started"]) for row in due]
    ends = [free_from(start, years) for start in starts]
    await connection.execute(_SQL["retention_remove"], persons, rids, starts, ends, at, one.name, one.law)
    seen = [Seen(row["person"], f"{NAME[row['type']]}/{row['id']}") for row in due]
    await log_append.append(connection, note, seen, at=at)
