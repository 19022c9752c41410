"""What an emergency opening does not open (A6), entry by entry; and that no refused one is written, told or queued.

The four items and their one person: tests/people/test_find.py. Page and step-up: tests/faces/web/test_web_care.py.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from trust_words import (
    CLINIC,
    HANAKO,
    HOSPITAL,
    NOW,
    OPERATOR,
    TARO,
    WRITER,
    logged,
    myself,
    seen,
    staff,
    write,
)

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.errors import BadRequest, NotFound, Refused
from kakehashi.core.kinds import EVERY_KIND, Flag, Kind
from kakehashi.store import institutions
from kakehashi.store.database import Connection
from kakehashi.trust import emergency

HELPER = staff(emergency_right=True, purpose=Purpose.EMERGENCY)
AUDITOR = staff(Role.AUDITOR, OPERATOR, purpose=Purpose.AUDIT)
REASON = "交通外傷、意識レベル低下のため"
SHOWN = {Kind.CONTRAINDICATION, Kind.ALLERGY}  # of those written below


@pytest.fixture
async def tx(empty: Connection) -> Connection:
    """A row of every kind that another hospital wrote of Hanako."""
    for kind in Kind:
        if EVERY_KIND >> kind & 1:
            await write(empty, f"Kind/{kind.name}", kind)
    return empty


def row(kind: Kind) -> str:
    return f"Kind/{kind.name}"


async def test_the_summary_has_what_saves_a_life_and_no_other_section(tx: Connection) -> None:
    await emergency.open_access(tx, HANAKO, "unconscious", REASON, by=HELPER, at=NOW)
    opened = await seen(tx, HELPER)
    assert {row(kind) for kind in SHOWN} <= opened
    closed = (Kind.NOTE, Kind.REFERRAL, Kind.DISCHARGE, Kind.SUBMISSION, Kind.CONSENT)
    assert not opened & {row(kind) for kind in closed}


@pytest.mark.parametrize("flag", [Flag.UNDELIVERED, Flag.WITHHELD, Flag.SUSPENDED])
async def test_what_is_held_back_stays_so(tx: Connection, flag: Flag) -> None:
    await write(tx, "AllergyIntolerance/held", Kind.ALLERGY, flags=flag)
    await emergency.open_access(tx, HANAKO, "unconscious", REASON, by=HELPER, at=NOW)
    assert "AllergyIntolerance/held" not in await seen(tx, HELPER)


async def test_an_opening_is_of_one_hospital_one_account_one_person_one_hour(tx: Connection) -> None:
    other = Institution(91, "1311239991", "ほかの病院（架空）", InstitutionType.HOSPITAL)
    await institutions.put(tx, other)
    await write(tx, "AllergyIntolerance/taro", Kind.ALLERGY, person=TARO)
    await emergency.open_access(tx, HANAKO, "unconscious", REASON, by=HELPER, at=NOW)
    assert await seen(tx, HELPER)
    strangers: list[Actor] = [
        replace(HELPER, institution=other), replace(HELPER, institution=CLINIC), replace(HELPER, subject="doctor-9"),
        replace(HELPER, factors=1), replace(HELPER, emergency_right=False), replace(HELPER, purpose=Purpose.PAYMENT),
        replace(HELPER, role=Role.CLERK), replace(HELPER, role=Role.SYSTEM),
    ]  # fmt: skip
    for one in strangers:
        assert await seen(tx, one) == set(), one
    assert await seen(tx, HELPER, TARO) == set()
    assert await seen(tx, HELPER, at=NOW - timedelta(seconds=1)) == set(), "not before it either"
    assert await seen(tx, HELPER, at=NOW + emergency.OPEN_FOR) == set()


async def test_who_needs_longer_states_a_reason_again_and_each_is_reviewed(tx: Connection) -> None:
    first = await emergency.open_access(tx, HANAKO, "unconscious", REASON, by=HELPER, at=NOW)
    later = NOW + emergency.OPEN_FOR
    for words in ("", "同上", first.id[:9]):
        with pytest.raises(BadRequest):
            await emergency.open_access(tx, HANAKO, "unconscious", words, by=HELPER, at=later)
    assert await seen(tx, HELPER, at=later) == set()
    await emergency.open_access(tx, HANAKO, "impaired", REASON, by=HELPER, at=later)
    assert await seen(tx, HELPER, at=later)
    assert len(await emergency.review_queue(tx, by=AUDITOR)) == 2
    assert len(await emergency.of_person(tx, HANAKO, by=myself(), at=later)) == 2


@pytest.mark.parametrize(
    ("person", "by", "refusal"),
    [
        (999_999, HELPER, NotFound), (HANAKO, staff(emergency_right=True, factors=1), Refused),
        (HANAKO, staff(Role.NURSE, CLINIC, emergency_right=True), Refused),
        (HANAKO, staff(Role.OPERATOR, OPERATOR, emergency_right=True, purpose=Purpose.OPERATIONS), Refused),
        (HANAKO, staff(Role.DOCTOR, HOSPITAL, emergency_right=True, purpose=Purpose.AUDIT), Refused),
    ],
)  # fmt: skip
async def test_a_refused_opening_is_neither_written_nor_told_nor_queued(
    tx: Connection, person: int, by: Actor, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await emergency.open_access(tx, person, "unconscious", REASON, by=by, at=NOW)
    assert await logged(tx) == []
    assert await emergency.review_queue(tx, by=AUDITOR) == []
    assert await emergency.of_person(tx, HANAKO, by=myself(), at=NOW) == []
    assert await seen(tx, HELPER) == set()


async def test_the_writer_needs_no_opening_and_an_opening_lends_no_colleague_a_look(
    tx: Connection,
) -> None:
    assert await seen(tx, staff(institution=WRITER))
    assert await seen(tx, staff(Role.DOCTOR, HOSPITAL)) == set()
    await emergency.open_access(tx, HANAKO, "unconscious", REASON, by=HELPER, at=NOW)
    assert await seen(tx, staff(Role.DOCTOR, HOSPITAL, subject="doctor-9")) == set()
