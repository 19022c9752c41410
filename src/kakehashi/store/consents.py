"""Consents (同意) and the consents to single documents (診療情報提供書): rows only; trust/ decides."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import asyncpg

from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("consents")
Row: TypeAlias = asyncpg.Record


async def add(
    db: Connection, person: int, key: UUID, institution: int, kinds: int, ends: datetime, evidence: str,
    *, by: str, at: datetime,
) -> None:  # fmt: skip
    """Record a consent that holds from `at` up to `ends`."""
    await db.execute(_SQL["consent_add"], person, key, institution, kinds, at, ends, evidence, by)


async def lock(db: Connection, persons: Iterable[int], key: UUID) -> Row | None:
    """Return one consent of these persons, locked until the transaction ends, or None."""
    return await db.fetchrow(_SQL["consent_lock"], list(persons), key)


async def withdraw(db: Connection, person: int, key: UUID, *, by: str, at: datetime) -> None:
    """End a consent at once; one that was withdrawn before stays as it was."""
    await db.execute(_SQL["consent_withdraw"], person, key, at, by)


async def of_person(db: Connection, persons: Iterable[int], institution: int | None = None) -> list[Row]:
    """Return the consents of a person, newest first; with `institution`, only those to it."""
    return await db.fetch(_SQL["consent_list"], list(persons), institution)


async def put_referral(
    db: Connection, person: int, item: str, rid: int, kind: int, *, sender: int, receiver: int, way: str | None,
    by: str, at: datetime,
) -> Row | None:  # fmt: skip
    """Record to whom a document goes; return the way on record (None: pending), or no row for another sender's."""
    values = (person, item, rid, kind, sender, receiver, at, by, way)
    try:
        return await db.fetchrow(_SQL["referral_put"], *values)
    except (
        asyncpg.InsufficientPrivilegeError
    ):  # from 15.20 on row-level security comes before the statement's own test
        return None


async def agree_to_referral(
    db: Connection, person: int, rid: int, way: str, *, by: str, at: datetime
) -> None:
    """Make a waiting document viewable; one that is viewable stays as it is."""
    await db.execute(_SQL["referral_agree"], person, rid, way, at, by)


async def referrals_of(db: Connection, persons: Iterable[int], receiver: int | None = None) -> list[Row]:
    """Return the documents of a person that were sent to somebody, newest first."""
    return await db.fetch(_SQL["referral_list"], list(persons), receiver)


async def inbox(db: Connection, receiver: int, since: datetime, most: int) -> list[Row]:
    """Return what was sent to an institution since a moment, newest first."""
    return await db.fetch(_SQL["referral_inbox"], receiver, since, most)


async def settle_referrals(db: Connection, persons: Iterable[int]) -> None:
    """Make the addressee on the rows of a person's documents say what consent and withholding now say."""
    await db.execute(_SQL["referral_settle"], list(persons))
