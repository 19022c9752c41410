"""Checks on one value: fixed, pattern, length, span, binding, invariants."""

from collections.abc import Callable, Iterable
from typing import Any

import re2

from kakehashi.fhir.definitions import Constraint
from kakehashi.fhir.paths.evaluate import Path, compile_path, truth
from kakehashi.fhir.paths.nodes import Node
from kakehashi.fhir.paths.syntax import UnknownPath
from kakehashi.fhir.paths.values import order
from kakehashi.fhir.profiles import says
from kakehashi.fhir.profiles.codes import Codes, coded
from kakehashi.fhir.profiles.matching import test_of
from kakehashi.fhir.profiles.model import Json, Rule
from kakehashi.fhir.profiles.running import Check, Scope
from kakehashi.fhir.shapes import Member

_COST = 8  # steps that an invariant counts for
_FAULTS = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, re2.error)
"""What a FHIRPath may end in on a value that it was not written for (text added to a number, a bad pattern)."""

Note = Callable[[str, str], None]
"""Notes, in Japanese and English, what is not checked."""


def value_checks(rule: Rule, member: Member, url: str) -> Iterable[Check]:
    """Return the checks of a rule that look at the value alone."""
    if (test := test_of(rule.fixed, rule.pattern)) is not None:
        yield _exact(test, rule, url)
    if rule.longest is not None:
        yield _length(rule.longest, url)
    if rule.low is not None or rule.high is not None:
        yield _span(rule.low, rule.high, member, url)


def _exact(test: Callable[[Any], bool], rule: Rule, url: str) -> Check:
    fixed = rule.fixed is not None

    def run(node: Node, place: str, scope: Scope) -> None:
        if not test(node.value):
            say = says.not_fixed if fixed else says.not_pattern
            scope.say(say(place, rule.fixed if fixed else rule.pattern, url))

    return run


def _length(longest: int, url: str) -> Check:
    def run(node: Node, place: str, scope: Scope) -> None:
        if isinstance(node.value, str) and len(node.value) > longest:
            scope.say(says.too_long(place, longest, url))

    return run


def _span(low: Json, high: Json, member: Member, url: str) -> Check:
    least = None if low is None else Node(low, member.shape)
    most = None if high is None else Node(high, member.shape)

    def run(node: Node, place: str, scope: Scope) -> None:
        if node.value is None:
            return
        below = least is not None and order(node, least) == -1
        above = most is not None and order(node, most) == 1
        if below or above:
            scope.say(says.out_of_span(place, low, high, url))

    return run


def binding_check(rule: Rule, codes: Codes, member: Member, url: str) -> Check | None:
    """Return the check of a binding, None where it can refuse nothing."""
    test = coded(codes, member.type.code)
    if test is None or not codes.told:
        return None
    holds = test
    required = rule.strength == "required"

    def run(node: Node, place: str, scope: Scope) -> None:
        value = node.value
        if value is None or holds(value):
            return
        if required or not isinstance(value, dict) or value.get("coding") or value.get("code"):
            some = codes.some()
            scope.say(says.not_in_set(place, value, codes.url, some, rule.strength, url))

    return run


def invariant_checks(constraints: Iterable[Constraint], url: str, note: Note) -> Iterable[Check]:
    """Return the checks of constraints; what FHIRPath here cannot read is noted."""
    for one in constraints:
        try:
            yield _invariant(one, compile_path(one.expression), url)
        except UnknownPath as unknown:
            note(
                f"制約 {one.key}: {unknown.problems[0].ja}", f"constraint {one.key}: {unknown.problems[0].en}"
            )


def _invariant(constraint: Constraint, path: Path, url: str) -> Check:
    def run(node: Node, place: str, scope: Scope) -> None:
        scope.run.spend(_COST)
        try:
            holds = truth(path([node], scope.env(node)))
        except _FAULTS:
            scope.say(says.cannot_tell(place, constraint, url))
            return
        if holds is not True:
            scope.say(says.invariant(place, constraint, url))

    return run
