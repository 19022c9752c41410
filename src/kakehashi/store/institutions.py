"""Institutions (医療機関・薬局・保険者・自治体): the reference table that custodian keys point into."""

from collections.abc import Iterable

import asyncpg

from kakehashi.core.actors import Institution, InstitutionType
from kakehashi.core.errors import NotFound
from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("institutions")


async def put(db: Connection, institution: Institution) -> None:
    """Register an institution, or correct its name and type."""
    await db.execute(
        _SQL["institution_put"], institution.key, institution.code, institution.name, institution.type.value
    )


async def by_code(db: Connection, code: str) -> Institution:
    """Return the institution with this official code. Raises NotFound."""
    row = await db.fetchrow(_SQL["institution_by_code"], code)
    if row is None:
        raise NotFound(
            f"番号 {code[:20]} の施設は登録されていません。番号を確かめるか、運用画面で登録してください。",
            f"No institution has the number {code[:20]}. Check it, or register the institution in the console.",
            rule="institution.code",
        )
    return _of(row)


async def every(db: Connection) -> list[Institution]:
    """Return all institutions, by key."""
    return [_of(row) for row in await db.fetch(_SQL["institution_all"])]


async def some(db: Connection, keys: Iterable[int]) -> dict[int, Institution]:
    """Return the institutions with these keys, by key; keys that nobody has are left out."""
    rows = await db.fetch(_SQL["institution_some"], list(keys))
    return {row["key"]: _of(row) for row in rows}


def _of(row: asyncpg.Record) -> Institution:
    return Institution(row["key"], row["code"], row["name"], InstitutionType(row["type"]))
