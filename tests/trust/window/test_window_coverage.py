"""Where somebody is insured: every desk may ask the insurers' own word, nobody else may, and nothing else is shown."""

import pytest
from window_words import CITY, HANAKO, HOSPITAL, INSURER, PHARMACY, TARO, Row, myself, staff

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.kinds import Flag, Kind
from kakehashi.trust.decide import WindowFacts, decide_coverage

FACTS = WindowFacts(frozenset({HANAKO}))
INSURERS = frozenset({INSURER.key})
WORD = Row(kind=Kind.COVERAGE, custodian=INSURER.key)
CLERK = staff(Role.CLERK, purpose=Purpose.ADMINISTRATION)
DESKS = [
    CLERK, staff(), staff(Role.PHARMACIST, PHARMACY), staff(Role.NURSE),
    staff(Role.INSURER, INSURER, purpose=Purpose.PAYMENT),
    staff(Role.MUNICIPALITY, CITY, purpose=Purpose.ADMINISTRATION),
]  # fmt: skip
OTHERS = [
    staff(Role.AUDITOR, purpose=Purpose.AUDIT), staff(Role.OPERATOR, purpose=Purpose.OPERATIONS), myself(),
    staff(Role.CLERK, purpose=Purpose.AUDIT),
]  # fmt: skip


@pytest.mark.parametrize("by", DESKS, ids=lambda by: by.role)
def test_every_desk_sees_the_insurers_word_without_consent(by: Actor) -> None:
    assert decide_coverage(FACTS, by, INSURERS).sees(WORD)


@pytest.mark.parametrize("by", OTHERS, ids=lambda by: f"{by.role}-{by.purpose}")
def test_nobody_else_does(by: Actor) -> None:
    assert not decide_coverage(FACTS, by, INSURERS).panes


@pytest.mark.parametrize(
    "row",
    [
        Row(kind=Kind.CONDITION, custodian=INSURER.key), Row(kind=Kind.COVERAGE, custodian=HOSPITAL.key),
        Row(kind=Kind.COVERAGE, custodian=INSURER.key, person=TARO),
        Row(kind=Kind.COVERAGE, custodian=INSURER.key, flags=Flag.UNDELIVERED),
        Row(kind=Kind.COVERAGE, custodian=INSURER.key, flags=Flag.SUSPENDED),
    ],
)  # fmt: skip
def test_nothing_else_is_seen(row: Row) -> None:
    assert not decide_coverage(FACTS, CLERK, INSURERS).sees(row)


@pytest.mark.parametrize(
    "facts",
    [
        WindowFacts(), WindowFacts(frozenset({HANAKO}), suspended_all=True),
        WindowFacts(frozenset({HANAKO}), suspended=INSURERS),
    ],
)  # fmt: skip
def test_a_link_in_doubt_and_nobody_at_all_show_nothing(facts: WindowFacts) -> None:
    assert not decide_coverage(facts, CLERK, INSURERS).sees(WORD)


def test_without_insurers_and_for_somebody_bound_to_another_person_nothing_opens() -> None:
    assert not decide_coverage(FACTS, CLERK, frozenset()).panes
    assert not decide_coverage(FACTS, staff(Role.CLERK, purpose=Purpose.PAYMENT, person=TARO), INSURERS).panes
