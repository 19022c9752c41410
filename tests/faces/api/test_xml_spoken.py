"""XML over HTTP: whatever takes JSON takes XML, whatever answers in JSON answers in XML; what is kept is the JSON."""

from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest
from api_words import Caller, Json, Region, lab, patient, rules

from kakehashi.core.actors import Role
from kakehashi.fhir.xml import json_of, xml_of

XML = "application/fhir+xml"


def as_xml(tree: Json) -> bytes:
    return xml_of(orjson.dumps(tree))


def read(answer: httpx.Response) -> Json:
    """The tree of an answer in XML."""
    assert answer.headers["content-type"] == "application/fhir+xml; charset=utf-8", answer.text
    tree: Json = orjson.loads(json_of(answer.content))
    return tree


async def test_what_comes_as_xml_is_stored_as_json(sakura: Caller, taro: str) -> None:
    xml = as_xml(lab(taro)).replace(b'<value value="13.5"/>', b'<value value="13.50"/>')
    made = await sakura.post("/fhir/Observation", xml, content_type=XML)
    assert made.status_code == 201, made.text
    path = f"/fhir/Observation/{made.json()['id']}"
    assert b'"value":13.50' in (await sakura.get(path)).content
    back = await sakura.get(path, accept=XML)
    assert b'<value value="13.50"/>' in back.content
    assert read(back)["valueQuantity"] == lab(taro, value=13.5)["valueQuantity"]
    assert back.headers["etag"] == 'W/"1"' and back.headers["last-modified"]
    assert (await sakura.get(path, accept=XML, if_none_match='W/"1"')).status_code == 304


@pytest.mark.parametrize("media", ["application/fhir+xml", "application/xml", "text/xml; charset=utf-8"])
async def test_updates_and_conditions_take_xml(sakura: Caller, taro: str, media: str) -> None:
    code = f"cond-{len(media)}"
    first = lab(taro, code=code)
    made = await sakura.post(
        "/fhir/Observation", as_xml(first), content_type=media, if_none_exist=f"code={code}&subject={taro}"
    )
    assert made.status_code == 201
    again = await sakura.post(
        "/fhir/Observation", as_xml(first), content_type=media, if_none_exist=f"code={code}&subject={taro}"
    )
    assert again.status_code == 200
    name = made.json()["id"]
    changed = await sakura.put(
        f"/fhir/Observation/{name}", as_xml({"resourceType": "Observation", "id": name, **lab(taro, code=code)}),
        content_type=media, if_match='W/"1"', accept=media,
    )  # fmt: skip
    assert (changed.status_code, read(changed)["meta"]["versionId"]) == (200, "2")
    where = await sakura.put(
        f"/fhir/Observation?code={code}&subject={taro}", as_xml(first), content_type=media
    )
    assert (where.status_code, where.json()["meta"]["versionId"]) == (200, "3")


@pytest.mark.parametrize("kind", ["transaction", "batch"])
async def test_a_bundle_in_xml_does_what_it_does_in_json(sakura: Caller, taro: str, kind: str) -> None:
    whole = {
        "resourceType": "Bundle", "type": kind,
        "entry": [
            {"fullUrl": "urn:uuid:8c3b0c8e-0000-4000-8000-0000000000a1", "resource": patient("S-xml", family="束"),
             "request": {"method": "POST", "url": "Patient"}},
            {"resource": lab(taro), "request": {"method": "POST", "url": "Observation"}},
            {"request": {"method": "GET", "url": taro}},
            {"request": {"method": "GET", "url": f"{taro}?_format=xml"}},
        ],
    }  # fmt: skip
    answer = await sakura.post("/fhir", as_xml(whole), content_type=XML, accept=XML)
    assert answer.status_code == 200, answer.text
    entries = read(answer)["entry"]
    assert [one["response"]["status"][:3] for one in entries] == ["201", "201", "200", "200"]
    assert f"Patient/{entries[2]['resource']['id']}" == taro == f"Patient/{entries[3]['resource']['id']}"


async def test_every_answer_can_be_xml(sakura: Caller, region: Region, taro: str) -> None:
    name = await sakura.made(lab(taro))
    found = read(await sakura.get(f"/fhir/Observation?subject={taro}", accept=XML))
    assert (found["type"], found["total"], found["entry"][0]["resource"]["id"]) == ("searchset", 1, name)
    for path, kind in [
        (f"/fhir/Observation/{name}/_history?_format=xml", "history"),
        ("/fhir/Observation/_history?_format=xml&_count=1", "history"),
        ("/fhir/_history?_format=text/xml&_count=1", "history"),
        (
            f"/fhir/Observation?_id={name}&_include=Observation:subject&_format=application/fhir%2Bxml",
            "searchset",
        ),
    ]:
        assert read(await sakura.get(path))["type"] == kind, path
    doctor = await region.caller(role=Role.DOCTOR)
    assert read(await doctor.get(f"/fhir/{taro}/$everything?_format=xml"))["type"] == "searchset"
    part = read(await sakura.get(f"/fhir/{taro}?_elements=birthDate&_format=xml"))
    assert part["meta"]["tag"][-1]["code"] == "SUBSETTED" and "name" not in part
    assert "name" in read(await sakura.get(f"/fhir/{taro}?_summary=true&_format=xml"))
    said = read(await region.client.get("/fhir/metadata", headers={"accept": XML}))
    assert (said["resourceType"], said["fhirVersion"], said["format"]) == (
        "CapabilityStatement", "4.0.1", ["application/fhir+json", "json", "application/fhir+xml", "xml"],
    )  # fmt: skip


async def test_a_form_says_the_format_too(sakura: Caller, taro: str) -> None:
    form = f"_id={taro.removeprefix('Patient/')}&_format=xml&_pretty=true"
    kind = "application/x-www-form-urlencoded"
    answer = await sakura.post("/fhir/Patient/_search", form, content_type=kind)
    assert read(answer)["total"] == 1
    assert b"\n  <total" in answer.content
    assert (
        await sakura.post("/fhir/Patient/_search", form.replace("xml", "ttl"), content_type=kind)
    ).status_code == 406


async def test_failures_speak_xml_too(sakura: Caller, region: Region, taro: str) -> None:
    for answer, status in [
        (await sakura.get("/fhir/Patient/none", accept=XML), 404),
        (await region.client.get("/fhir/Patient/none", headers={"accept": XML}), 401),
        (await sakura.get("/fhir/Nothing/1?_format=xml"), 404),
        (await sakura.post("/fhir/Observation", b"{}", content_type="text/plain", accept=XML), 415),
        (
            await sakura.post(
                "/fhir/Observation", as_xml(lab(taro, status="unknwon")), content_type=XML, accept=XML
            ),
            422,
        ),
    ]:
        assert (answer.status_code, read(answer)["resourceType"]) == (status, "OperationOutcome")


async def test_a_wish_that_cannot_be_met_is_told_in_json_and_nothing_is_done(
    sakura: Caller, taro: str
) -> None:
    before = (await sakura.get(f"/fhir/Observation?subject={taro}")).json()["total"]
    for wish in ({"accept": "text/turtle"}, {"accept": "application/fhir+json; fhirVersion=5.0"}):
        answer = await sakura.post("/fhir/Observation", lab(taro), **wish)
        assert (answer.status_code, answer.json()["resourceType"]) == (406, "OperationOutcome")
    assert (await sakura.get(f"/fhir/Observation?subject={taro}")).json()["total"] == before


async def test_pretty_is_for_people_and_changes_no_number(sakura: Caller, taro: str) -> None:
    body = orjson.dumps(lab(taro)).replace(b"13.5", b"13.50")
    name = (await sakura.post("/fhir/Observation", body)).json()["id"]
    plain = await sakura.get(f"/fhir/Observation/{name}")
    laid = await sakura.get(f"/fhir/Observation/{name}?_pretty=true")
    assert b'\n    "value": 13.50' in laid.content and laid.json() == plain.json()
    xml = await sakura.get(f"/fhir/Observation/{name}?_pretty=true", accept=XML)
    assert b'\n    <value value="13.50"/>\n' in xml.content
    assert read(xml) == plain.json()


@pytest.mark.parametrize(
    ("xml", "status", "rule"),
    [
        (b"<Observation/>", 400, "xml.namespace"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><Observation xmlns="http://hl7.org/fhir"/>', 400, "xml.doctype"),
        (b'<Observation xmlns="http://hl7.org/fhir"><foo/></Observation>', 400, "xml.element"),
        (b'<Observation xmlns="http://hl7.org/fhir">', 400, "xml.syntax"),
        (b'{"resourceType":"Observation"}', 400, "xml.syntax"),
        (b'<ProcedureRequest xmlns="http://hl7.org/fhir"/>', 400, "fhir.resource-type"),
        (b'<Encounter xmlns="http://hl7.org/fhir"><status value="planned"/><class><coding/></class></Encounter>',
         400, "fhir.release"),
        (b'<Observation xmlns="http://hl7.org/fhir"><status value="final"/></Observation>', 422, "fhir.cardinality"),
        (b'<Patient xmlns="http://hl7.org/fhir"><name><text value="%b"/></name></Patient>' % (b"x" * (6 << 20)),
         413, "record.size"),
    ],
)  # fmt: skip
async def test_xml_that_is_not_fhirs_is_refused_and_nothing_stored(
    sakura: Caller, xml: bytes, status: int, rule: str
) -> None:
    answer = await sakura.post("/fhir/Observation", xml, content_type=XML)
    assert (answer.status_code, rules(answer)[0]) == (status, rule), answer.text


async def test_json_under_xmls_name_and_the_other_way_round_is_told_so(sakura: Caller, taro: str) -> None:
    answer = await sakura.post("/fhir/Observation", as_xml(lab(taro)))
    assert "application/fhir+xml" in answer.json()["issue"][0]["diagnostics"]
    answer = await sakura.post("/fhir/Observation", lab(taro), content_type=XML)
    assert "application/fhir+json" in answer.json()["issue"][0]["diagnostics"]


async def test_other_releases_are_told_that_this_is_r4(sakura: Caller, taro: str) -> None:
    r5: Any = {"resourceType": "Encounter", "status": "planned", "class": [{"coding": [{"code": "AMB"}]}]}
    for body, media, status in [
        (lab(taro), "application/fhir+json; fhirVersion=5.0", 415),
        (lab(taro), "application/fhir+json; fhirVersion=3.0", 415),
        (as_xml(lab(taro)), "application/fhir+xml; fhirVersion=4.3", 415),
        (r5, "application/fhir+json", 400),
        ({"resourceType": "NutritionIntake"}, "application/fhir+json", 400),
        ({"resourceType": "Bundle", "type": "transaction", "entry": [
            {"resource": r5, "request": {"method": "POST", "url": "Encounter"}}]}, "application/fhir+json", 400),
    ]:  # fmt: skip
        path = "/fhir" if isinstance(body, dict) and body["resourceType"] == "Bundle" else "/fhir/Encounter"
        answer = await sakura.post(path, body, content_type=media)
        assert answer.status_code == status, answer.text
        assert "4.0.1" in answer.json()["issue"][0]["diagnostics"]
    good = await sakura.post(
        "/fhir/Observation", lab(taro), content_type="application/fhir+json; fhirVersion=4.0"
    )
    assert good.status_code == 201


async def test_validate_takes_and_gives_xml(sakura: Caller, taro: str) -> None:
    good = await sakura.post("/fhir/Observation/$validate", as_xml(lab(taro)), content_type=XML, accept=XML)
    assert good.status_code == 200
    assert "error" not in {one["severity"] for one in read(good)["issue"]}
    wrapped = {"resourceType": "Parameters", "parameter": [
        {"name": "resource", "resource": lab(taro, status="unknwon")},
        {"name": "mode", "valueCode": "create"},
    ]}  # fmt: skip
    bad = await sakura.post("/fhir/Observation/$validate", as_xml(wrapped), content_type=XML)
    assert (bad.status_code, rules(bad)[0]) == (200, "fhir.binding")


async def test_a_binary_in_xml_is_a_resource_and_xml_in_a_binary_is_content(
    sakura: Caller, taro: str
) -> None:
    cda = b'<ClinicalDocument xmlns="urn:hl7-org:v3"/>'
    made = await sakura.post("/fhir/Binary", cda, content_type="application/xml", x_security_context=taro)
    path = f"/fhir/Binary/{made.json()['id']}"
    raw = await sakura.get(path, accept="application/xml")
    assert (raw.content, raw.headers["content-type"]) == (cda, "application/xml")
    assert read(await sakura.get(path, accept=XML))["contentType"] == "application/xml"
    tree = {
        "resourceType": "Binary",
        "contentType": "text/plain",
        "securityContext": {"reference": taro},
        "data": "QQ==",
    }
    made = await sakura.post("/fhir/Binary", as_xml(tree), content_type=XML)
    assert (await sakura.get(f"/fhir/Binary/{made.json()['id']}", accept="text/plain")).content == b"A"


async def test_what_xml_cannot_write_is_told_and_json_has_it(sakura: Caller, taro: str) -> None:
    name = await sakura.made(lab(taro, note=[{"text": "\uffff"}]))
    answer = await sakura.get(f"/fhir/Observation/{name}", accept=XML)
    assert (answer.status_code, rules(answer)) == (406, ["xml.character"])
    assert (await sakura.get(f"/fhir/Observation/{name}")).json()["note"] == [{"text": "\uffff"}]
    written = await sakura.post("/fhir/Observation", lab(taro, note=[{"text": "\uffff"}]), accept=XML)
    assert (written.status_code, written.json()["note"]) == (201, [{"text": "\uffff"}])  # it is done: not 406


async def test_the_same_key_and_the_same_xml_have_one_effect(sakura: Caller, taro: str) -> None:
    sent = {"content_type": XML, "idempotency_key": "xml-1"}
    first = await sakura.post("/fhir/Observation", as_xml(lab(taro)), **sent)
    again = await sakura.post("/fhir/Observation", as_xml(lab(taro)), **sent)
    assert (first.status_code, first.json()["id"]) == (again.status_code, again.json()["id"])


async def test_head_tells_the_length_of_the_xml(sakura: Caller, taro: str) -> None:
    whole = await sakura.get(f"/fhir/{taro}", accept=XML)
    head = await sakura.ask("HEAD", f"/fhir/{taro}", accept=XML)
    assert (head.headers["content-length"], head.content) == (str(len(whole.content)), b"")


@pytest.mark.parametrize("sign", ["\x00", "\x18", "\x0b", "\ufffe", "\uffff"])
async def test_what_was_sent_is_said_again_without_signs_that_no_text_may_have(
    sakura: Caller, sign: str
) -> None:
    """A refusal repeats names that the caller sent; it stays a valid resource in both formats."""
    path = f"/fhir/Observation/$lastn?{quote('a' + sign + 'b')}=1"
    told = await sakura.get(path)
    assert told.status_code == 400 and "\ufffd" in told.text
    in_xml = await sakura.get(f"{path}&_format=xml&_pretty=true")
    assert in_xml.status_code == 400
    assert read(in_xml)["issue"][0]["code"] == told.json()["issue"][0]["code"]
