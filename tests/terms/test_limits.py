"""What a value set that somebody made up may cost."""

from typing import Any

import pytest

from kakehashi.core.errors import Invalid, TooCostly
from kakehashi.fhir.text import normal
from kakehashi.terms import code_system, compose, value_set
from kakehashi.terms.code_system import CodeSystem
from kakehashi.terms.compose import composed
from kakehashi.terms.value_set import ValueSet

CONCEPTS = [{"code": f"c{number}"} for number in range(2_000)]
SYSTEM = CodeSystem.of(code_system.compiled({"url": "urn:s", "concept": CONCEPTS}, normal))
Json = dict[str, Any]


class World:
    def __init__(self, **sets: ValueSet) -> None:
        self.sets = sets

    def code_system(self, canonical: str) -> CodeSystem:
        return SYSTEM

    def value_set(self, canonical: str) -> ValueSet | None:
        return self.sets.get(canonical)


def of(*include: Json, url: str = "") -> ValueSet:
    return ValueSet.of(value_set.compiled({"url": url, "compose": {"include": list(include)}}, normal))


def test_thousands_of_slow_filters_are_refused_before_they_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose, "MOST_WORK", 200_000)
    slow = [
        {"system": "urn:s", "filter": [{"property": "code", "op": "regex", "value": f"(c*)*{number}"}]}
        for number in range(3_000)
    ]
    with pytest.raises(TooCostly) as refused:
        composed(of(*slow), World())
    assert refused.value.problems[0].rule == "terminology.work"


def test_a_set_that_is_included_again_and_again_is_worked_out_once() -> None:
    """Sixty levels, each including the next one twice: 2^60 ways down."""
    levels = {
        f"v{n}": of({"valueSet": [f"v{n + 1}"]}, {"valueSet": [f"v{n + 1}"]}, url=f"v{n}") for n in range(60)
    }
    levels["v60"] = of({"system": "urn:s"}, url="v60")
    [part] = composed(levels["v0"], World(**levels)).parts
    assert part.mask.count(1) == 2_000


def test_a_pattern_that_only_a_backtracking_engine_can_match_is_refused() -> None:
    pattern = {"property": "code", "op": "regex", "value": r"(c)\1"}
    with pytest.raises(Invalid, match="RE2"):
        composed(of({"system": "urn:s", "filter": [pattern]}), World())
