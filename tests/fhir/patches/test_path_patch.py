"""FHIRPath Patch: each operation, the bytes beside it, primitives with extensions; and differences."""

import base64
import random
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kakehashi.core.errors import Failure
from kakehashi.fhir.definitions import load
from kakehashi.fhir.parse import parse
from kakehashi.fhir.patches.difference import decoded, difference
from kakehashi.fhir.patches.path_patch import apply
from kakehashi.fhir.patches.path_reading import read
from kakehashi.fhir.types import NUMBER

sys.path.append(str(Path(__file__).parents[1]))
from r4_making import make

Json = dict[str, Any]


def operation(kind: str, path: str, value: Json | None = None, **parts: Any) -> Json:
    said: list[Json] = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": path}]
    if "name" in parts:
        said.append({"name": "name", "valueString": parts["name"]})
    said += [
        {"name": name, "valueInteger": parts[name]}
        for name in ("index", "source", "destination")
        if name in parts
    ]
    return {"name": "operation", "part": said + ([{"name": "value", **value}] if value else [])}


def patched(before: Json | bytes, *operations: Json) -> Json:
    body = before if isinstance(before, bytes) else orjson.dumps(before)
    parameters = parse(orjson.dumps({"resourceType": "Parameters", "parameter": operations}))
    after: Json = orjson.loads(apply(read(parameters), body))
    return after


WHO = {
    "resourceType": "Patient", "active": True, "birthDate": "1970-01-01", "gender": "male",
    "name": [{"family": "見本", "given": ["太", "郎"]}, {"text": "みほん"}],
    "contact": [{"name": {"text": "母"}}], "deceasedBoolean": False,
}  # fmt: skip
BESIDE = {"url": "urn:x", "valueCode": "y"}


@pytest.mark.parametrize(("made", "changed"), [
    (operation("replace", "Patient.birthDate", {"valueDate": "1971-02-03"}), {"birthDate": "1971-02-03"}),
    (operation("add", "Patient", {"valueString": "ja"}, name="language"), {"language": "ja"}),
    (operation("add", "Patient", {"valueHumanName": {"text": "別名"}}, name="name"),
     {"name": [*WHO["name"], {"text": "別名"}]}),
    (operation("delete", "Patient.birthDate"), {"birthDate": None}),
    (operation("delete", "Patient.photo"), {}),
    (operation("delete", "Patient.contact[0]"), {"contact": None}),
    (operation("delete", "Patient.contact[0].name.text"), {"contact": None}),
    (operation("delete", "Patient.name.where(text = 'みほん')"), {"name": WHO["name"][:1]}),
    (operation("insert", "Patient.name", {"valueHumanName": {"text": "先"}}, index=0),
     {"name": [{"text": "先"}, *WHO["name"]]}),
    (operation("insert", "Patient.photo", {"valueAttachment": {"title": "顔"}}, index=0), {"photo": [{"title": "顔"}]}),
    (operation("insert", "Patient.name[0].given", {"valueString": "次"}, index=1),
     {"name": [{"family": "見本", "given": ["太", "次", "郎"]}, WHO["name"][1]]}),
    (operation("move", "Patient.name", source=1, destination=0), {"name": WHO["name"][::-1]}),
    (operation("replace", "Patient.deceased", {"valueDateTime": "2026"}),
     {"deceasedBoolean": None, "deceasedDateTime": "2026"}),
    (operation("replace", "Patient.name.given.last()", {"valueString": "朗"}),
     {"name": [{"family": "見本", "given": ["太", "朗"]}, WHO["name"][1]]}),
    (operation("add", "Patient", {"part": [
        {"name": "gender", "valueCode": "female"}, {"name": "name", "valueHumanName": {"text": "姉"}},
        {"name": "telecom", "valueContactPoint": {"value": "1"}},
        {"name": "telecom", "valueContactPoint": {"value": "2"}},
    ]}, name="contact"), {"contact": [*WHO["contact"], {
        "gender": "female", "name": {"text": "姉"}, "telecom": [{"value": "1"}, {"value": "2"}]}]}),
    (operation("add", "Patient.birthDate", {"valueExtension": {"url": "urn:x", "valueCode": "y"}}, name="extension"),
     {"_birthDate": {"extension": [{"url": "urn:x", "valueCode": "y"}]}}),
    (operation("add", "Patient.name[0].given[1]", {"valueExtension": BESIDE}, name="extension"),
     {"name": [{**WHO["name"][0], "_given": [None, {"extension": [BESIDE]}]}, WHO["name"][1]]}),
])  # fmt: skip
def test_each_operation(made: Json, changed: Json) -> None:
    wanted = {name: value for name, value in {**WHO, **changed}.items() if value is not None}
    assert patched(WHO, made) == wanted


@pytest.mark.parametrize(("made", "rule"), [
    (operation("replace", "Patient.photo", {"valueString": "x"}), "patch.path"),
    (operation("replace", "Patient.name", {"valueHumanName": {}}), "patch.path"),
    (operation("delete", "Patient.name"), "patch.path"),
    (operation("delete", "Patient"), "patch.path"),
    (operation("add", "Patient", {"valueDate": "2000"}, name="birthDate"), "patch.taken"),
    (operation("add", "Patient", {"valueDate": "2000"}, name="hatSize"), "patch.form"),
    (operation("add", "Patient", {"valueHumanName": {}}, name="deceased"), "patch.form"),
    (operation("insert", "Patient.name", {"valueHumanName": {}}, index=3), "patch.index"),
    (operation("insert", "Patient.birthDate", {"valueDate": "2000"}, index=0), "patch.path"),
    (operation("move", "Patient.name", source=0, destination=2), "patch.index"),
    (operation("replace", "Patient.name.count()", {"valueInteger": 1}), "fhirpath"),
    (operation("replace", "Patient.name.(", {"valueInteger": 1}), "fhirpath"),
    (operation("replace", "(" * 1500 + "Patient" + ")" * 400, {"valueInteger": 1}), "fhirpath"),
    (operation("replace", "Patient.birthDate"), "patch.form"),
    (operation("burn", "Patient.birthDate"), "patch.form"),
    ({"name": "something", "part": []}, "patch.form"),
])  # fmt: skip
def test_what_does_not_fit_is_refused(made: Json, rule: str) -> None:
    with pytest.raises(Failure) as refused:
        patched(WHO, made)
    assert refused.value.problems[0].rule == rule
    assert refused.value.status in (400, 422)


def test_a_primitive_that_goes_takes_its_extensions_along() -> None:
    body = {
        "resourceType": "Patient", "birthDate": "1970", "_birthDate": {"id": "b"},
        "name": [{"given": ["a", None, "c"], "_given": [None, {"id": "x"}, {"id": "y"}]}],
    }  # fmt: skip
    after = patched(
        body, operation("delete", "Patient.birthDate"),
        operation("move", "Patient.name.given", source=2, destination=0),
        operation("delete", "Patient.name.given[2]"),
    )  # fmt: skip
    assert after == {
        "resourceType": "Patient", "name": [{"given": ["c", "a"], "_given": [{"id": "y"}, None]}],
    }  # fmt: skip


def test_untouched_numbers_keep_their_digits_and_brought_ones_too() -> None:
    body = b'{"resourceType":"Observation","valueQuantity":{"value":1.10},"referenceRange":[{"low":{"value":2.00}}]}'
    sent = (
        b'{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},'
        b'{"name":"path","valueString":"Observation.value.value"},{"name":"value","valueDecimal":3.300}]}]}'
    )
    after = apply(read(parse(sent)), body)
    assert after == body.replace(b"1.10", b"3.300")


def test_many_operations_on_a_large_resource_are_stopped() -> None:
    large = {
        "resourceType": "Binary",
        "contentType": "x/y",
        "data": base64.b64encode(b"x" * 2_000_000).decode(),
    }
    with pytest.raises(Failure) as refused:
        patched(large, *[operation("delete", "Binary.language")] * 5)
    assert refused.value.problems[0].rule == "patch.cost"


def undone(old: bytes, new: bytes) -> None:
    """The difference of two, applied to the first, is the second."""
    said = difference(decoded(old), decoded(new))
    assert orjson.loads(apply(read(parse(said)), old)) == orjson.loads(new), said


def test_no_difference_says_nothing() -> None:
    body = orjson.dumps(WHO)
    assert difference(decoded(body), decoded(body)) == b'{"resourceType":"Parameters"}'


def test_written_precision_is_a_difference() -> None:
    one = b'{"resourceType":"Observation","valueQuantity":{"value":1.0}}'
    assert b'"valueDecimal":1.00' in difference(decoded(one), decoded(one.replace(b"1.0", b"1.00")))


def single(value: Any) -> Any:
    """What was made, with one of each choice: R4 has no value that is two things."""
    if isinstance(value, list):
        return [single(one) for one in value]
    if not isinstance(value, dict):
        return value
    left, taken = {}, set()
    for name, inner in value.items():
        choice = next((one for one in CHOICES if name.startswith(one)), name)
        if choice not in taken:
            left[name] = single(inner)
            taken.add(choice)
    return left


CHOICES = sorted({
    element.name for one in load().structures.values() for element in one.elements if element.choice
}, key=len, reverse=True)  # fmt: skip


@given(st.integers(0, 2**32), st.sampled_from(sorted(NUMBER)))
@settings(max_examples=150, deadline=None)
@example(1, "Questionnaire")
def test_a_difference_applied_to_the_one_makes_the_other(seed: int, kind: str) -> None:
    chance = random.Random(seed)
    one, other = single(make(chance, kind)), single(make(chance, kind))
    undone(orjson.dumps(one), orjson.dumps(other))
    undone(orjson.dumps(other), orjson.dumps(one))
