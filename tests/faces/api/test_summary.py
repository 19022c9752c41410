"""`_summary=true` reaches into what stays: the parts that R4 does not mark as summary go, mandatory ones stay."""

import orjson
import pytest

from kakehashi.faces.api.subset import Subset
from kakehashi.fhir.definitions import load

META = {"versionId": "1"}


def summary(tree: dict[str, object]) -> dict[str, object]:
    found = dict(
        orjson.loads(Subset("true").of(str(tree["resourceType"]), orjson.dumps({**tree, "meta": META})))
    )
    del found["meta"]
    return found


def test_parts_of_a_component_that_are_no_summary_go() -> None:
    component = {
        "code": {"text": "収縮期"}, "valueQuantity": {"value": 120, "unit": "mmHg"}, "interpretation": [{"text": "高"}],
        "referenceRange": [{"text": "-130"}],
    }  # fmt: skip
    said = {"status": "final", "code": {"text": "血圧"}, "component": [component], "note": [{"text": "立位"}]}
    found = summary({"resourceType": "Observation", **said})
    assert found["component"] == [
        {"code": {"text": "収縮期"}, "valueQuantity": {"value": 120, "unit": "mmHg"}}
    ]
    assert "note" not in found


def test_the_bytes_of_an_attachment_go_and_what_tells_of_it_stays() -> None:
    attachment = {"contentType": "application/pdf", "data": "AAAA", "title": "紹介状"}
    found = summary(
        {"resourceType": "DocumentReference", "status": "current", "content": [{"attachment": attachment}]}
    )
    assert found["content"] == [{"attachment": {"contentType": "application/pdf", "title": "紹介状"}}]


def test_the_spelling_of_a_name_stays_and_numbers_keep_their_digits() -> None:
    kana = {"url": "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation", "valueCode": "SYL"}
    name = {"extension": [kana], "family": "ミホン"}
    assert summary({"resourceType": "Patient", "name": [name], "photo": [{"title": "x"}]})["name"] == [name]
    body = (
        b'{"resourceType":"Observation","meta":{},"status":"final","code":{},"valueQuantity":{"value":1.10}}'
    )
    assert b'"value":1.10' in Subset("true").of("Observation", body)


def test_an_element_that_borrows_anothers_content_is_cut_as_that_one() -> None:
    attachment = {"contentType": "application/pdf", "data": "AAAA"}
    part = {"name": "内", "valueAttachment": attachment}
    found = summary({"resourceType": "Parameters", "parameter": [{"name": "外", "part": [part]}]})
    inner = {"name": "内", "valueAttachment": {"contentType": "application/pdf"}}
    assert found["parameter"] == [{"name": "外", "part": [inner]}]


@pytest.mark.parametrize(
    "resource_type", sorted(n for n, one in load().structures.items() if one.kind == "resource")
)
def test_every_type_has_a_summary_that_keeps_what_is_mandatory(resource_type: str) -> None:
    if load().structures[resource_type].abstract:
        return
    wanted = [
        e
        for e in load().structures[resource_type].elements
        if e.path.count(".") == 1 and e.min and not e.choice
    ]
    tree = {"resourceType": resource_type, **{e.name: "x" for e in wanted if e.name not in ("id", "meta")}}
    assert summary(tree) == tree
