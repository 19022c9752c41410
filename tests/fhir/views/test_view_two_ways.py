"""The quick way of a path and the general one find the same, on whatever R4 says may be there."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.fhir.paths.evaluate import compile_path
from kakehashi.fhir.paths.nodes import Env, root_node
from kakehashi.fhir.paths.syntax import parse_path
from kakehashi.fhir.views.swift import swift

QUICK = (
    "id",
    "status",
    "code.text",
    "code.coding.code",
    "code.coding.first().display",
    "code.coding[1].code",
    "code.coding.where(system = 'a').code",
    "code.coding.where(system in ('a' | 'b')).first().code",
    "code.coding.where(system = 'a').exists()",
    "category.coding.where(code = 'x').exists()",
    "category.exists()",
    "value.ofType(Quantity).value",
    "value.ofType(Quantity).unit",
    "value.ofType(string)",
    "value.ofType(CodeableConcept).text",
    "value.ofType(CodeableConcept).coding.first().code",
    "subject.getReferenceKey()",
    "subject.getReferenceKey(Patient)",
    "performer.getReferenceKey(Practitioner)",
    "getResourceKey()",
    "extension('u').value.ofType(code)",
    "code.extension('u').value.ofType(Coding).code",
    "referenceRange.low.value",
    "referenceRange.first().text",
    "note.text.join('/')",
    "note.text.join()",
    "status = 'final'",
    "status in ('final' | 'amended')",
    "component.code.coding.code",
)
SLOW = (
    "value",
    "name.family | name.text",
    "effective.exists()",
    "issued = '2026'",
    "code.coding.count()",
    "$this",
    "%resource.id",
)

words = st.sampled_from(["a", "b", "x", "final", "amended", "male"])
references = st.sampled_from(
    [
        "Patient/1",
        "Practitioner/2",
        "Patient/1/_history/3",
        "urn:uuid:1",
        "#c",
        "http://h/Patient/1",
        "Nobody/1",
        "",
    ]
).map(lambda text: {"reference": text} if text else {"display": "見本"})


def some(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=members)


def lists(of: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(of, min_size=1, max_size=3)


codings = some(system=words, code=words, display=words)
extensions = lists(
    some(url=st.sampled_from(["u", "v"]), valueCode=words) | some(url=st.just("u"), valueCoding=codings)
)
concepts = some(coding=lists(codings), text=words, extension=extensions)
quantities = some(value=st.integers(0, 9) | st.floats(0, 9), unit=words)
labs = some(
    id=words,
    status=words,
    code=concepts,
    category=lists(concepts),
    subject=references,
    performer=lists(references),
    extension=extensions,
    note=lists(some(text=words)),
    issued=words,
    referenceRange=lists(some(low=quantities, text=words)),
    component=lists(some(code=concepts)),
)
values = st.one_of(
    st.just({}),
    quantities.map(lambda value: {"valueQuantity": value}),
    words.map(lambda value: {"valueString": value}),
    concepts.map(lambda value: {"valueCodeableConcept": value}),
)


@given(labs, values, st.sampled_from(QUICK))
def test_the_quick_way_finds_what_the_general_way_finds(
    lab: dict[str, Any], value: dict[str, Any], path: str
):
    tree = {"resourceType": "Observation", **lab, **value}
    whole = root_node(tree)
    general = [one.value for one in compile_path(path)([whole], Env(whole, whole, whole))]
    quick = swift(parse_path(path), "Observation")
    assert quick is not None
    found = quick.get(tree)
    assert (list(found) if quick.many else [] if found is None else [found]) == general


@pytest.mark.parametrize("path", QUICK)
def test_these_have_a_quick_way(path: str):
    assert swift(parse_path(path), "Observation") is not None


@pytest.mark.parametrize("path", SLOW)
def test_others_are_left_to_the_general_one(path: str):
    assert swift(parse_path(path), "Observation") is None


def test_what_is_not_typed_beforehand_has_no_quick_way():
    assert swift(parse_path("id"), None) is None
    assert swift(parse_path("id"), "Resource") is None
    assert swift(parse_path("extension"), "string") is None
