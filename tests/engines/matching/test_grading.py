"""Grades and scores: certain only where linking would be, and never more than what both descriptions say."""

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.engines.matching.grading import Described, Grade, graded
from kakehashi.fhir.parse import parse
from kakehashi.people.identifiers import LOCAL_PREFIX, MEMBER_SYSTEM
from kakehashi.people.judge import Claimed, Found, Said, Step, judge, keys_of, own_key

OWN = "1311234567"
IDENTIFIERS = [
    {"system": MEMBER_SYSTEM, "value": "06139877:8740:32483467:01"},
    {"system": MEMBER_SYSTEM, "value": "06139877:8740:32483467:02"},
    {"system": MEMBER_SYSTEM, "value": "06139877:8740:32483467:"},
    {"system": LOCAL_PREFIX + OWN, "value": "1"},
    {"system": LOCAL_PREFIX + "1311234568", "value": "1"},
    {"system": "urn:example:mrn", "value": "1"},
]
NAMES = ["見本 太郎", "見本 花子", "渡邉 太郎", "ミホン タロウ"]


def _maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


@st.composite
def patients(draw: Any) -> Described:
    """A synthetic patient of whom any item may be missing."""
    said = {
        "identifier": draw(
            st.lists(st.sampled_from(IDENTIFIERS), max_size=3, unique_by=lambda one: one["value"])
        ),
        "name": [{"text": text}] if (text := draw(_maybe(st.sampled_from(NAMES)))) else None,
        "birthDate": draw(_maybe(st.sampled_from(["1962-05-14", "1962-05-15", "1962"]))),
        "gender": draw(_maybe(st.sampled_from(["male", "female", "unknown"]))),
        "address": draw(_maybe(st.just([{"text": "架空県見本市中央1-2-3"}]))),
        "telecom": draw(_maybe(st.just([{"system": "phone", "value": "03-0000-0000"}]))),
    }
    tree = {"resourceType": "Patient", **{name: value for name, value in said.items() if value}}
    return Described.of(parse(orjson.dumps(tree)))


@given(patients(), patients())
def test_certain_is_only_what_would_be_linked(asked: Described, found: Described) -> None:
    said = graded(asked, found, own=OWN)
    if said is None or said[0] is not Grade.CERTAIN:
        return
    held = dict.fromkeys(keys_of(found.identifiers, found.who, 1), 7)
    claim = Claimed(
        1, asked.who, keys_of(asked.identifiers, asked.who, 1), own_key(list(asked.identifiers), OWN)
    )
    verdict = judge(Found(held, {7: 7}, {7: [Said(1, found.who)]}), claim)
    assert (verdict.person, verdict.step) == (7, Step.SAME)


@given(patients(), patients())
def test_the_grade_is_the_same_from_both_sides_and_the_score_a_share(
    one: Described, other: Described
) -> None:
    there, back = graded(one, other, own=OWN), graded(other, one, own=OWN)
    assert there == back
    assert there is None or 0 <= there[1] <= 1


@given(patients())
def test_who_shares_nothing_is_no_candidate_and_oneself_is_the_best(one: Described) -> None:
    nobody = Described.of(parse(b'{"resourceType":"Patient"}'))
    assert graded(one, nobody, own=OWN) is None
    found = graded(one, one, own=OWN)
    if found is not None:
        assert found[0] is not Grade.CERTAINLY_NOT


def test_grades_are_told_best_first() -> None:
    assert [one.value for one in Grade] == ["certain", "probable", "possible", "certainly-not"]
