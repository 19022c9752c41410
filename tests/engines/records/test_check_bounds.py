"""A batch whose resources are wrong one after the other is refused after a bounded number of problems."""

import orjson
import pytest

from kakehashi.core.errors import Invalid, Problem
from kakehashi.engines.records.check import MOST, check, checking
from kakehashi.engines.records.wanted import Method, Wanted
from kakehashi.fhir.parse import parse
from kakehashi.fhir.profiles import ProfileSet
from kakehashi.fhir.turns import BIT

PROFILES = ProfileSet()
LARGEST = 5 << 20
GOOD = {"resourceType": "Organization", "name": "見本"}
WRONG = {"resourceType": "Organization", "nombre": "見本"}


def wishes(*trees: dict[str, object]) -> list[Wanted]:
    """A batch that creates these, each in its entry."""
    bodies = [orjson.dumps(tree) for tree in trees]
    return [
        Wanted(
            Method.CREATE, "Organization", body=one, resource=parse(one), place=f"Bundle.entry[{n}].resource"
        )
        for n, one in enumerate(bodies)
    ]


def problems_of(batch: list[Wanted]) -> tuple[Problem, ...]:
    with pytest.raises(Invalid) as refusal:
        check(batch, PROFILES, most=LARGEST)
    return refusal.value.problems


def test_each_of_few_problems_is_told_and_the_good_beside_them_are_not() -> None:
    told = problems_of(wishes(WRONG, GOOD, WRONG, GOOD))
    assert [one.place for one in told] == [f"Bundle.entry[{n}].resource.nombre" for n in (0, 2)]


def test_of_ten_thousand_wrong_ones_the_first_problems_are_told_and_that_there_may_be_more() -> None:
    *told, last = problems_of(wishes(*[WRONG] * 10_000))
    assert len(told) == MOST
    assert last.rule == "record.too-many"
    assert last.place == f"Bundle.entry[{MOST}].resource"
    assert last.ja != last.en


def test_a_problem_in_the_last_is_told_and_nothing_of_more() -> None:
    told = problems_of(wishes(*[GOOD] * 300, WRONG))
    assert {one.place.partition(".nombre")[0] for one in told} == {"Bundle.entry[300].resource"}
    assert "record.too-many" not in {one.rule for one in told}


def test_behind_large_wrong_ones_little_is_looked_at() -> None:
    large = {**WRONG, "alias": ["あ" * 1_000] * 400}
    told = problems_of(wishes(*[large] * 20))
    assert told[-1].rule == "record.too-many"
    assert told[-1].place == "Bundle.entry[2].resource"


def test_a_large_batch_is_checked_in_turns_and_a_small_one_at_once() -> None:
    large = {**GOOD, "alias": ["あ" * 1_000] * 100}
    assert sum(1 for _ in checking(wishes(*[large] * 10), PROFILES, most=LARGEST)) >= 3_000_000 // (2 * BIT)
    assert list(checking(wishes(GOOD, GOOD), PROFILES, most=LARGEST)) == []
