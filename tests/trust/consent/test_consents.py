"""Consent: who may give it, what it opens in the real database, and that withdrawing it shuts at once."""

from datetime import timedelta

import pytest
from trust_words import (
    CLINIC,
    DAY,
    ELSEWHERE,
    HANAKO,
    HOSPITAL,
    NOW,
    TARO,
    WRITER,
    logged,
    myself,
    seen,
    staff,
    write,
)  # fmt: skip

from kakehashi.core.actors import Actor, Institution, Role
from kakehashi.core.errors import BadRequest, Conflict, NotFound, Refused
from kakehashi.core.kinds import EVERY_KIND, Flag, Kind, kinds
from kakehashi.store.database import Connection
from kakehashi.trust import consents, consents_referral, proxies, withholding


@pytest.fixture
async def tx(empty: Connection) -> Connection:
    """Another hospital wrote a disease, a laboratory result and a secret of Hanako."""
    await write(empty, "Condition/1", Kind.CONDITION)
    await write(empty, "Observation/1", Kind.LAB)
    await write(empty, "Condition/2", Kind.CONDITION, flags=Flag.UNINFORMED)
    return empty


CLERK = staff(Role.CLERK)
EVERYTHING = {"Condition/1", "Observation/1", "Condition/2"}


async def test_consent_at_the_desk_opens_the_record_to_the_doctor_there(tx: Connection) -> None:
    assert await seen(tx, staff()) == set()
    await consents.give(tx, HANAKO, HOSPITAL.key, EVERY_KIND, by=CLERK, at=NOW)
    assert await seen(tx, staff()) == EVERYTHING
    assert await seen(tx, staff(institution=CLINIC)) == set()


async def test_consent_to_one_kind_opens_that_kind(tx: Connection) -> None:
    await consents.give(tx, HANAKO, HOSPITAL.key, kinds(Kind.LAB), by=CLERK, at=NOW)
    assert await seen(tx, staff()) == {"Observation/1"}


async def test_consent_ends_after_24_hours(tx: Connection) -> None:
    await consents.give(tx, HANAKO, HOSPITAL.key, EVERY_KIND, by=CLERK, at=NOW)
    assert await seen(tx, staff(), at=NOW + DAY - timedelta(microseconds=1))
    assert await seen(tx, staff(), at=NOW + DAY) == set()


async def test_a_withdrawn_consent_is_shut_for_the_next_look(tx: Connection) -> None:
    given = await consents.give(tx, HANAKO, HOSPITAL.key, EVERY_KIND, by=CLERK, at=NOW)
    await consents.withdraw(tx, HANAKO, given.id, by=myself(), at=NOW + timedelta(minutes=1))
    assert await seen(tx, staff(), at=NOW + timedelta(minutes=1)) == set()
    with pytest.raises(Conflict):
        await consents.withdraw(tx, HANAKO, given.id, by=myself(), at=NOW + timedelta(minutes=2))


async def test_each_act_leaves_its_entry_and_a_refused_one_leaves_nothing(tx: Connection) -> None:
    given = await consents.give(tx, HANAKO, HOSPITAL.key, EVERY_KIND, by=CLERK, at=NOW)
    await consents.withdraw(tx, HANAKO, given.id, by=CLERK, at=NOW)
    with pytest.raises(Refused):
        await consents.give(tx, HANAKO, CLINIC.key, EVERY_KIND, by=CLERK, at=NOW)
    assert len(await consents.of_person(tx, HANAKO, by=myself(), at=NOW)) == 1
    assert await logged(tx) == ["consent.given", "consent.withdrawn"]


@pytest.mark.parametrize(
    ("by", "to", "evidence", "allowed"),
    [
        (CLERK, HOSPITAL, "card", True),
        (staff(Role.DOCTOR), HOSPITAL, "oral", True),
        (CLERK, CLINIC, "card", False),
        (CLERK, HOSPITAL, "portal", False),
        (myself(), CLINIC, "portal", True),
        (myself(), CLINIC, "card", False),
        (myself(TARO), CLINIC, "portal", False),
        (staff(Role.AUDITOR), HOSPITAL, "card", False),
        (staff(Role.CLERK, person=TARO), HOSPITAL, "card", False),
    ],
)
async def test_who_may_give_which_consent(
    tx: Connection, by: Actor, to: Institution, evidence: str, allowed: bool
) -> None:
    if allowed:
        await consents.give(tx, HANAKO, to.key, EVERY_KIND, by=by, at=NOW, evidence=evidence)
        return
    with pytest.raises(Refused):
        await consents.give(tx, HANAKO, to.key, EVERY_KIND, by=by, at=NOW, evidence=evidence)


@pytest.mark.parametrize("wrong", [{"hours": 25}, {"hours": 0}, {"evidence": "rumour"}])
async def test_a_consent_that_cannot_be_is_refused_with_the_mend(
    tx: Connection, wrong: dict[str, object]
) -> None:
    with pytest.raises(BadRequest):
        await consents.give(tx, HANAKO, HOSPITAL.key, EVERY_KIND, by=CLERK, at=NOW, **wrong)  # type: ignore[arg-type]
    with pytest.raises(BadRequest):
        await consents.give(tx, HANAKO, HOSPITAL.key, kinds(Kind.REFERRAL), by=CLERK, at=NOW)


async def test_nobody_consents_for_a_person_who_is_not_known(tx: Connection) -> None:
    with pytest.raises(NotFound):
        await consents.give(tx, 999_999, HOSPITAL.key, EVERY_KIND, by=CLERK, at=NOW)


async def test_an_institution_sees_and_withdraws_only_consents_to_itself(tx: Connection) -> None:
    given = await consents.give(tx, HANAKO, HOSPITAL.key, EVERY_KIND, by=CLERK, at=NOW)
    other = staff(Role.CLERK, CLINIC)
    assert await consents.of_person(tx, HANAKO, by=other, at=NOW) == []
    with pytest.raises(NotFound):
        await consents.withdraw(tx, HANAKO, given.id, by=other, at=NOW)
    with pytest.raises(NotFound):
        await consents.withdraw(tx, HANAKO, "not-an-id", by=CLERK, at=NOW)
    assert [one.id for one in await consents.of_person(tx, HANAKO, by=CLERK, at=NOW)] == [given.id]


async def test_merged_people_share_consent_and_record_until_they_are_parted(tx: Connection) -> None:
    await write(tx, "Condition/9", Kind.CONDITION, person=TARO)
    await consents.give(tx, HANAKO, HOSPITAL.key, EVERY_KIND, by=CLERK, at=NOW)
    await tx.execute("UPDATE person SET root = $1 WHERE person = $2", HANAKO, TARO)
    for key in (HANAKO, TARO):
        assert await seen(tx, staff(), key) == EVERYTHING | {"Condition/9"}
    await tx.execute("UPDATE person SET root = person")
    assert await seen(tx, staff(), HANAKO) == EVERYTHING
    assert await seen(tx, staff(), TARO) == set()


async def test_a_suspended_link_shuts_the_writers_rows_to_everybody_else(tx: Connection) -> None:
    await consents.give(tx, HANAKO, HOSPITAL.key, EVERY_KIND, by=CLERK, at=NOW)
    await tx.execute(
        "INSERT INTO person_suspension (person, institution, apart, evidence, since, raised_by)"
        " VALUES ($1, $2, false, '{}', $3, 't')", HANAKO, ELSEWHERE, NOW,
    )  # fmt: skip
    assert await seen(tx, staff()) == set()
    assert await seen(tx, myself()) == set()
    assert await seen(tx, staff(institution=WRITER)) == EVERYTHING


# Withholding


async def test_a_withheld_record_is_shut_to_others_and_open_to_writer_and_person(tx: Connection) -> None:
    await consents.give(tx, HANAKO, HOSPITAL.key, EVERY_KIND, by=CLERK, at=NOW)
    held = await withholding.withhold(tx, HANAKO, item="Condition/1", by=myself(), at=NOW)
    assert await seen(tx, staff()) == EVERYTHING - {"Condition/1"}
    assert await seen(tx, staff(institution=WRITER)) == EVERYTHING
    assert await seen(tx, myself()) == {"Condition/1", "Observation/1"}
    await withholding.release(tx, HANAKO, held, by=myself(), at=NOW)
    assert await seen(tx, staff()) == EVERYTHING


async def test_a_withheld_record_stays_withheld_when_its_writer_sends_it_again(tx: Connection) -> None:
    await consents.give(tx, HANAKO, HOSPITAL.key, EVERY_KIND, by=CLERK, at=NOW)
    await withholding.withhold(tx, HANAKO, item="Condition/1", by=myself(), at=NOW)
    await tx.execute("SELECT set_config('kakehashi.window', $1, true)", '{"(9223372036854775807,,,{},,0,)"}')
    await tx.execute("DELETE FROM resource WHERE id = 'Condition/1'")
    await write(tx, "Condition/1", Kind.CONDITION)
    assert "Condition/1" not in await seen(tx, staff())


async def test_what_the_person_was_not_told_cannot_be_found_by_withholding_it(tx: Connection) -> None:
    for item in ("Condition/2", "Condition/404"):
        with pytest.raises(NotFound):
            await withholding.withhold(tx, HANAKO, item=item, by=myself(), at=NOW)


async def test_withholding_an_institution_or_a_kind(tx: Connection) -> None:
    await consents.give(tx, HANAKO, HOSPITAL.key, EVERY_KIND, by=CLERK, at=NOW)
    held = await withholding.withhold(tx, HANAKO, kind=Kind.LAB, by=myself(), at=NOW)
    assert await seen(tx, staff()) == {"Condition/1", "Condition/2"}
    await withholding.withhold(tx, HANAKO, custodian=ELSEWHERE, by=myself(), at=NOW)
    assert await seen(tx, staff()) == set()
    assert await withholding.withhold(tx, HANAKO, kind=Kind.LAB, by=myself(), at=NOW) == held, "twice is once"
    assert len(await withholding.of_person(tx, HANAKO, by=myself(), at=NOW)) == 2


async def test_only_the_person_withholds_a_kind(tx: Connection) -> None:
    for by in (CLERK, staff(), myself(TARO)):
        with pytest.raises(Refused):
            await withholding.withhold(tx, HANAKO, kind=Kind.LAB, by=by, at=NOW)


@pytest.mark.parametrize("target", [{}, {"kind": Kind.LAB, "custodian": 1}, {"kind": Kind.SHARED}])
async def test_exactly_one_thing_is_withheld(tx: Connection, target: dict[str, object]) -> None:
    with pytest.raises(BadRequest):
        await withholding.withhold(tx, HANAKO, by=myself(), at=NOW, **target)  # type: ignore[arg-type]


# Documents to an addressee

SENDER = staff(institution=WRITER)
LETTER = "Composition/1"


async def send(tx: Connection, *, agreed_orally: bool) -> int:
    addressee = await consents_referral.register(
        tx, HANAKO, LETTER, Kind.REFERRAL, HOSPITAL.key, by=SENDER, at=NOW, agreed_orally=agreed_orally
    )
    await write(tx, LETTER, Kind.REFERRAL, addressee=addressee)
    return addressee


@pytest.mark.parametrize("person", [HANAKO, None])
async def test_a_letter_agreed_at_the_sender_is_viewable_at_once_by_its_addressee_alone(
    tx: Connection, person: int | None
) -> None:
    assert await send(tx, agreed_orally=True) == HOSPITAL.key
    assert await seen(tx, staff(), person) == {LETTER}
    assert await seen(tx, staff(institution=CLINIC), person) == set()


async def test_a_letter_waits_until_the_person_agrees_in_the_portal(tx: Connection) -> None:
    assert await send(tx, agreed_orally=False) == 0
    assert await seen(tx, staff()) == set()
    assert await seen(tx, staff(), None) == set()
    assert LETTER in await seen(tx, myself())
    await consents_referral.agree(tx, HANAKO, LETTER, by=myself(), at=NOW)
    assert await seen(tx, staff()) == {LETTER}
    assert await seen(tx, staff(), None) == {LETTER}
    with pytest.raises(NotFound):
        await consents_referral.agree(tx, HANAKO, LETTER, by=myself(), at=NOW)


async def test_a_letter_waits_until_the_person_agrees_at_the_receivers_reader(tx: Connection) -> None:
    await send(tx, agreed_orally=False)
    assert await consents_referral.agree_at_reader(tx, HANAKO, by=staff(Role.CLERK, CLINIC), at=NOW) == ()
    assert await seen(tx, staff()) == set()
    assert await consents_referral.agree_at_reader(tx, HANAKO, by=CLERK, at=NOW) == (LETTER,)
    assert await seen(tx, staff()) == {LETTER}


async def test_consent_to_a_record_does_not_open_a_waiting_letter(tx: Connection) -> None:
    await send(tx, agreed_orally=False)
    await consents.give(tx, HANAKO, HOSPITAL.key, EVERY_KIND, by=CLERK, at=NOW)
    assert LETTER not in await seen(tx, staff())


async def test_a_letter_sent_again_keeps_the_agreement_but_not_to_another_addressee(tx: Connection) -> None:
    await send(tx, agreed_orally=False)
    await consents_referral.agree(tx, HANAKO, LETTER, by=myself(), at=NOW)
    again = {"by": SENDER, "at": NOW}
    assert (
        await consents_referral.register(tx, HANAKO, LETTER, Kind.REFERRAL, HOSPITAL.key, **again)
        == HOSPITAL.key
    )
    assert await consents_referral.register(tx, HANAKO, LETTER, Kind.REFERRAL, CLINIC.key, **again) == 0
    with pytest.raises(Refused):
        await consents_referral.register(tx, HANAKO, LETTER, Kind.REFERRAL, CLINIC.key, by=staff(), at=NOW)


@pytest.mark.parametrize("target", [{"custodian": ELSEWHERE}, {"kind": Kind.REFERRAL}])
@pytest.mark.parametrize("person", [HANAKO, None])
async def test_withholding_shuts_a_letter_again_and_releasing_opens_it(
    tx: Connection, target: dict[str, int], person: int | None
) -> None:
    await send(tx, agreed_orally=True)
    held = await withholding.withhold(tx, HANAKO, by=myself(), at=NOW, **target)  # type: ignore[arg-type]
    assert await seen(tx, staff(), person) == set()
    await withholding.release(tx, HANAKO, held, by=myself(), at=NOW)
    assert await seen(tx, staff(), person) == {LETTER}


async def test_the_inbox_names_a_waiting_letter_without_its_person(tx: Connection) -> None:
    await send(tx, agreed_orally=False)
    (waiting,) = await consents_referral.inbox(tx, by=staff(), at=NOW)
    assert (waiting.item, waiting.way, waiting.person) == (LETTER, "", 0)
    assert list(await consents_referral.inbox(tx, by=staff(institution=CLINIC), at=NOW)) == []
    await consents_referral.agree(tx, HANAKO, LETTER, by=myself(), at=NOW)
    (viewable,) = await consents_referral.inbox(tx, by=staff(), at=NOW)
    assert (viewable.way, viewable.person) == ("portal", HANAKO)


# Proxies

MOTHER = myself(subject="mother", acts_for="parent")


async def test_a_proxy_sees_and_consents_within_what_was_granted_until_it_is_withdrawn(
    tx: Connection,
) -> None:
    granted = await proxies.grant(
        tx, HANAKO, "mother", kinds(Kind.LAB), until=NOW + 9 * DAY, by=myself(), at=NOW
    )
    assert await seen(tx, MOTHER) == {"Observation/1"}
    await consents.give(tx, HANAKO, CLINIC.key, kinds(Kind.LAB), by=MOTHER, at=NOW, evidence="portal")
    with pytest.raises(Refused):
        await consents.give(tx, HANAKO, CLINIC.key, EVERY_KIND, by=MOTHER, at=NOW, evidence="portal")
    with pytest.raises(Refused):
        await withholding.withhold(tx, HANAKO, kind=Kind.CONDITION, by=MOTHER, at=NOW)
    await proxies.withdraw(tx, HANAKO, granted.id, by=myself(), at=NOW)
    assert await seen(tx, MOTHER) == set()
    with pytest.raises(Refused):
        await consents.give(tx, HANAKO, CLINIC.key, kinds(Kind.LAB), by=MOTHER, at=NOW, evidence="portal")


async def test_a_proxy_names_no_proxy_and_nobody_names_one_for_another(tx: Connection) -> None:
    await proxies.grant(tx, HANAKO, "mother", EVERY_KIND, until=NOW + DAY, by=myself(), at=NOW)
    for by in (MOTHER, myself(TARO), CLERK):
        with pytest.raises(Refused):
            await proxies.grant(tx, HANAKO, "uncle", EVERY_KIND, until=NOW + DAY, by=by, at=NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kinds": 0},
        {"until": NOW},
        {"until": NOW + 2_000 * DAY},
        {"start": NOW - DAY},
        {"account": "account-4001"},
    ],
)
async def test_a_grant_that_cannot_be_is_refused(tx: Connection, wrong: dict[str, object]) -> None:
    asked = {"account": "mother", "kinds": EVERY_KIND, "until": NOW + DAY} | wrong
    with pytest.raises(BadRequest):
        await proxies.grant(tx, HANAKO, by=myself(), at=NOW, **asked)  # type: ignore[arg-type]
