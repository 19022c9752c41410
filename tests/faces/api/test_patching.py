"""PATCH: JSON Patch and FHIRPath Patch, by id and by search, alone and in Bundles; with the denials beside."""

import base64
from typing import Any

import httpx
import orjson
import pytest
from api_words import MIDORI, Caller, Json, Region, lab, patient, rules

from kakehashi.core.actors import Role

JSON_PATCH = "application/json-patch+json"


def operation(kind: str, path: str, **parts: Any) -> Json:
    """One operation of a FHIRPath Patch; a part is `("valueCode", "x")`, or a list of parts."""
    said: list[Json] = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": path}]
    for name, part in parts.items():
        said.append(
            {"name": name, "part": part} if isinstance(part, list) else {"name": name, part[0]: part[1]}
        )
    return {"name": "operation", "part": said}


def parameters(*operations: Json) -> Json:
    return {"resourceType": "Parameters", "parameter": list(operations)}


async def patched(caller: Caller, path: str, *operations: Json, **headers: str) -> httpx.Response:
    """Send a JSON Patch."""
    return await caller.ask("PATCH", path, orjson.dumps(operations), content_type=JSON_PATCH, **headers)


REPLACE = {"op": "replace", "path": "/status", "value": "amended"}


async def test_what_a_patch_leaves_alone_keeps_its_digits(sakura: Caller, taro: str) -> None:
    body = orjson.dumps(lab(taro)).replace(b"13.5", b"13.500")
    name = (await sakura.post("/fhir/Observation", body)).json()["id"]
    answer = await patched(
        sakura, f"/fhir/Observation/{name}", REPLACE,
        {"op": "add", "path": "/note", "value": [{"text": "訂正"}]},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    assert b'"value":13.500' in answer.content
    assert (answer.json()["status"], answer.json()["meta"]["versionId"]) == ("amended", "2")
    assert answer.headers["etag"] == 'W/"2"'
    assert answer.content == (await sakura.get(f"/fhir/Observation/{name}")).content
    assert (await sakura.get(f"/fhir/Observation/{name}/_history/1")).json()["status"] == "final"


async def test_a_fhirpath_patch_does_the_same_in_json_and_in_xml(sakura: Caller, taro: str) -> None:
    name = await sakura.made(lab(taro))
    body = parameters(operation("replace", "Observation.value.value", value=("valueDecimal", 7.25)))
    first = await sakura.ask("PATCH", f"/fhir/Observation/{name}", body)
    assert (first.status_code, first.json()["valueQuantity"]["value"]) == (200, 7.25)
    xml = (
        '<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/>'
        '<part><name value="type"/><valueCode value="delete"/></part>'
        '<part><name value="path"/><valueString value="Observation.value.unit"/></part></parameter></Parameters>'
    )
    second = await sakura.ask(
        "PATCH",
        f"/fhir/Observation/{name}",
        xml,
        content_type="application/fhir+xml",
        prefer="return=minimal",
    )
    assert (second.status_code, second.content) == (200, b"")
    assert "unit" not in (await sakura.get(f"/fhir/Observation/{name}")).json()["valueQuantity"]


async def test_a_patch_needs_the_version_that_it_names_and_a_test_that_holds(
    sakura: Caller, taro: str
) -> None:
    path = f"/fhir/Observation/{await sakura.made(lab(taro))}"
    assert (await patched(sakura, path, REPLACE, if_match='W/"1"')).status_code == 200
    stale = await patched(sakura, path, REPLACE, if_match='W/"1"')
    assert (stale.status_code, rules(stale)) == (412, ["store.version"])
    wrong = await patched(sakura, path, {"op": "test", "path": "/status", "value": "final"}, REPLACE)
    assert (wrong.status_code, rules(wrong)) == (422, ["patch.test"])
    assert wrong.json()["issue"][0]["location"] == ["/status"]
    right = await patched(sakura, path, {"op": "test", "path": "/valueQuantity/value", "value": 13.50})
    assert right.status_code == 200


@pytest.mark.parametrize(("operations", "status", "rule"), [
    ([{"op": "remove", "path": "/nowhere"}], 422, "patch.path"),
    ([{"op": "replace", "path": "/status", "value": "no-such"}], 422, "fhir.binding"),
    ([{"op": "remove", "path": "/status"}], 422, "fhir.cardinality"),
    ([{"op": "replace", "path": "/id", "value": "other"}], 422, "http.id"),
    ([{"op": "replace", "path": "", "value": {"resourceType": "Basic"}}], 422, "http.type"),
    ([{"op": "replace", "path": "", "value": 1}], 422, "fhir.resource-type"),
    ([{"op": "jump", "path": "/status"}], 400, "patch.form"),
    ({"op": "remove", "path": "/status"}, 400, "patch.form"),
    ([{"op": "test", "path": "/status", "value": "final"}] * 1001, 422, "patch.size"),
])  # fmt: skip
async def test_a_patch_that_does_not_fit_changes_nothing(
    sakura: Caller, taro: str, operations: Any, status: int, rule: str
) -> None:
    path = f"/fhir/Observation/{await sakura.made(lab(taro))}"
    answer = await sakura.ask("PATCH", path, orjson.dumps(operations), content_type=JSON_PATCH)
    assert answer.status_code == status, answer.text
    assert rule in rules(answer)
    assert (await sakura.get(path)).json()["meta"]["versionId"] == "1"


async def test_other_media_are_told_what_is_taken(sakura: Caller, taro: str) -> None:
    path = f"/fhir/Observation/{await sakura.made(lab(taro))}"
    for media in ("application/xml-patch+xml", "text/plain"):
        answer = await sakura.ask("PATCH", path, b"[]", content_type=media)
        assert (answer.status_code, rules(answer)) == (415, ["http.content-type"])


async def test_a_stranger_patches_nothing_and_learns_nothing(
    region: Region, sakura: Caller, midori: Caller, taro: str
) -> None:
    name = await sakura.made(lab(taro))
    theirs = await patched(midori, f"/fhir/Observation/{name}", REPLACE)
    none = await patched(midori, "/fhir/Observation/none", REPLACE)
    assert (theirs.status_code, theirs.content) == (404, none.content)
    await region.consent(taro.removeprefix("Patient/"), MIDORI)
    doctor = await region.caller(MIDORI, Role.DOCTOR)
    assert (await doctor.get(f"/fhir/Observation/{name}")).status_code == 200
    assert (await patched(doctor, f"/fhir/Observation/{name}", REPLACE)).status_code == 404
    pharmacist = await region.caller(role=Role.PHARMACIST)
    assert (await patched(pharmacist, f"/fhir/Observation/{name}", REPLACE)).status_code == 403
    blind = await region.caller(scope="system/Observation.u")
    assert (await patched(blind, f"/fhir/Observation/{name}", REPLACE)).status_code == 403
    await sakura.delete(f"/fhir/Observation/{name}")
    assert (await patched(sakura, f"/fhir/Observation/{name}", REPLACE)).status_code == 410


async def test_a_record_does_not_change_hands_by_a_patch(sakura: Caller, taro: str) -> None:
    name = await sakura.made(lab(taro))
    other = "Patient/" + await sakura.made(patient("S-patch-other", family="別人"))
    moved = {"op": "replace", "path": "/subject/reference", "value": other}
    answer = await patched(sakura, f"/fhir/Observation/{name}", moved)
    assert (answer.status_code, rules(answer)) == (409, ["record.person-changed"])


async def test_a_conditional_patch_means_one_resource(sakura: Caller, taro: str) -> None:
    search = f"/fhir/Observation?subject={taro}&code=patch-1"
    assert (await patched(sakura, search, REPLACE)).status_code == 404
    await sakura.made(lab(taro, code="patch-1"))
    answer = await patched(sakura, search, REPLACE)
    assert (answer.status_code, answer.json()["status"]) == (200, "amended")
    await sakura.made(lab(taro, code="patch-1"))
    assert (await patched(sakura, search, REPLACE)).status_code == 412
    assert (await patched(sakura, "/fhir/Observation", REPLACE)).status_code == 400


@pytest.mark.parametrize("kind", ["batch", "transaction"])
async def test_bundles_carry_patches_as_binary_and_as_parameters(
    sakura: Caller, taro: str, kind: str
) -> None:
    one, two = await sakura.made(lab(taro)), await sakura.made(lab(taro))
    binary = {
        "resourceType": "Binary", "contentType": JSON_PATCH,
        "data": base64.b64encode(orjson.dumps([REPLACE])).decode(),
    }  # fmt: skip
    path_patch = parameters(operation("replace", "Observation.status", value=("valueCode", "amended")))
    whole = {"resourceType": "Bundle", "type": kind, "entry": [
        {"resource": binary, "request": {"method": "PATCH", "url": f"Observation/{one}", "ifMatch": 'W/"1"'}},
        {"resource": path_patch, "request": {"method": "PATCH", "url": f"Observation/{two}"}},
    ]}  # fmt: skip
    answer = await sakura.post("/fhir", whole)
    assert [one["response"]["status"][:3] for one in answer.json()["entry"]] == ["200", "200"], answer.text
    for name in (one, two):
        assert (await sakura.get(f"/fhir/Observation/{name}")).json()["status"] == "amended"
    again = await sakura.post("/fhir", whole)
    if kind == "transaction":
        assert (again.status_code, rules(again)) == (412, ["store.version"])
    else:
        assert [one["response"]["status"][:3] for one in again.json()["entry"]] == ["412", "200"]


async def test_a_repeated_patch_under_one_key_is_done_once(sakura: Caller, taro: str) -> None:
    path = f"/fhir/Observation/{await sakura.made(lab(taro))}"
    add = {"op": "add", "path": "/note", "value": [{"text": "一度"}]}
    first = await patched(sakura, path, add, idempotency_key="patch-once")
    again = await patched(sakura, path, add, idempotency_key="patch-once")
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert first.json()["meta"]["versionId"] == "2"


MERGE_PATCH = "application/merge-patch+json"


@pytest.mark.parametrize("media", [MERGE_PATCH, "application/json"])
async def test_a_merge_patch_sets_members_takes_away_what_is_null_and_leaves_the_digits_of_the_rest(
    sakura: Caller, taro: str, media: str
) -> None:
    body = orjson.dumps(lab(taro, note=[{"text": "初検"}])).replace(b"13.5", b"13.500")
    name = (await sakura.post("/fhir/Observation", body)).json()["id"]
    change = {"status": "amended", "note": None, "code": {"text": "血色素"}, "absent": None}
    answer = await sakura.ask("PATCH", f"/fhir/Observation/{name}", change, content_type=media)
    assert answer.status_code == 200, answer.text
    assert b'"value":13.500' in answer.content
    told = answer.json()
    assert (told["status"], told["code"]["text"], "note" in told) == ("amended", "血色素", False)
    assert told["code"]["coding"][0]["code"] == "718-7"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"[]", 400), (b"null", 400), (b"{", 400), (b'{"status":"final","status":"amended"}', 400),
        (b'{"resourceType":"Patient"}', 422), (b'{"status":null}', 422), (b'{"status":"no such"}', 422),
        (b'{"id":"another"}', 422), (b'{"a":' * 300 + b"1" + b"}" * 300, 400), (b'{"nothing":1}', 422),
    ],
)  # fmt: skip
async def test_a_merge_patch_that_does_not_fit_changes_nothing(
    sakura: Caller, taro: str, sent: bytes, status: int
) -> None:
    name = await sakura.made(lab(taro))
    answer = await sakura.ask("PATCH", f"/fhir/Observation/{name}", sent, content_type=MERGE_PATCH)
    assert answer.status_code == status, answer.text
    assert (await sakura.get(f"/fhir/Observation/{name}")).json()["meta"]["versionId"] == "1"


async def test_a_stranger_merges_nothing(sakura: Caller, midori: Caller, taro: str) -> None:
    name = await sakura.made(lab(taro))
    refused = await midori.ask(
        "PATCH", f"/fhir/Observation/{name}", {"status": "amended"}, content_type=MERGE_PATCH
    )
    nothing = await midori.ask(
        "PATCH", "/fhir/Observation/nothing-here", {"status": "amended"}, content_type=MERGE_PATCH
    )
    assert (refused.status_code, nothing.status_code) == (404, 404)
