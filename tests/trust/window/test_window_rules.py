"""The window, rule by rule: the denial stands beside the permission."""

from dataclasses import replace
from datetime import timedelta

import pytest
from window_words import (
    CITY,
    CLINIC,
    DAY,
    ELSEWHERE,
    HANAKO,
    HOSPITAL,
    INSURER,
    NOW,
    OPERATOR,
    PHARMACY,
    TARO,
    Row,
    consent,
    emergency,
    myself,
    proxy,
    staff,
)  # fmt: skip

from kakehashi.core.actors import Actor, Institution, Purpose, Role
from kakehashi.core.kinds import PERSONAL_KINDS, Flag, Kind, kinds
from kakehashi.trust.decide import WindowFacts, consented, decide

ABOUT_HANAKO = WindowFacts(persons=frozenset({HANAKO}))
CONSENTED = replace(ABOUT_HANAKO, consents=(consent(),))


def sees(facts: WindowFacts, actor: Actor, row: Row) -> bool:
    return decide(facts, actor, NOW).sees(row)


# What an institution wrote itself


@pytest.mark.parametrize(
    "flag", [Flag.NONE, Flag.UNINFORMED, Flag.UNDELIVERED, Flag.WITHHELD, Flag.SUSPENDED]
)
def test_an_institution_sees_what_it_wrote_whatever_its_flags(flag: Flag) -> None:
    assert sees(ABOUT_HANAKO, staff(), Row(custodian=HOSPITAL.key, flags=flag))
    assert not sees(ABOUT_HANAKO, staff(), Row(custodian=ELSEWHERE, flags=flag))


def test_without_a_person_an_institution_sees_its_own_rows_of_anybody() -> None:
    assert sees(WindowFacts(), staff(Role.SYSTEM), Row(custodian=HOSPITAL.key, person=TARO))
    assert not sees(WindowFacts(), staff(Role.SYSTEM), Row(custodian=CLINIC.key, person=TARO))


def test_a_window_opened_on_one_person_does_not_show_another() -> None:
    assert not sees(ABOUT_HANAKO, staff(), Row(custodian=HOSPITAL.key, person=TARO))


def test_a_clerk_sees_coverage_but_no_disease_of_their_own_institution() -> None:
    clerk = staff(Role.CLERK)
    assert sees(ABOUT_HANAKO, clerk, Row(Kind.COVERAGE, HOSPITAL.key))
    assert not sees(ABOUT_HANAKO, clerk, Row(Kind.CONDITION, HOSPITAL.key))


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.OPERATOR])
@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.SHARED])
def test_auditors_and_operators_see_no_persons_rows_at_all(role: Role, kind: Kind) -> None:
    actor = staff(role, OPERATOR)
    assert not sees(CONSENTED, actor, Row(kind, OPERATOR.key))
    assert not sees(WindowFacts(), actor, Row(kind, OPERATOR.key))


def test_nobody_reads_through_a_submission_as_it_was_received() -> None:
    row = Row(Kind.SUBMISSION, HOSPITAL.key)
    assert not sees(CONSENTED, staff(), row)
    assert not sees(ABOUT_HANAKO, myself(), row)


@pytest.mark.parametrize("role", list(Role))
def test_shared_information_is_open_to_every_role(role: Role) -> None:
    assert sees(WindowFacts(), staff(role, OPERATOR), Row(Kind.SHARED, person=0))
    assert not sees(WindowFacts(), staff(role, OPERATOR), Row(Kind.SHARED, person=HANAKO))


# Other institutions' records, under consent


def test_consent_opens_other_institutions_records_and_its_absence_does_not() -> None:
    assert sees(CONSENTED, staff(), Row())
    assert not sees(ABOUT_HANAKO, staff(), Row())


def test_consent_is_given_to_one_institution() -> None:
    assert not sees(CONSENTED, staff(institution=CLINIC), Row())


def test_consent_is_given_for_kinds() -> None:
    facts = replace(ABOUT_HANAKO, consents=(consent(kinds=kinds(Kind.LAB)),))
    assert sees(facts, staff(), Row(Kind.LAB))
    assert not sees(facts, staff(), Row(Kind.CONDITION))


@pytest.mark.parametrize(
    ("age", "seen"),
    [
        (timedelta(0), True),
        (DAY - timedelta(microseconds=1), True),
        (DAY, False),
        (-timedelta(seconds=1), False),
    ],
)
def test_consent_ends_exactly_after_24_hours(age: timedelta, seen: bool) -> None:
    facts = replace(ABOUT_HANAKO, consents=(consent(given=NOW - age),))
    assert sees(facts, staff(), Row()) is seen


@pytest.mark.parametrize(("since", "seen"), [(timedelta(0), False), (timedelta(microseconds=-1), True)])
def test_a_withdrawn_consent_is_dead_from_that_moment(since: timedelta, seen: bool) -> None:
    facts = replace(ABOUT_HANAKO, consents=(consent(given=NOW - DAY / 2, withdrawn=NOW - since),))
    assert sees(facts, staff(), Row()) is seen


@pytest.mark.parametrize("flag", [Flag.UNDELIVERED, Flag.WITHHELD, Flag.SUSPENDED, Flag.WITHHELD | Flag.LTS])
def test_consent_does_not_open_what_is_not_given_withheld_or_in_doubt(flag: Flag) -> None:
    assert not sees(CONSENTED, staff(), Row(flags=flag))


def test_clinicians_elsewhere_see_an_uninformed_disease() -> None:
    assert sees(CONSENTED, staff(), Row(flags=Flag.UNINFORMED))


@pytest.mark.parametrize(
    ("role", "where", "kind", "seen"),
    [
        (Role.DOCTOR, HOSPITAL, Kind.CHECKUP, True),
        (Role.DENTIST, CLINIC, Kind.CHECKUP, True),
        (Role.PHARMACIST, PHARMACY, Kind.PRESCRIPTION, True),
        (Role.PHARMACIST, PHARMACY, Kind.CHECKUP, False),
        (Role.NURSE, HOSPITAL, Kind.CONDITION, True),
        (Role.NURSE, HOSPITAL, Kind.CHECKUP, False),
        (Role.SYSTEM, HOSPITAL, Kind.CONDITION, False),
        (Role.DOCTOR, HOSPITAL, Kind.CARE_PLAN, False),
        (Role.DOCTOR, HOSPITAL, Kind.CONSENT, False),
        (Role.CLERK, HOSPITAL, Kind.CONDITION, False),
        (Role.CLERK, HOSPITAL, Kind.LAB, False),
        (Role.INSURER, INSURER, Kind.CONDITION, False),
        (Role.MUNICIPALITY, CITY, Kind.CONDITION, False),
        (Role.AUDITOR, HOSPITAL, Kind.CONDITION, False),
        (Role.OPERATOR, OPERATOR, Kind.CONDITION, False),
    ],
)
def test_consent_reaches_as_far_as_the_licence(
    role: Role, where: Institution, kind: Kind, seen: bool
) -> None:
    facts = replace(ABOUT_HANAKO, consents=(consent(where),))
    assert sees(facts, staff(role, where), Row(kind)) is seen


def test_consent_to_care_is_not_for_payment() -> None:
    assert not sees(CONSENTED, staff(purpose=Purpose.PAYMENT), Row())


@pytest.mark.parametrize(
    ("kind", "age", "seen"),
    [
        (Kind.LAB, 364 * DAY, True),
        (Kind.LAB, 366 * DAY, False),
        (Kind.PRESCRIPTION, 100 * DAY, True),
        (Kind.PRESCRIPTION, 101 * DAY, False),
        (Kind.PROCEDURE, 1_825 * DAY, True),
        (Kind.PROCEDURE, 1_828 * DAY, False),
        (Kind.CONDITION, 9_000 * DAY, True),  # bounded by retention, which counts from registration
    ],
)
def test_other_institutions_see_each_kind_as_far_back_as_its_period(
    kind: Kind, age: timedelta, seen: bool
) -> None:
    assert sees(CONSENTED, staff(), Row(kind, at=NOW - age)) is seen
    assert sees(ABOUT_HANAKO, staff(), Row(kind, HOSPITAL.key, at=NOW - age))


def test_withholding_an_institution_shuts_its_records_to_others_but_not_to_itself_or_the_person() -> None:
    facts = replace(CONSENTED, withheld_custodians=frozenset({ELSEWHERE}))
    assert not sees(facts, staff(), Row())
    assert sees(facts, staff(), Row(custodian=CLINIC.key))
    assert sees(facts, myself(), Row())
    writer = Institution(ELSEWHERE, "x", "x", HOSPITAL.type)
    assert sees(facts, staff(institution=writer), Row())


def test_withholding_a_kind_shuts_it_to_others() -> None:
    facts = replace(CONSENTED, withheld_kinds=Kind.CONDITION.bit)
    assert not sees(facts, staff(), Row(Kind.CONDITION))
    assert sees(facts, staff(), Row(Kind.LAB))
    assert sees(facts, myself(), Row(Kind.CONDITION))


def test_what_was_consented_to_is_told_alike_whether_or_not_a_part_of_it_is_withheld() -> None:
    """What may not be seen leaves no trace: the page's badges say what was agreed to, not what is left of it."""
    withheld = replace(CONSENTED, withheld_kinds=Kind.CONDITION.bit)
    assert consented(withheld, staff(), NOW) == consented(CONSENTED, staff(), NOW) == consent().kinds
    assert consented(CONSENTED, staff(), NOW + 2 * DAY) == 0
    assert consented(CONSENTED, staff(institution=CLINIC), NOW) == consented(ABOUT_HANAKO, staff(), NOW) == 0


# Documents to an addressee


@pytest.mark.parametrize("kind", [Kind.REFERRAL, Kind.DISCHARGE])
def test_a_referral_and_its_discharge_summary_are_for_the_addressee_alone(kind: Kind) -> None:
    facts = replace(ABOUT_HANAKO, referrers=frozenset({ELSEWHERE}))
    assert sees(facts, staff(), Row(kind, addressee=HOSPITAL.key))
    assert not sees(facts, staff(institution=CLINIC), Row(kind, addressee=HOSPITAL.key))
    assert not sees(ABOUT_HANAKO, staff(), Row(kind, addressee=HOSPITAL.key))
    assert not sees(CONSENTED, staff(), Row(kind))


def test_without_a_person_an_institution_sees_documents_addressed_to_it() -> None:
    assert sees(WindowFacts(), staff(), Row(Kind.REFERRAL, addressee=HOSPITAL.key))
    assert not sees(WindowFacts(), staff(), Row(Kind.REFERRAL, addressee=CLINIC.key))
    assert not sees(WindowFacts(), staff(), Row(Kind.CONDITION, addressee=HOSPITAL.key))


# The person, and who acts for them


@pytest.mark.parametrize(
    ("flag", "seen"),
    [(Flag.NONE, True), (Flag.LTS, True), (Flag.WITHHELD, True), (Flag.UNINFORMED, False), (Flag.UNDELIVERED, False),
     (Flag.SUSPENDED, False), (Flag.WITHHELD | Flag.UNINFORMED, False)],
)  # fmt: skip
def test_the_person_sees_their_own_but_what_they_were_not_told(flag: Flag, seen: bool) -> None:
    assert sees(ABOUT_HANAKO, myself(), Row(flags=flag)) is seen


def test_the_person_sees_nobody_else() -> None:
    facts = WindowFacts(persons=frozenset({TARO}))
    assert decide(facts, myself(HANAKO), NOW).panes == ()


def test_merged_keys_are_one_person() -> None:
    facts = replace(CONSENTED, persons=frozenset({HANAKO, 9_001}))
    for actor in (staff(), myself(9_001)):
        assert sees(facts, actor, Row(person=9_001))
        assert sees(facts, actor, Row(person=HANAKO))


def test_a_proxy_sees_the_kinds_granted_and_nothing_without_a_grant() -> None:
    mother = myself(subject="mother", acts_for="parent")
    granted = replace(ABOUT_HANAKO, proxies=(proxy("mother", kinds(Kind.IMMUNIZATION)),))
    assert sees(granted, mother, Row(Kind.IMMUNIZATION))
    assert not sees(granted, mother, Row(Kind.CONDITION))
    assert not sees(ABOUT_HANAKO, mother, Row(Kind.IMMUNIZATION))
    assert not sees(granted, myself(subject="uncle", acts_for="uncle"), Row(Kind.IMMUNIZATION))


@pytest.mark.parametrize(
    ("grant", "seen"),
    [
        (proxy(end=NOW), False),
        (proxy(end=NOW + timedelta(microseconds=1)), True),
        (proxy(start=NOW), True),
        (proxy(start=NOW + DAY), False),
        (proxy(withdrawn=NOW), False),
    ],
)
def test_a_proxy_acts_from_start_to_end_unless_withdrawn(grant: object, seen: bool) -> None:
    facts = replace(ABOUT_HANAKO, proxies=(grant,))  # type: ignore[arg-type]
    assert sees(facts, myself(subject="mother", acts_for="parent"), Row()) is seen


def test_a_stop_of_self_disclosure_shuts_the_portal_to_person_and_proxy_but_not_to_care() -> None:
    facts = replace(CONSENTED, disclosure_stopped=True, proxies=(proxy(),))
    assert not sees(facts, myself(), Row())
    assert not sees(facts, myself(subject="mother", acts_for="parent"), Row())
    assert sees(facts, staff(), Row())


def test_a_token_bound_to_one_person_opens_nobody_else() -> None:
    bound = staff(person=TARO)
    assert not sees(CONSENTED, bound, Row())
    assert not sees(CONSENTED, bound, Row(custodian=HOSPITAL.key))
    assert sees(CONSENTED, staff(person=HANAKO), Row())


# Insurers and municipalities


def test_an_insurer_sees_check_ups_of_its_present_members_only() -> None:
    actor = staff(Role.INSURER, INSURER, purpose=Purpose.PAYMENT)
    member = replace(ABOUT_HANAKO, insurers=frozenset({INSURER.key}))
    assert sees(member, actor, Row(Kind.CHECKUP))
    assert not sees(member, actor, Row(Kind.CONDITION))
    assert not sees(member, actor, Row(Kind.CHECKUP, flags=Flag.WITHHELD))
    assert not sees(ABOUT_HANAKO, actor, Row(Kind.CHECKUP))


def test_a_municipality_sees_nothing_that_it_did_not_write() -> None:
    actor = staff(Role.MUNICIPALITY, CITY, purpose=Purpose.ADMINISTRATION)
    assert not any(sees(CONSENTED, actor, Row(kind)) for kind in Kind)
    assert sees(ABOUT_HANAKO, actor, Row(Kind.IMMUNIZATION, CITY.key))


# Emergency


def helper(institution: Institution = HOSPITAL, **more: object) -> Actor:
    return staff(institution=institution, **({"emergency_right": True, "purpose": Purpose.EMERGENCY} | more))


def opened_for(actor: Actor, **more: object) -> WindowFacts:
    return replace(ABOUT_HANAKO, emergencies=(emergency(actor, **more),))  # type: ignore[arg-type]


def test_emergency_access_opens_the_summary_without_consent() -> None:
    assert sees(opened_for(helper()), helper(), Row(Kind.CONTRAINDICATION))
    assert not sees(ABOUT_HANAKO, helper(), Row(Kind.CONTRAINDICATION))
    assert not sees(opened_for(helper()), helper(), Row(Kind.NOTE))
    assert not sees(opened_for(helper()), helper(), Row(person=TARO))


@pytest.mark.parametrize(
    "actor",
    [
        helper(CLINIC),
        staff(Role.PHARMACIST, PHARMACY, emergency_right=True),
        helper(emergency_right=False),
        helper(factors=1),
        helper(purpose=Purpose.PAYMENT),
        staff(Role.SYSTEM, emergency_right=True),
        staff(Role.CLERK, emergency_right=True),
    ],
)
def test_emergency_access_stays_shut_for(actor: Actor) -> None:
    """A clinic, a pharmacy, no right, one factor, another purpose, a system, a clerk."""
    assert not sees(opened_for(actor), actor, Row(Kind.CONTRAINDICATION))


def test_emergency_access_is_personal() -> None:
    colleague = helper(subject="doctor-2")
    assert not sees(opened_for(helper()), colleague, Row(Kind.CONTRAINDICATION))


@pytest.mark.parametrize(("age", "seen"), [(0, True), (3_599, True), (3_600, False)])
def test_emergency_access_shuts_after_an_hour(age: int, seen: bool) -> None:
    facts = opened_for(helper(), opened=NOW - timedelta(seconds=age))
    assert sees(facts, helper(), Row(Kind.ALLERGY)) is seen


@pytest.mark.parametrize("flag", [Flag.UNDELIVERED, Flag.SUSPENDED, Flag.WITHHELD])
def test_emergency_access_does_not_override_a_refusal(flag: Flag) -> None:
    assert not sees(opened_for(helper()), helper(), Row(Kind.ALLERGY, flags=flag))


# Links in doubt


def test_a_doubtful_link_shuts_its_rows_to_everyone_but_who_wrote_them() -> None:
    facts = replace(
        CONSENTED, suspended=frozenset({ELSEWHERE}), emergencies=(emergency(helper()),),
        insurers=frozenset({INSURER.key}), referrers=frozenset({ELSEWHERE}),
    )  # fmt: skip
    for actor in (staff(), helper(), myself(), staff(Role.INSURER, INSURER, purpose=Purpose.PAYMENT)):
        for kind in (Kind.CONDITION, Kind.CHECKUP, Kind.REFERRAL):
            assert not sees(facts, actor, Row(kind, addressee=HOSPITAL.key))
    assert sees(facts, staff(), Row(custodian=CLINIC.key))
    writer = Institution(ELSEWHERE, "x", "x", HOSPITAL.type)
    assert sees(facts, staff(institution=writer), Row())


def test_a_person_in_doubt_is_shut_to_everyone_but_who_wrote() -> None:
    facts = replace(CONSENTED, suspended_all=True, insurers=frozenset({INSURER.key}))
    assert not sees(facts, staff(), Row())
    assert not sees(facts, myself(), Row())
    assert not sees(facts, staff(Role.INSURER, INSURER, purpose=Purpose.PAYMENT), Row(Kind.CHECKUP))
    assert sees(facts, staff(), Row(custodian=HOSPITAL.key))


def test_every_kind_has_a_viewing_period() -> None:
    from kakehashi.trust import viewing_periods

    assert set(viewing_periods.OTHERS) == set(viewing_periods.PERSON) == set(Kind)
    assert not kinds(*viewing_periods.EMERGENCY) & ~PERSONAL_KINDS
