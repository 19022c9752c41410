"""Hierarchies with cycles: whoever lies in one or under one is told, and the rest stays as it is."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from kakehashi.fhir.text import normal
from kakehashi.terms import code_system
from kakehashi.terms.hierarchy import arranged


@given(st.integers(0, 2**63), st.integers(1, 15))
@settings(max_examples=300, deadline=None)
def test_every_concept_has_its_place_and_cycles_are_told(seed: int, count: int) -> None:
    rng = Random(seed)
    parents = [rng.sample(range(count), rng.choice([0, 0, 1, min(2, count)])) for _ in range(count)]
    order, tree, astray = arranged(parents)
    assert sorted(order) == list(range(count))
    above = {one: _above(parents, one) for one in range(count)}
    circular = {
        one
        for one in range(count)
        if any(other in _above(parents, p) for other in above[one] for p in parents[other])
    }
    assert set(astray) == circular
    for place, number in enumerate(order):
        expected = {number} if number in circular else above[number]
        assert {order[one] for one in tree.above(place)} == expected
        below = {order[one] for one, inside in enumerate(tree.below(place)) if inside}
        assert below == {
            one for one in range(count) if number == one or (one not in circular and number in above[one])
        }


def _above(parents: list[list[int]], one: int) -> set[int]:
    found = {one}
    while more := {p for each in found for p in parents[each]} - found:
        found |= more
    return found


def test_children_come_in_their_order_and_the_nested_ones_first() -> None:
    order, tree, _ = arranged([[], [0], [0], [], [3, 0]])
    places = {number: place for place, number in enumerate(order)}
    assert [order[one] for one in tree.children_of(places[0])] == [1, 2, 4]
    assert [order[one] for one in tree.parents_of(places[4])] == [3, 0]


def test_a_deep_hierarchy_needs_no_deep_stack() -> None:
    concepts = [{"code": "0"}] + [
        {"code": str(n), "property": [{"code": "parent", "valueCode": str(n - 1)}]} for n in range(1, 20_000)
    ]
    packed = code_system.compiled(
        {"resourceType": "CodeSystem", "url": "urn:deep", "concept": concepts}, normal
    )
    [column] = packed.lists
    bottom = column.find("19999")
    assert bottom is not None and len(column.tree.above(bottom)) == 20_000


def test_children_that_are_named_and_a_concept_given_twice() -> None:
    child = {"code": "child", "valueCode": "b"}
    concepts = [{"code": "a", "property": [child]}, {"code": "b"}, {"code": "b", "display": "again"}]
    [column] = code_system.compiled({"resourceType": "CodeSystem", "concept": concepts}, normal).lists
    top, low = column.find("a"), column.find("b")
    assert top is not None and low is not None
    assert top in column.tree.above(low)
