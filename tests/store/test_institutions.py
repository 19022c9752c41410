"""Institutions are a reference table: by official code, never twice."""

import pytest

from kakehashi.core.actors import Institution, InstitutionType
from kakehashi.core.errors import NotFound
from kakehashi.store import institutions
from kakehashi.store.database import Database

HOSPITAL = Institution(1, "1311234567", "桜台総合病院", InstitutionType.HOSPITAL)


async def test_an_institution_is_found_by_its_official_code(db: Database) -> None:
    async with db.transaction() as tx:
        await institutions.put(tx, HOSPITAL)
        assert await institutions.by_code(tx, "1311234567") == HOSPITAL


async def test_an_unknown_code_is_not_found(db: Database) -> None:
    async with db.transaction() as tx:
        with pytest.raises(NotFound):
            await institutions.by_code(tx, "1319999999")


async def test_some_are_given_by_their_keys_and_unknown_keys_are_left_out(db: Database) -> None:
    other = Institution(2, "1319876543", "みどり医院", InstitutionType.CLINIC)
    async with db.transaction() as tx:
        await institutions.put(tx, HOSPITAL)
        await institutions.put(tx, other)
        assert await institutions.some(tx, [2, 9]) == {2: other}
        assert await institutions.some(tx, []) == {}
