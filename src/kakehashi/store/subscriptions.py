"""Subscriptions as they are worked: who asked, what is watched, the numbered events, and how far each was told.

Under a reach (store/reach.py): an institution's own, or every one for whoever works on them. What takes a connection of
a transaction wants it open.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from kakehashi.core.actors import Actor
from kakehashi.core.hashing import hash64
from kakehashi.fhir.indexing.scheme import SCHEME
from kakehashi.fhir.types import NAME, NUMBER
from kakehashi.store import reach, window_sql
from kakehashi.store.database import Connection, Database
from kakehashi.store.feed import Change, Entry, Position, move
from kakehashi.store.reach import EVERY_SUBSCRIPTION, Matter, Reach
from kakehashi.store.rows import Row
from kakehashi.store.sql import statements
from kakehashi.store.write_rows import row_of

FOLLOWER = "subscriptions"  # its name in the feed
_SQL = statements("subscriptions")
_WORKER = hash64("subscriptions.courier")
_WINDOW = window_sql.system_window("subscriptions")


@dataclass(frozen=True, slots=True)
class Held:
    """A subscription. `definition`, `topic`: resources as JSON (topic b"": none). Numbers: see migration 0018."""

    id: str
    institution: int
    subject: str
    role: str
    purpose: str
    person: int | None
    scopes: tuple[str, ...]
    version: int
    types: tuple[int, ...]
    channel: str
    status: str
    error: str
    definition: bytes = field(repr=False)
    topic: bytes = field(repr=False)
    begins: int
    events: int
    sent: int
    failures: int
    due_at: datetime
    told_at: datetime
    beats: int
    ends_at: datetime | None
    halted: bool


@dataclass(frozen=True, slots=True)
class Event:
    """One event: a version of a resource, under its number within the subscription. `at`: when it was stored."""

    number: int
    person: int
    type: str
    id: str
    version: int
    change: Change
    at: datetime


@dataclass(frozen=True, slots=True)
class Watched:
    """What a subscription looks at: types, index tokens one of which a change must have (of the present scheme), and
    whether it asks for the version before."""

    types: frozenset[str]
    needs: frozenset[int]
    looks_back: bool


def of_institution(key: int) -> Reach:
    """Return the reach over the subscriptions of one institution."""
    return Reach((Matter.SUBSCRIPTION,), institution=key)


@asynccontextmanager
async def reaching(db: Database, whose: Reach) -> AsyncIterator[Connection]:
    """Yield a transaction with a reach open."""
    async with db.transaction() as tx:
        await reach.open_on(tx, whose)
        yield tx


async def put(
    tx: Connection, name: str, version: int, *, by: Actor, watched: Watched, channel: str, definition: bytes,
    topic: bytes, beats: int, ends: datetime | None, at: datetime,
) -> None:  # fmt: skip
    """Take a subscription in, or anew, as requested by `by`."""
    numbers = sorted({NUMBER[one] for one in watched.types})
    await tx.execute(
        _SQL["subscription_put"], name, by.institution.key, by.subject, by.role.value, by.purpose.value, by.person,
        list(by.scopes), version, numbers, channel, definition, topic, at, beats, ends, sorted(watched.needs), SCHEME,
        watched.looks_back,
    )  # fmt: skip


async def stop(tx: Connection, name: str, version: int) -> None:
    """Put a subscription off, if it is one; what waits is not told any more."""
    await tx.execute(_SQL["subscription_stop"], name, version)


async def forget(tx: Connection, name: str) -> None:
    """Take a subscription away."""
    await tx.execute(_SQL["subscription_forget"], name)


async def halt(tx: Connection, *, subject: str | None = None, institution: int | None = None) -> None:
    """Stop what a client or account, or an institution, subscribed to, until it is requested again. Wants no reach."""
    await tx.execute(_SQL["subscription_halt"], subject, institution)


async def state(
    tx: Connection, name: str, before: int, version: int, status: str, error: str, at: datetime
) -> bool:
    """Set the state of what was worked with as version `before`; say whether it still was."""
    return await tx.fetchval(_SQL["subscription_state"], name, before, version, status, error, at) is not None


async def one(connection: Connection, name: str) -> Held | None:
    """Return a subscription, None where there is none that ever ran."""
    found = await connection.fetchrow(_SQL["subscription_one"], name)
    return None if found is None else _held(found)


async def every(connection: Connection) -> list[Held]:
    """Return all."""
    return [_held(one) for one in await connection.fetch(_SQL["subscription_all"])]


async def of_place(tx: Connection, institution: int | None, limit: int) -> list[Held]:
    """Return those of an institution, or all (None), what is in error first, then the newest told."""
    return [_held(one) for one in await tx.fetch(_SQL["subscription_of_place"], institution, limit)]


async def running(tx: Connection) -> bool:
    """Say whether any subscription takes events."""
    return bool(await tx.fetchval(_SQL["subscription_running"]))


async def watched(tx: Connection, types: Iterable[str]) -> dict[str, bool]:
    """Return which of these types some subscription watches, and whether one of them looks at the version before."""
    found = await tx.fetch(_SQL["subscription_watched"], sorted({NUMBER[one] for one in types}))
    return {NAME[number]: looks_back for number, looks_back in found}


async def concerned(tx: Connection, tokens: Iterable[int]) -> list[Held]:
    """Return the subscriptions that changes with these tokens may concern, in the order of their ids."""
    found = await tx.fetch(_SQL["subscription_concerned"], sorted(set(tokens)), SCHEME)
    return [_held(one) for one in found]


async def due(tx: Connection, at: datetime) -> list[Held]:
    """Return those for which a server has something to do at `at`."""
    return [_held(one) for one in await tx.fetch(_SQL["subscription_due"], at)]


async def sent(tx: Connection, held: Held, number: int, at: datetime) -> None:
    """Note that the other side took everything up to a number."""
    await tx.execute(_SQL["subscription_sent"], held.id, held.version, number, at)


async def failed(tx: Connection, held: Held, why: str, again: datetime) -> None:
    """Note that it did not, and when to try again."""
    await tx.execute(_SQL["subscription_failed"], held.id, held.version, again, why)


async def number(tx: Connection, found: Sequence[tuple[str, Entry, str]]) -> None:
    """Number events and keep them: (subscription, change, id of the resource), in the order of the feed."""
    if not found:
        return
    columns = [
        (name, e.person, NUMBER[e.type], resource, e.version, e.change.value, e.at)
        for name, e, resource in found
    ]
    await tx.execute(_SQL["subscription_number"], *map(list, zip(*columns, strict=True)))


async def events(connection: Connection, name: str, *, after: int, until: int, limit: int) -> list[Event]:
    """Return events of a subscription in the order of their numbers, after one and up to one."""
    found = await connection.fetch(_SQL["subscription_events"], name, after, until, limit)
    return [
        Event(n, person, NAME[kind], resource, version, Change(change), at)
        for n, person, kind, resource, version, change, at in found
    ]


async def rows(tx: Connection, keys: Iterable[tuple[int, int, int]]) -> dict[tuple[int, int, int], Row]:
    """Return versions by (person, rid, version), deletions too. For decisions; opens the window of the system."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    await window_sql.open_on(tx, _WINDOW)
    found = await tx.fetch(_SQL["subscription_rows"], *map(list, zip(*wanted, strict=True)))
    return {(row.person, row.rid, row.version): row for row in map(row_of, found)}


async def skip(db: Database) -> None:
    """Let the follower pass over what is settled: nobody subscribed to it."""
    async with reaching(db, EVERY_SUBSCRIPTION) as tx:
        if not await running(tx):
            await move(tx, FOLLOWER, Position(await tx.fetchval(_SQL["subscription_settled"]), 0))


async def tidy(tx: Connection, before: datetime) -> None:
    """Take away events that happened before a moment."""
    await tx.execute(_SQL["subscription_tidy"], before)


@asynccontextmanager
async def the_one_worker(db: Database) -> AsyncIterator[Connection | None]:
    """Yield a connection to the one server that delivers, for as long as it stays connected; to others None."""
    async with db.connection() as connection:
        mine = await connection.fetchval(_SQL["subscription_worker"], _WORKER)
        try:
            yield connection if mine else None
        finally:
            if mine and not connection.is_closed():
                await connection.execute(_SQL["subscription_worker_ends"], _WORKER)


def _held(record: asyncpg.Record) -> Held:
    values = dict(record)
    return Held(**{**values, "scopes": tuple(values["scopes"]), "types": tuple(values["types"])})
