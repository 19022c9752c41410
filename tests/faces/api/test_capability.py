"""The CapabilityStatement against the running server: what is listed works, and what works is listed."""

from typing import Any

import httpx
import orjson
import pytest
from api_words import BASE, Caller, Region, rules

from kakehashi.faces.api.capability_routes import name_of
from kakehashi.faces.api.table import ROUTES
from kakehashi.fhir.definitions import load
from kakehashi.fhir.types import NUMBER
from kakehashi.search.parse import parse_query
from kakehashi.search.refusals import EXAMPLES

Json = dict[str, Any]
NOWHERE = {"http.address", "http.operation", "http.method", "http.type"}
_ASKED = {  # how each interaction with a type is asked for; what comes of it does not matter, that it is there does
    "read": ("GET", "/{type}/none"),
    "vread": ("GET", "/{type}/none/_history/1"),
    "update": ("PUT", "/{type}/none"),
    "patch": ("PATCH", "/{type}/none"),
    "delete": ("DELETE", "/{type}/none"),
    "history-instance": ("GET", "/{type}/none/_history"),
    "history-type": ("GET", "/{type}/_history?_count=1"),
    "create": ("POST", "/{type}"),
    "search-type": ("GET", "/{type}?_id=none"),
}
_ASKED_OF_ALL = {
    "transaction": ("POST", ""),
    "batch": ("POST", ""),
    "search-system": ("GET", "?_type=Patient&_id=none"),
    "history-system": ("GET", "/_history?_count=1"),
}


@pytest.fixture(scope="module")
async def rest(region: Region) -> Json:
    [one] = (await region.client.get("/fhir/metadata")).json()["rest"]
    return dict(one)


@pytest.fixture(scope="module")
async def types(rest: Json) -> dict[str, Json]:
    return {one["type"]: one for one in rest["resource"]}


def is_there(answer: httpx.Response) -> bool:
    """Whether the server knows what it was asked, whatever it says to it."""
    if answer.status_code in (405, 501):
        return False
    return answer.status_code != 404 or not NOWHERE & set(rules(answer))


async def test_every_type_of_r4_is_listed_with_its_definition(types: dict[str, Json]) -> None:
    assert types.keys() == NUMBER.keys()
    assert types["Patient"]["profile"] == "http://hl7.org/fhir/StructureDefinition/Patient"


async def test_every_interaction_that_is_listed_works(
    sakura: Caller, rest: Json, types: dict[str, Json]
) -> None:
    for said in rest["interaction"]:
        method, path = _ASKED_OF_ALL[said["code"]]
        assert is_there(await sakura.ask(method, f"/fhir{path}")), said
    for name, told in types.items():
        for said in told["interaction"]:
            method, path = _ASKED[said["code"]]
            assert is_there(await sakura.ask(method, f"/fhir{path.format(type=name)}")), (name, said)


async def test_every_interaction_that_works_is_listed(rest: Json, types: dict[str, Json]) -> None:
    assert {one["code"] for one in rest["interaction"]} == _ASKED_OF_ALL.keys()
    for name, told in types.items():
        assert {one["code"] for one in told["interaction"]} == _ASKED.keys(), name


async def test_an_operation_is_there_for_the_types_that_list_it_and_for_no_other(
    sakura: Caller, types: dict[str, Json]
) -> None:
    for route in ROUTES.every():
        if not route.operation or "{type}" not in route.path:
            continue
        for name in ("Patient", "Observation", "Basic", *route.types):
            listed = name_of(route) in {one["name"] for one in types[name].get("operation", ())}
            path = route.path.format(type=name, id="none")
            there = is_there(await sakura.ask(route.method, path))
            assert there == (listed and (not route.types or name in route.types)), (route.method, path)


async def test_every_operation_of_the_system_is_listed_and_there(sakura: Caller, rest: Json) -> None:
    listed = {one["name"] for one in rest["operation"]}
    served = [one for one in ROUTES.every() if one.operation and one.path == f"/fhir/${name_of(one)}"]
    assert listed == {name_of(one) for one in served}
    for one in served:
        assert is_there(await sakura.ask(one.method, one.path)), one.path


def test_every_address_with_an_operation_names_its_definition() -> None:
    jobs = "/fhir/$bulk/"
    undefined = [
        one.path for one in ROUTES.every() if "$" in one.path and not one.operation and jobs not in one.path
    ]
    assert undefined == []


async def test_every_search_parameter_that_is_listed_can_be_searched_by(
    sakura: Caller, types: dict[str, Json]
) -> None:
    """All that a type has, some dozens in each question, strictly: what is not known would be refused."""
    for name in ("Patient", "Observation", "MedicationRequest", "Basic", "ValueSet"):
        asked = [
            (f"{one['name']}{modifier}", value)
            for one in types[name]["searchParam"]
            for modifier, value in _ways(one)
        ]
        for begin in range(0, len(asked), 40):
            answer = await sakura.get(
                f"/fhir/{name}?{httpx.QueryParams([*asked[begin : begin + 40], ('_count', '0')])}",
                prefer="handling=strict",
            )
            assert answer.status_code == 200, answer.text


def _ways(one: Json) -> list[tuple[str, str]]:
    if one["name"].startswith("_") and one["name"] not in (
        "_id",
        "_lastUpdated",
        "_tag",
        "_profile",
        "_security",
    ):
        return []
    example = "none" if one["name"] == "_id" else EXAMPLES[one["type"]]
    ways = [] if one["type"] == "composite" else [("", example)]  # a value of it depends on its components
    if ":missing" in one.get("documentation", ""):
        ways.append((":missing", "true"))
    return ways


def test_what_is_published_and_searched_is_listed_with_its_definition(types: dict[str, Json]) -> None:
    urls = {one.url for one in load().search_parameters}
    for name, told in types.items():
        for one in told["searchParam"]:
            if one["name"] not in ("_has", "_text", "_content", "_list", "_filter", "_query"):
                assert one["definition"] in urls, (name, one)


def test_what_is_listed_as_included_can_be(types: dict[str, Json]) -> None:
    for name, told in types.items():
        for asked, listed in (("_include", "searchInclude"), ("_revinclude", "searchRevInclude")):
            for value in told.get(listed, ()):
                parse_query(name, [(asked, value)], strict=True)


async def test_the_compartments_are_those_that_can_be_searched(sakura: Caller, taro: str, rest: Json) -> None:
    listed = {one.rpartition("/")[2] for one in rest["compartment"]}
    assert listed == {name.lower() for name in load().compartments}
    assert (await sakura.get(f"/fhir/{taro}/Observation")).status_code == 200
    assert (await sakura.get("/fhir/Basic/1/Observation")).status_code == 400


async def test_security_is_what_smart_configuration_says(region: Region, rest: Json) -> None:
    smart = (await region.client.get("/.well-known/smart-configuration")).json()
    uris, *abilities = rest["security"]["extension"]
    told = {one["url"]: one["valueUri"] for one in uris["extension"]}
    assert told["token"] == smart["token_endpoint"]
    assert set(told.values()) == {
        url for name, url in smart.items() if name.endswith("_endpoint") and url in told.values()
    }
    assert [one["valueCode"] for one in abilities] == smart["capabilities"]


@pytest.mark.parametrize("mode", ["full", "normative", "terminology"])
async def test_every_mode_is_a_valid_resource(region: Region, sakura: Caller, mode: str) -> None:
    said = await region.client.get("/fhir/metadata", params={"mode": mode})
    kind = said.json()["resourceType"]
    assert kind == ("TerminologyCapabilities" if mode == "terminology" else "CapabilityStatement")
    told = await sakura.post(f"/fhir/{kind}/$validate", said.content)
    assert [one for one in told.json()["issue"] if one["severity"] == "error"] == []


async def test_the_normative_mode_tells_of_normative_types_and_elements_only(region: Region) -> None:
    said = (await region.client.get("/fhir/metadata?mode=normative")).json()
    [told] = said["rest"]
    assert {"Patient", "Observation"} < {one["type"] for one in told["resource"]} < NUMBER.keys()
    assert "Encounter" not in {one["type"] for one in told["resource"]}
    assert "security" not in told and all("versioning" not in one for one in told["resource"])


async def test_an_unknown_mode_is_refused(region: Region) -> None:
    answer = await region.client.get("/fhir/metadata?mode=some")
    assert (answer.status_code, rules(answer)) == (400, ["http.mode"])


async def test_who_has_it_already_is_told_so(region: Region) -> None:
    first = await region.client.get("/fhir/metadata")
    again = await region.client.get("/fhir/metadata", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = await region.client.get("/fhir/metadata", headers={"if-none-match": 'W/"other"'})
    assert other.status_code == 200
    assert (await region.client.get("/fhir/metadata?mode=normative")).headers["etag"] != first.headers["etag"]


async def test_parts_of_it_can_be_asked_for(region: Region) -> None:
    few = (await region.client.get("/fhir/metadata?_elements=fhirVersion,software")).json()
    assert few["fhirVersion"] == "4.0.1" and "rest" not in few
    assert few["meta"]["tag"][0]["code"] == "SUBSETTED"
    summary = await region.client.get("/fhir/metadata?_summary=true")
    assert len(summary.content) < len((await region.client.get("/fhir/metadata")).content)
    assert orjson.loads(summary.content)["implementation"]["url"] == BASE


async def test_the_releases_that_are_spoken_can_be_asked_for(region: Region, rest: Json) -> None:
    assert "versions" in {one["name"] for one in rest["operation"]}
    for method in ("GET", "POST"):
        told = (await region.client.request(method, "/fhir/$versions")).json()
        assert {one["name"]: one["valueCode"] for one in told["parameter"]} == {
            "version": "4.0",
            "default": "4.0",
        }
    in_xml = await region.client.get("/fhir/$versions", headers={"accept": "application/fhir+xml"})
    assert '<valueCode value="4.0"/>' in in_xml.text


async def test_every_patch_format_that_is_listed_is_read(region: Region, sakura: Caller, taro: str) -> None:
    told = (await region.client.get("/fhir/metadata")).json()
    for media in told["patchFormat"]:
        answer = await sakura.ask("PATCH", f"/fhir/{taro}", b"nothing", content_type=media)
        assert answer.status_code != 415, media
    assert (
        await sakura.ask("PATCH", f"/fhir/{taro}", b"nothing", content_type="text/csv")
    ).status_code == 415
