"""Institutions (医療機関・薬局・保険者・自治体): the reference table that custodian keys point into."""

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
    return Institution(row["key"], row["code"], row["name"], InstitutionType(row["type"]))


async def every(db: Connection) -> list[Institution]:
    """Return all institutions, by key."""
    rows = await db.fetch(_SQL["institution_all"])
    return [Institution(row["key"], row["code"], row["name"], InstitutionType(row["type"])) for row in rows]
