"""Copies are other people: nothing that names the original is left, and what they send is as good as the original's."""

from collections.abc import Iterable

import orjson
import pytest

from kakehashi.fhir.parse import parse
from kakehashi.fhir.validate import validate
from kakehashi.samples.build import Line, lines_of
from kakehashi.samples.charts import Chart
from kakehashi.samples.multiply import Original, multiply, originals
from kakehashi.samples.trees import references
from kakehashi.services.sharing.rules import check
from kakehashi.terms import japan

ROUNDS = 4


@pytest.fixture(scope="module")
def people(charts: list[Chart]) -> list[Original]:
    return originals(charts[:4] + charts[-2:])


@pytest.fixture(scope="module")
def copies(people: list[Original]) -> list[Line]:
    return list(multiply(people, range(1, ROUNDS)))


def loaded(lines: Iterable[Line], form: str = "fhir") -> list[dict]:  # type: ignore[type-arg]
    return [orjson.loads(line.body) for line in lines if line.form == form]


def named(lines: Iterable[Line], system: str) -> list[str]:
    return [
        one["value"]
        for record in loaded(lines)
        if record["resourceType"] == "Patient"
        for one in record["identifier"]
        if one["system"].startswith(system)
    ]


def test_copy_zero_is_the_original(people: list[Original], charts: list[Chart]):
    chosen = charts[:4] + charts[-2:]
    assert list(multiply(people, range(1))) == [line for chart in chosen for line in lines_of(chart)]


def test_no_id_is_given_twice(people: list[Original]):
    ids = [record["id"] for record in loaded(multiply(people, range(ROUNDS)))]
    assert len(ids) == len(set(ids))


def test_no_two_people_share_a_number(people: list[Original]):
    for system in (japan.MEMBER_ID, japan.LOCAL_PATIENT_PREFIX):
        seen: set[str] = set()
        for copy in range(ROUNDS):
            new = set(named(multiply(people, range(copy, copy + 1)), system))
            assert not seen & new
            seen |= new


def test_one_copy_has_one_insurance_number_wherever_the_original_had_one(people: list[Original]):
    for original in people:
        before = named(multiply([original], range(1)), japan.MEMBER_ID)
        after = named(multiply([original], range(1, 2)), japan.MEMBER_ID)
        assert len(set(after)) == len(set(before))
        assert {value.split(":")[0] for value in after} == {value.split(":")[0] for value in before}


def test_nothing_that_names_the_original_is_left(people: list[Original], copies: list[Line]):
    for original in people:
        own = [line.body for line in multiply([original], range(1, 2))]
        for _, family, given in original.names:
            assert not any(f'"{family} {given}"'.encode() in body for body in own)
        assert not any(f":{original.person.number}:".encode() in body for body in own)
        assert not any(original.person.birth.encode() in body for body in own)


def test_references_of_a_copy_lead_to_the_copy(copies: list[Line]):
    held = {f"{record['resourceType']}/{record['id']}" for record in loaded(copies)}
    for record in loaded(copies):
        for target in references(record):
            if target.startswith(("Patient/", "Encounter/", "Condition/", "Observation/")):
                assert target in held


def test_a_copy_is_valid_r4_and_breaks_no_rule_of_the_guide(copies: list[Line]):
    for line in copies:
        assert validate(parse(line.body)) == []
        if line.form == "clins":
            assert check(parse(line.body)) == []


def test_bundles_of_copies_never_replace_each_other(people: list[Original]):
    keys = [bundle["identifier"]["value"] for bundle in loaded(multiply(people, range(ROUNDS)), "clins")]
    assert len(keys) == len(set(keys))


def test_the_same_round_is_the_same_again(people: list[Original]):
    assert list(multiply(people, range(2, 3))) == list(multiply(people, range(2, 3)))
