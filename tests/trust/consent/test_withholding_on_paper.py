"""Withholding for who has no account: asked for on paper at a reception, or sent to the operator."""

import pytest
from trust_words import CITY, CLINIC, ELSEWHERE, HANAKO, NOW, OPERATOR, myself, seen, staff, write

from kakehashi.core.actors import Purpose, Role
from kakehashi.core.errors import BadRequest, NotFound, Refused
from kakehashi.core.kinds import EVERY_KIND, Kind
from kakehashi.store.database import Connection
from kakehashi.trust import consents, withholding

PAPER = "申出書 2026-11-21、運転免許証で確認"
CLERK_OF_OPERATOR = staff(Role.OPERATOR, OPERATOR, purpose=Purpose.OPERATIONS)
CLERK = staff(Role.CLERK, purpose=Purpose.ADMINISTRATION)


@pytest.fixture
async def tx(empty: Connection) -> Connection:
    """Another hospital and this one wrote of Hanako, and she consented to the clinic's look."""
    await write(empty, "Condition/theirs", Kind.CONDITION)
    await write(empty, "Condition/ours", Kind.CONDITION, custodian=CLERK.institution.key)
    await consents.give(
        empty, HANAKO, CLINIC.key, EVERY_KIND, by=staff(Role.CLERK, CLINIC), at=NOW, evidence="card"
    )
    return empty


async def test_a_reception_withholds_its_own_institutions_records_on_paper(tx: Connection) -> None:
    doctor = staff(institution=CLINIC)
    assert await seen(tx, doctor, at=NOW) == {"Condition/theirs", "Condition/ours"}
    await withholding.withhold(tx, HANAKO, custodian=CLERK.institution.key, paper=PAPER, by=CLERK, at=NOW)
    assert await seen(tx, doctor, at=NOW) == {"Condition/theirs"}


async def test_a_reception_withholds_nothing_of_others_and_is_told_nothing(tx: Connection) -> None:
    for target in ({"custodian": ELSEWHERE}, {"kind": Kind.LAB}, {"item": "Condition/ours"}):
        with pytest.raises(Refused):
            await withholding.withhold(tx, HANAKO, paper=PAPER, by=CLERK, at=NOW, **target)  # type: ignore[arg-type]
    which = await withholding.withhold(
        tx, HANAKO, custodian=CLERK.institution.key, paper=PAPER, by=CLERK, at=NOW
    )
    with pytest.raises(Refused):
        await withholding.of_person(tx, HANAKO, by=CLERK, at=NOW)
    with pytest.raises(Refused):
        await withholding.release(tx, HANAKO, which, paper=PAPER, by=CLERK, at=NOW)


async def test_the_operator_sets_and_releases_on_paper_only(tx: Connection) -> None:
    with pytest.raises(BadRequest):
        await withholding.withhold(tx, HANAKO, kind=Kind.CONDITION, by=CLERK_OF_OPERATOR, at=NOW)
    with pytest.raises(NotFound):
        await withholding.withhold(tx, 999, kind=Kind.CONDITION, paper=PAPER, by=CLERK_OF_OPERATOR, at=NOW)
    which = await withholding.withhold(
        tx, HANAKO, kind=Kind.CONDITION, paper=PAPER, by=CLERK_OF_OPERATOR, at=NOW
    )
    assert [one.kind for one in await withholding.of_person(tx, HANAKO, by=CLERK_OF_OPERATOR, at=NOW)] == [
        Kind.CONDITION
    ]
    assert await seen(tx, staff(institution=CLINIC), at=NOW) == set()
    with pytest.raises(BadRequest):
        await withholding.release(tx, HANAKO, which, by=CLERK_OF_OPERATOR, at=NOW)
    await withholding.release(tx, HANAKO, which, paper=PAPER, by=CLERK_OF_OPERATOR, at=NOW)
    assert len(await seen(tx, staff(institution=CLINIC), at=NOW)) == 2


async def test_the_person_sees_and_releases_what_was_set_on_paper(tx: Connection) -> None:
    which = await withholding.withhold(
        tx, HANAKO, custodian=CLERK.institution.key, paper=PAPER, by=CLERK, at=NOW
    )
    assert [one.id for one in await withholding.of_person(tx, HANAKO, by=myself(), at=NOW)] == [which]
    await withholding.release(tx, HANAKO, which, by=myself(), at=NOW)


async def test_nobody_else_takes_a_paper(tx: Connection) -> None:
    for by in (staff(), staff(Role.NURSE), staff(Role.MUNICIPALITY, CITY, purpose=Purpose.ADMINISTRATION)):
        with pytest.raises(Refused):
            await withholding.withhold(tx, HANAKO, custodian=by.institution.key, paper=PAPER, by=by, at=NOW)
