"""The truth table of linking, as data; and laws that hold whatever was found."""

from dataclasses import replace
from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.people.demographics import Demographics, read_name
from kakehashi.people.judge import Agreement, Claimed, Found, Key, Said, Step, compare, judge

NORTH, SOUTH, EAST = 1, 2, 3
HELD, OWN, OTHER = 11, 22, 33
MEMBER, NUMBER = Key("member", "m", ""), Key("local-south", "7", "")

KENTA = Demographics(read_name("田中 健太"), read_name("タナカ ケンタ", kana=True), date(1980, 4, 1), "male")
SAY = {
    "agrees": KENTA,
    "surname": replace(KENTA, kanji=read_name("林 健太"), kana=read_name("ハヤシ ケンタ", kana=True)),
    "no sex": replace(KENTA, sex=""),
    "birth": replace(KENTA, birth=date(1980, 1, 4)),
    "sex": replace(KENTA, sex="female"),
    "name": replace(KENTA, kanji=read_name("田中 健人"), kana=read_name("タナカ ケント", kana=True)),
    "no birth": replace(KENTA, birth=None),
    "no name": replace(KENTA, kanji=read_name(""), kana=read_name("")),
    "unreadable, kana agrees": replace(KENTA, kanji=read_name("田中 健〓")),
}
FOUND_BY_MEMBER = Found({MEMBER: HELD}, {HELD: HELD}, {HELD: [Said(NORTH, KENTA)]})


@pytest.mark.parametrize(
    ("said", "step", "reviewed"),
    [
        ("agrees", Step.SAME, False),
        ("surname", Step.SAME, False),
        ("no sex", Step.SAME, False),
        ("unreadable, kana agrees", Step.SAME, False),
        ("birth", Step.SUSPENDED_NEW, True),
        ("sex", Step.SUSPENDED_NEW, True),
        ("name", Step.SUSPENDED_NEW, True),
        ("no birth", Step.NEW, True),
        ("no name", Step.NEW, True),
    ],
)
def test_a_claim_by_member_id(said, step, reviewed):
    verdict = judge(FOUND_BY_MEMBER, Claimed(SOUTH, SAY[said], (MEMBER,)))
    assert (verdict.step, verdict.person) == (step, HELD if step is Step.SAME else None)
    assert (verdict.review == {HELD}) is reviewed and (MEMBER in verdict.disputed) is reviewed


@pytest.mark.parametrize(
    ("own_said", "others_said", "step"),
    [
        ("agrees", None, Step.SAME),
        ("birth", None, Step.SAME),  # a correction
        ("name", None, Step.SAME),  # a correction
        ("agrees", "agrees", Step.SAME),
        ("agrees", "surname", Step.SAME),
        ("agrees", "no name", Step.SAME),
        ("agrees", "birth", Step.SUSPENDED_SAME),
        ("agrees", "sex", Step.SUSPENDED_SAME),
        ("agrees", "name", Step.SUSPENDED_SAME),
    ],
)
def test_a_claim_by_the_own_number(own_said, others_said, step):
    """The claim is Kenta; this is what was said of the number's person before."""
    said = [Said(SOUTH, SAY[own_said])] + ([Said(NORTH, SAY[others_said])] if others_said else [])
    found = Found({NUMBER: OWN}, {OWN: OWN}, {OWN: said})
    verdict = judge(found, Claimed(SOUTH, KENTA, (NUMBER,), own=NUMBER))
    assert (verdict.step, verdict.person) == (step, OWN)
    assert verdict.own_doubt is verdict.suspended


def test_an_own_number_whose_birth_and_name_both_became_others_was_given_to_another():
    both = replace(SAY["name"], birth=date(1999, 9, 9))
    found = Found({NUMBER: OWN}, {OWN: OWN}, {OWN: [Said(SOUTH, both)]})
    assert judge(found, Claimed(SOUTH, KENTA, (NUMBER,), own=NUMBER)).step is Step.SUSPENDED_SAME


@pytest.mark.parametrize("said", SAY)
def test_an_own_number_and_the_member_id_of_somebody_else(said):
    found = Found({NUMBER: OWN, MEMBER: OTHER}, {OWN: OWN, OTHER: OTHER}, {OTHER: [Said(NORTH, SAY[said])]})
    verdict = judge(found, Claimed(SOUTH, KENTA, (NUMBER, MEMBER), own=NUMBER))
    agrees = compare(SAY[said], KENTA).agrees
    assert verdict.person == OWN and verdict.suspended is not agrees
    assert verdict.review == {OTHER} and verdict.disputed == {MEMBER}


def test_merged_keys_are_one_person_so_nothing_is_disputed():
    found = Found({NUMBER: OWN, MEMBER: OTHER}, {OWN: OTHER, OTHER: OTHER}, {OTHER: [Said(NORTH, KENTA)]})
    verdict = judge(found, Claimed(SOUTH, KENTA, (NUMBER, MEMBER), own=NUMBER))
    assert (verdict.person, verdict.step, verdict.disputed) == (OWN, Step.SAME, frozenset())


def test_what_is_in_doubt_proves_nothing():
    found = Found({MEMBER: HELD}, {HELD: HELD}, {HELD: [Said(NORTH, KENTA, doubted=True)]})
    assert judge(found, Claimed(SOUTH, KENTA, (MEMBER,))).step is Step.NEW


def test_one_contradicting_institution_outweighs_one_that_agrees():
    found = Found({MEMBER: HELD}, {HELD: HELD}, {HELD: [Said(NORTH, KENTA), Said(EAST, SAY["birth"])]})
    assert judge(found, Claimed(SOUTH, KENTA, (MEMBER,))).step is Step.SUSPENDED_NEW


WHO = st.sampled_from(sorted(SAY)).map(SAY.__getitem__)
SAIDS = st.lists(st.builds(Said, st.sampled_from([NORTH, SOUTH, EAST]), WHO, st.booleans()), max_size=3)


@given(WHO, SAIDS, SAIDS, st.booleans(), st.booleans(), st.booleans())
def test_nobody_is_linked_by_a_shared_identifier_unless_birth_and_name_agree(
    who, held, own, by_member, by_own, known
):
    found = Found({}, {HELD: HELD, OWN: OWN}, {HELD: held, OWN: own})
    found.holders.update(({MEMBER: HELD} if by_member else {}) | ({NUMBER: OWN} if by_own else {}))
    verdict = judge(found, Claimed(SOUTH, who, (NUMBER, MEMBER), NUMBER, {}, OWN if known else None))
    if verdict.person == HELD:
        assert any(compare(one.demographics, who).agrees for one in held if not one.doubted)
        assert not any(compare(one.demographics, who).contradicts for one in held if not one.doubted)
    assert (verdict.person == OWN) == (by_own or known)
    assert set(verdict.evidence.values()) <= set(Agreement)


@given(WHO, WHO)
def test_comparing_has_no_direction_and_everyone_agrees_with_themselves(one, other):
    assert compare(one, other) == compare(other, one)
    assert not compare(one, one).contradicts


def test_agreeing_and_contradicting_never_go_together():
    for one, other in product(SAY.values(), repeat=2):
        seen = compare(one, other)
        assert not (seen.agrees and seen.contradicts)
