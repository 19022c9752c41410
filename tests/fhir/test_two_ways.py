"""The quick way and the slow way of validation agree: what is accepted has no error, for every type of R4."""

import copy
import random

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from r4_making import break_one, make

from kakehashi.fhir.invariants import BY_HAND, UNCHECKED, expression
from kakehashi.fhir.parse import parse
from kakehashi.fhir.paths.evaluate import compile_path, truth
from kakehashi.fhir.paths.nodes import Env, Node
from kakehashi.fhir.shapes import shape
from kakehashi.fhir.types import NUMBER
from kakehashi.fhir.validate import validate
from kakehashi.fhir.validation.accept import accepts
from kakehashi.fhir.validation.explain import explained
from kakehashi.fhir.validation.quick import quick
from kakehashi.fhir.validation.swift import SWIFT

seeds = st.integers(0, 2**32)


def errors(tree):
    return [problem for problem in explained(tree) if problem.severity == "error"]


@settings(max_examples=300, deadline=None)
@given(seeds, st.sampled_from(sorted(NUMBER)))
def test_what_the_quick_way_accepts_has_no_error(seed, name):
    tree = make(random.Random(seed), name)
    if accepts(tree, 0):
        assert errors(tree) == []


@settings(max_examples=700, deadline=None)
@given(
    seeds, st.sampled_from(["Patient", "Observation", "Bundle", "Condition", "Encounter", *sorted(NUMBER)])
)
def test_a_broken_resource_is_either_still_good_or_explained(seed, name):
    chance = random.Random(seed)
    tree = make(chance, name)
    for _ in range(chance.randrange(1, 4)):
        break_one(chance, tree)
    found = errors(tree)
    assert not (accepts(tree, 0) and found), found[:3]
    for problem in found:
        assert problem.place.startswith(name)
        assert problem.ja and problem.en and problem.rule


@settings(max_examples=200, deadline=None)
@given(seeds, st.sampled_from(sorted(NUMBER)))
def test_validation_changes_nothing(seed, name):
    tree = make(random.Random(seed), name)
    before = copy.deepcopy(tree)
    validate(parse(orjson.dumps(tree)))
    explained(tree)
    assert tree == before


SHAPES = sorted(
    {
        "Quantity",
        "Period",
        "Range",
        "Ratio",
        "Timing.repeat",
        "Attachment",
        "ContactPoint",
        "Extension",
        *NUMBER,
    }
    | {
        e.path
        for name in NUMBER
        for e in shape(name).elements
        if e.constraints and e.types and not e.types[0].targets
    }
    - {"Narrative"}
)


def _constrained(name):
    try:
        known = shape(name)
    except (KeyError, StopIteration):
        return None
    return (
        known
        if any(one.key not in BY_HAND and one.key not in UNCHECKED for one in known.constraints)
        else None
    )


CONSTRAINED = [known for known in map(_constrained, SHAPES) if known]


@settings(max_examples=600, deadline=None)
@given(seeds, st.sampled_from(CONSTRAINED))
@example(2**32 - 1, shape("Observation"))  # a component without its code
def test_a_quick_invariant_answers_as_its_fhirpath_does(seed, known):
    """A quick function may say "not sure" (anything but True) more often, and is otherwise the same."""
    made = make(random.Random(seed), known.name)
    node = Node(made, known.name)
    for one in known.constraints:
        if one.key in BY_HAND or one.key in UNCHECKED or errors_in_structure(made, known):
            continue
        slow = truth(compile_path(expression(one))([node], Env(node, node, node)))
        if one.key in SWIFT:
            assert not (SWIFT[one.key](made) is True and slow is not True), one.key
        else:
            fast = quick(expression(one), known)(made)
            assert fast == slow or (fast is None and not known.resource), one.key


def errors_in_structure(made, known):
    """Invariants are asked only of objects whose structure is sound."""
    required = [e for e in known.elements if e.min]
    return any(not any(m.name in made for m in known.named(e)) for e in required)


@pytest.mark.parametrize("known", CONSTRAINED, ids=lambda known: known.name)
def test_every_invariant_is_met_by_some_objects_of_its_shape(known):
    """The laws above would say little if the made objects never kept the rules."""
    kept = set()
    for seed in range(40):
        made = make(random.Random(seed), known.name)
        node = Node(made, known.name)
        for one in known.constraints:
            if one.key in BY_HAND or one.key in UNCHECKED or errors_in_structure(made, known):
                continue
            if truth(compile_path(expression(one))([node], Env(node, node, node))) is True:
                kept.add(one.key)
    assert kept, known.name
