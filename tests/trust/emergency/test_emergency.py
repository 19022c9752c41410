"""Emergency access: who may open whose summary, for how long, and who is told."""

from datetime import timedelta

import pytest
from trust_words import (
    CLINIC,
    DAY,
    HANAKO,
    HOSPITAL,
    INSURER,
    NOW,
    OPERATOR,
    PHARMACY,
    TARO,
    WRITER,
    logged,
    myself,
    seen,
    staff,
    write,
)  # fmt: skip

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.errors import BadRequest, NotFound, Refused
from kakehashi.core.kinds import Flag, Kind
from kakehashi.store import reach
from kakehashi.store.database import Connection
from kakehashi.trust import emergency, log, withholding

HELPER = staff(emergency_right=True, purpose=Purpose.EMERGENCY)
AUDITOR = staff(Role.AUDITOR, OPERATOR, purpose=Purpose.AUDIT)
REASON = "交通外傷、意識レベル低下のため"


@pytest.fixture
async def tx(empty: Connection) -> Connection:
    """Another hospital wrote what saves a life, what does not, and what goes to nobody."""
    await write(empty, "AllergyIntolerance/1", Kind.CONTRAINDICATION)
    await write(empty, "Composition/1", Kind.NOTE)
    await write(empty, "Condition/3", Kind.CONDITION, flags=Flag.UNDELIVERED)
    await write(empty, "Visit/1", Kind.VISIT, at=NOW - 200 * DAY)
    await write(empty, "AllergyIntolerance/2", Kind.CONTRAINDICATION, person=TARO)
    return empty


async def test_a_stated_reason_opens_one_persons_summary_for_an_hour(tx: Connection) -> None:
    assert await seen(tx, HELPER) == set()
    await emergency.open_access(tx, HANAKO, "unconscious", REASON, by=HELPER, at=NOW)
    assert await seen(tx, HELPER) == {"AllergyIntolerance/1"}
    assert await seen(tx, HELPER, TARO) == set()
    last = NOW + timedelta(hours=1)
    assert await seen(tx, HELPER, at=last - timedelta(microseconds=1))
    assert await seen(tx, HELPER, at=last) == set()


async def test_a_colleague_and_a_session_with_one_factor_look_through_nobody_elses_opening(
    tx: Connection,
) -> None:
    await emergency.open_access(tx, HANAKO, "unconscious", REASON, by=HELPER, at=NOW)
    for other in (
        staff(emergency_right=True, purpose=Purpose.EMERGENCY, subject="doctor-2"),
        staff(emergency_right=True, purpose=Purpose.EMERGENCY, factors=1),
        staff(emergency_right=False, purpose=Purpose.EMERGENCY),
    ):
        assert await seen(tx, other) == set()


@pytest.mark.parametrize(
    "by",
    [
        staff(institution=CLINIC, emergency_right=True),
        staff(Role.PHARMACIST, PHARMACY, emergency_right=True),
        staff(emergency_right=False),
        staff(emergency_right=True, factors=1),
        staff(emergency_right=True, purpose=Purpose.PAYMENT),
        staff(Role.CLERK, emergency_right=True),
        staff(Role.SYSTEM, emergency_right=True),
        staff(Role.INSURER, INSURER, emergency_right=True),
        staff(emergency_right=True, person=TARO),
        myself(),
    ],
)
async def test_everybody_else_is_refused_and_nothing_is_written(tx: Connection, by: Actor) -> None:
    with pytest.raises(Refused):
        await emergency.open_access(tx, HANAKO, "unconscious", REASON, by=by, at=NOW)
    assert await logged(tx) == []
    assert await emergency.review_queue(tx, by=AUDITOR) == []


@pytest.mark.parametrize(
    ("code", "words"), [("unconscious", "短い"), ("unconscious", " " * 20), ("curious", REASON)]
)
async def test_a_reason_is_chosen_and_explained(tx: Connection, code: str, words: str) -> None:
    with pytest.raises(BadRequest):
        await emergency.open_access(tx, HANAKO, code, words, by=HELPER, at=NOW)


async def test_what_the_person_withheld_stays_shut_in_an_emergency(tx: Connection) -> None:
    await withholding.withhold(tx, HANAKO, item="AllergyIntolerance/1", by=myself(), at=NOW)
    await emergency.open_access(tx, HANAKO, "unconscious", REASON, by=HELPER, at=NOW)
    assert await seen(tx, HELPER) == set()
    assert await seen(tx, staff(institution=WRITER)) >= {"AllergyIntolerance/1"}


async def test_patient_and_auditor_are_told_and_the_log_holds_no_words_of_the_reason(tx: Connection) -> None:
    opened = await emergency.open_access(tx, HANAKO, "unconscious", REASON, by=HELPER, at=NOW)
    (told,) = await emergency.of_person(tx, HANAKO, by=myself(), at=NOW)
    assert (told.id, told.institution, told.account) == (opened.id, HOSPITAL.key, ""), "staff are not named"
    (queued,) = await emergency.review_queue(tx, by=AUDITOR)
    assert (queued.account, queued.reason) == (HELPER.subject, REASON)
    assert await logged(tx) == ["emergency.opened"]
    await reach.open_on(tx, reach.WHOLE_LOG)
    entry = await tx.fetchval("SELECT convert_from(entry, 'UTF8') FROM log")
    assert "unconscious" in entry and REASON not in entry
    (line,) = await log.log_of_person(tx, HANAKO, by=myself(), at=NOW)
    assert (line.action, line.basis) == ("emergency.opened", log.BASES["emergency"]), (
        "what it rests on, told as such"
    )


async def test_a_review_is_recorded_once_and_not_by_who_opened(tx: Connection) -> None:
    opened = await emergency.open_access(tx, HANAKO, "unconscious", REASON, by=HELPER, at=NOW)
    themselves = staff(Role.AUDITOR, purpose=Purpose.AUDIT, subject=HELPER.subject)
    assert await emergency.review_queue(tx, by=themselves) == []
    with pytest.raises(NotFound):
        await emergency.review(tx, HANAKO, opened.id, "justified", "", by=themselves, at=NOW)
    await emergency.review(tx, HANAKO, opened.id, "unjustified", "予定入院", by=AUDITOR, at=NOW)
    assert await emergency.review_queue(tx, by=AUDITOR) == []
    with pytest.raises(NotFound):
        await emergency.review(tx, HANAKO, opened.id, "justified", "", by=AUDITOR, at=NOW)
    (told,) = await emergency.of_person(tx, HANAKO, by=myself(), at=NOW)
    assert (told.verdict, told.remark) == ("unjustified", "予定入院")


async def test_verdicts_are_told_to_auditors_newest_first_with_who_gave_them(tx: Connection) -> None:
    colleague = staff(emergency_right=True, purpose=Purpose.EMERGENCY, subject="doctor-2")
    first = await emergency.open_access(tx, HANAKO, "unconscious", REASON, by=HELPER, at=NOW)
    second = await emergency.open_access(tx, TARO, "impaired", REASON, by=colleague, at=NOW)
    assert await emergency.verdicts(tx, by=AUDITOR) == []
    later = NOW + timedelta(hours=3)
    await emergency.review(tx, TARO, second.id, "justified", "", by=AUDITOR, at=NOW + timedelta(hours=2))
    await emergency.review(tx, HANAKO, first.id, "unjustified", "予定入院", by=AUDITOR, at=later)
    newest, oldest = await emergency.verdicts(tx, by=AUDITOR)
    assert (newest.id, oldest.id) == (first.id, second.id)
    said = newest.reviewed, newest.verdict, newest.remark, newest.reviewer, newest.account
    assert said == (later, "unjustified", "予定入院", AUDITOR.subject, HELPER.subject)
    (told,) = await emergency.of_person(tx, HANAKO, by=myself(), at=later)
    assert (told.reviewer, told.account) == ("", ""), "the person is not told who"


async def test_verdicts_stay_with_the_auditors_of_the_place_and_away_from_who_was_judged(
    tx: Connection,
) -> None:
    opened = await emergency.open_access(tx, HANAKO, "unconscious", REASON, by=HELPER, at=NOW)
    await emergency.review(tx, HANAKO, opened.id, "unjustified", "予定入院", by=AUDITOR, at=NOW)
    assert len(await emergency.verdicts(tx, by=staff(Role.AUDITOR, HOSPITAL, purpose=Purpose.AUDIT))) == 1
    for other in (
        staff(Role.AUDITOR, CLINIC, purpose=Purpose.AUDIT),
        staff(Role.AUDITOR, purpose=Purpose.AUDIT, subject=HELPER.subject),
    ):
        assert await emergency.verdicts(tx, by=other) == []
    for by in (staff(), HELPER, myself(), staff(Role.OPERATOR, OPERATOR, purpose=Purpose.OPERATIONS)):
        with pytest.raises(Refused):
            await emergency.verdicts(tx, by=by)


async def test_an_institutions_auditor_reviews_there_and_nobody_else_reviews(tx: Connection) -> None:
    await emergency.open_access(tx, HANAKO, "unconscious", REASON, by=HELPER, at=NOW)
    assert len(await emergency.review_queue(tx, by=staff(Role.AUDITOR, HOSPITAL, purpose=Purpose.AUDIT))) == 1
    assert await emergency.review_queue(tx, by=staff(Role.AUDITOR, CLINIC, purpose=Purpose.AUDIT)) == []
    for by in (staff(), HELPER, myself(), staff(Role.OPERATOR, OPERATOR, purpose=Purpose.OPERATIONS)):
        with pytest.raises(Refused):
            await emergency.review_queue(tx, by=by)
    for by in (staff(), AUDITOR, myself(TARO)):
        with pytest.raises(Refused):
            await emergency.of_person(tx, HANAKO, by=by, at=NOW)
