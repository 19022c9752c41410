"""What each role may do: every role and interaction is decided, and silence means refusal."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.errors import Refused
from kakehashi.core.kinds import Kind
from kakehashi.trust import roles
from kakehashi.trust.roles import Interaction, kinds_of, permits, require

CLINICAL = [
    kind
    for kind in Kind
    if kind
    not in (Kind.SHARED, Kind.PATIENT, Kind.COVERAGE, Kind.CONSENT, Kind.SUBMISSION, Kind.SUBSCRIPTION)
]


def actor(role: Role, type_: InstitutionType, purpose: Purpose, **more: object) -> Actor:
    return replace(Actor("a", role, Institution(1, "1311234567", "x", type_), purpose), **more)  # type: ignore[arg-type]


def every_actor(role: Role) -> list[Actor]:
    more = {"scopes": ("system/*.cruds",)} if role is Role.SYSTEM else {}
    return [actor(role, type_, purpose, **more) for type_, purpose in product(InstitutionType, Purpose)]


DOCTOR = actor(Role.DOCTOR, InstitutionType.HOSPITAL, Purpose.TREATMENT)


@pytest.mark.parametrize("role", Role)
def test_every_interaction_is_decided_for_every_role(role: Role) -> None:
    may, never = set(roles.MAY[role]), roles.NEVER[role]
    undecided = set(Interaction) - may - never
    assert not undecided, f"decide these in trust/roles.py: {sorted(undecided)}"
    assert not may & never, f"both allowed and refused: {sorted(may & never)}"
    assert all(rights for rights in roles.MAY[role].values())


@given(
    st.sampled_from(Role), st.text(max_size=30), st.sampled_from(InstitutionType), st.sampled_from(Purpose)
)
def test_what_nobody_decided_is_refused(
    role: Role, word: str, type_: InstitutionType, purpose: Purpose
) -> None:
    who = actor(role, type_, purpose, emergency_right=True, factors=2)
    if word not in list(Interaction):
        with pytest.raises(Refused):
            require(who, word)


# Who sees which kind of information somewhere: licence and duty (オンライン資格確認 R-A2, 運用編14.2).
SEES = {
    Role.DOCTOR: set(CLINICAL),
    Role.DENTIST: set(CLINICAL),
    Role.NURSE: set(CLINICAL) - {Kind.CHECKUP},
    Role.PHARMACIST: {
        Kind.CONDITION, Kind.ALLERGY, Kind.CONTRAINDICATION, Kind.INFECTION, Kind.LAB, Kind.PRESCRIPTION, Kind.DISPENSE
    },
    Role.CLERK: set(),
    Role.INSURER: {Kind.CHECKUP},
    Role.MUNICIPALITY: {Kind.CHECKUP, Kind.IMMUNIZATION},
    Role.AUDITOR: set(),
    Role.OPERATOR: set(),
    Role.PERSON: set(CLINICAL),
    Role.SYSTEM: set(CLINICAL),
}  # fmt: skip


@pytest.mark.parametrize("role", Role)
def test_who_sees_clinical_information(role: Role) -> None:
    seen = {
        kind
        for kind in CLINICAL
        for who in every_actor(role)
        for look in ("read", "search", "history", "export")
        if permits(who, look, kind)
    }
    assert seen == SEES[role]


@pytest.mark.parametrize(
    ("who", "interaction", "may"),
    [
        (DOCTOR, "read", True),
        (replace(DOCTOR, purpose=Purpose.PAYMENT), "read", False),
        (replace(DOCTOR, institution=Institution(1, "x", "x", InstitutionType.INSURER)), "read", False),
        (DOCTOR, "export", False),
        (DOCTOR, "log.read", False),
        (DOCTOR, "console.accounts", False),
        (actor(Role.AUDITOR, InstitutionType.HOSPITAL, Purpose.AUDIT), "log.read", True),
        (actor(Role.AUDITOR, InstitutionType.HOSPITAL, Purpose.TREATMENT), "log.read", False),
        (actor(Role.OPERATOR, InstitutionType.OPERATOR, Purpose.OPERATIONS), "log.read", False),
        (actor(Role.OPERATOR, InstitutionType.OPERATOR, Purpose.OPERATIONS), "console.keys", True),
        (actor(Role.OPERATOR, InstitutionType.HOSPITAL, Purpose.OPERATIONS), "console.keys", False),
        (actor(Role.CLERK, InstitutionType.CLINIC, Purpose.ADMINISTRATION), "consent.take", True),
        (actor(Role.INSURER, InstitutionType.INSURER, Purpose.PAYMENT), "consent.take", False),
        (actor(Role.PERSON, InstitutionType.OPERATOR, Purpose.PATIENT_REQUEST), "consent.give", True),
        (actor(Role.PERSON, InstitutionType.OPERATOR, Purpose.PATIENT_REQUEST), "consent.take", False),
    ],
)
def test_some_decisions_said_aloud(who: Actor, interaction: str, may: bool) -> None:
    assert permits(who, interaction) is may


def test_emergency_access_wants_hospital_right_and_two_factors() -> None:
    ready = actor(Role.DOCTOR, InstitutionType.HOSPITAL, Purpose.EMERGENCY, emergency_right=True, factors=2)
    require(ready, "emergency.open")
    clinic = replace(ready, institution=Institution(2, "x", "x", InstitutionType.CLINIC))
    for lacking in (clinic, replace(ready, emergency_right=False), replace(ready, factors=1)):
        with pytest.raises(Refused):
            require(lacking, "emergency.open")


def test_a_tokens_scopes_narrow_the_role() -> None:
    token = replace(DOCTOR, scopes=("user/Observation.rs",))
    assert permits(token, "read", Kind.LAB, resource_type="Observation")
    assert not permits(token, "read", Kind.PRESCRIPTION, resource_type="MedicationRequest")
    assert not permits(token, "create", Kind.LAB, resource_type="Observation")
    assert not permits(token, "read")  # of whatever type
    assert not permits(token, "consent.take")
    assert not permits(replace(token, emergency_right=True, factors=2), "emergency.open")
    assert permits(replace(token, scopes=("user/*.cruds",)), "read")


def test_a_system_without_scopes_may_nothing() -> None:
    system = actor(Role.SYSTEM, InstitutionType.HOSPITAL, Purpose.TREATMENT)
    assert not any(permits(system, one) for one in Interaction)
    assert permits(
        replace(system, scopes=("system/*.cruds",)), "create", Kind.LAB, resource_type="Observation"
    )


@given(st.sampled_from(Role), st.sampled_from(Interaction), st.sampled_from(Kind), st.integers(0, 41))
def test_kinds_of_and_permits_say_the_same(role: Role, what: Interaction, kind: Kind, which: int) -> None:
    who = every_actor(role)[which]
    assert bool(kinds_of(who, what) >> kind & 1) is any(
        right.covers(who, kind) for right in roles.MAY[role].get(what, ())
    )
