"""What FHIRPath reckons, joins and bounds: numbers, texts, boundaries, keys. The persons are synthetic."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.fhir.paths.boundaries import boundary
from kakehashi.fhir.paths.evaluate import compile_path
from kakehashi.fhir.paths.keys import key_of_reference, key_of_resource
from kakehashi.fhir.paths.nodes import Env, Node, root_node
from kakehashi.fhir.paths.numbers import Written

WHOLE = st.integers(-(10**6), 10**6)


def ask(expression: str, **members: object) -> list[object]:
    tree = {"resourceType": "Patient", **members}
    whole = root_node(tree)
    return [node.value for node in compile_path(expression)([whole], Env(whole, whole, whole))]


def bounds(value: object, kind: str) -> tuple[object, object]:
    low, high = (boundary([Node(value, kind)], low=one) for one in (True, False))
    return (str(low[0].value) if low else None, str(high[0].value) if high else None)


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("1 + 2 * 3", [7]),
        ("(1 + 2) * 3", [9]),
        ("7 div 2", [3]),
        ("-7 div 2", [-3]),
        ("7 mod 2", [1]),
        ("7 / 2", [3.5]),
        ("7 / 0", []),
        ("7 div 0", []),
        ("7 mod 0", []),
        ("2147483647 + 1", []),
        ("0.1 + 0.2 = 0.3", [True]),
        ("'a' + 'b'", ["ab"]),
        ("'a' + 1", []),
        ("true + 1", []),
        ("{} + 1", []),
        ("-('a')", []),
        ("true & 'x'", ["truex"]),
        ("active.toString()", ["true"]),
        ("name.given.join(',')", ["a,b"]),
        ("name.family.join()", [""]),
        ("name[{}].given", []),
        ("name.repeat($this).count()", [1]),
        ("active.replaceMatches({}, 'x')", []),
    ],
)
def test_an_expression_reckons(expression: str, answer: list[object]):
    assert ask(expression, active=True, name=[{"given": ["a", "b"]}]) == answer


@given(WHOLE, WHOLE.filter(bool))
def test_div_and_mod_belong_together(a: int, b: int):
    [(quotient)], [(rest)] = ask(f"({a}) div ({b})"), ask(f"({a}) mod ({b})")
    assert quotient * b + rest == a  # type: ignore[operator]


@given(st.decimals(-1000, 1000, places=2))
def test_a_number_lies_between_its_boundaries_and_they_are_one_unit_of_its_last_digit_apart(number: Decimal):
    low, high = (Decimal(str(one)) for one in bounds(Written(str(number)), "decimal"))
    assert low < number < high
    assert high - low == Decimal("0.01")


@pytest.mark.parametrize(
    ("value", "kind", "low", "high"),
    [
        (2, "integer", "1.5", "2.5"),
        ("2024", "date", "2024-01-01", "2024-12-31"),
        ("2024-02", "date", "2024-02-01", "2024-02-29"),
        ("2024-02-03", "date", "2024-02-03", "2024-02-03"),
        ("2024-02", "dateTime", "2024-02-01T00:00:00.000+14:00", "2024-02-29T23:59:59.999-12:00"),
        (
            "2024-02-03T10:20:30+09:00",
            "dateTime",
            "2024-02-03T10:20:30.000+09:00",
            "2024-02-03T10:20:30.999+09:00",
        ),
        ("2024-02-03T10:20:30.5Z", "instant", "2024-02-03T10:20:30.500Z", "2024-02-03T10:20:30.599Z"),
        ("10:20", "time", "10:20:00.000", "10:20:59.999"),
        (
            {"start": "2024", "end": "2024-02"},
            "Period",
            "2024-01-01T00:00:00.000+14:00",
            "2024-02-29T23:59:59.999-12:00",
        ),
        ({"end": "2024"}, "Period", None, "2024-12-31T23:59:59.999-12:00"),
        ("2024-13", "date", None, None),
        ("soon", "dateTime", None, None),
        ("2024", "string", None, None),
        (True, "boolean", None, None),
    ],
)
def test_the_boundaries_of_what_is_known_roughly(value: object, kind: str, low: str | None, high: str | None):
    assert bounds(value, kind) == (low, high)


def test_boundaries_are_of_one_value():
    assert boundary([Node("2024", "date")] * 2, low=True) == []


@given(st.from_regex(r"[A-Za-z0-9\-.]{1,64}", fullmatch=True))
def test_the_key_of_a_resource_is_that_of_a_reference_to_it(name: str):
    key = key_of_resource({"resourceType": "Patient", "id": name})
    for reference in (f"Patient/{name}", f"Patient/{name}/_history/3"):
        assert key_of_reference({"reference": reference}) == key
        assert key_of_reference({"reference": reference}, "Observation") == ""


@pytest.mark.parametrize(
    "reference",
    ["http://other/fhir/Patient/1", "urn:uuid:1", "#c", "Patient/", "Nobody/1", "Patient?identifier=1"],
)
def test_what_cannot_be_a_row_has_no_key(reference: str):
    assert key_of_reference({"reference": reference}) == ""
