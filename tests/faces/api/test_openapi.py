"""The OpenAPI description against the table of routes and the running server."""

import re
from typing import Any

import orjson
import pytest
from api_words import Caller, Region, rules

from kakehashi.faces.api import openapi
from kakehashi.faces.api.openapi_words import SAID
from kakehashi.faces.api.table import ROUTES

LARGEST = 400_000  # bytes that tools read without trouble
Json = dict[str, Any]


@pytest.fixture(scope="module")
async def told(region: Region) -> Json:
    answer = await region.client.get("/openapi.json")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    assert len(answer.content) < LARGEST
    return dict(answer.json())


def test_every_interaction_is_described() -> None:
    assert {route.label for route in ROUTES.every()} - SAID.keys() == set(), (
        "describe these in openapi_words.py"
    )


async def test_it_has_every_route_and_no_other(told: Json) -> None:
    described = {(method.upper(), path) for path, at in told["paths"].items() for method in at}
    assert described == {(route.method, route.path) for route in ROUTES.every()}
    assert told["openapi"] == "3.1.0"


async def test_whatever_is_referred_to_is_there(told: Json) -> None:
    for name in re.findall(r'"\$ref":"#/([^"]+)"', orjson.dumps(told).decode()):
        place: Any = told
        for part in name.split("/"):
            place = place[part]


async def test_every_operation_has_a_name_of_its_own_and_a_tag_that_is_explained(told: Json) -> None:
    operations = [one for at in told["paths"].values() for one in at.values()]
    assert len({one["operationId"] for one in operations}) == len(operations)
    assert {tag for one in operations for tag in one["tags"]} <= {one["name"] for one in told["tags"]}


async def test_the_open_ones_need_no_token_and_all_others_do(region: Region, told: Json) -> None:
    for route in ROUTES.every():
        secured = told["paths"][route.path][route.method.lower()]["security"]
        assert bool(secured) is not route.open
    assert (await region.client.get("/openapi.json")).status_code == 200


async def test_its_addresses_are_those_of_smart_configuration(region: Region, told: Json) -> None:
    smart = (await region.client.get("/.well-known/smart-configuration")).json()
    flows = told["components"]["securitySchemes"]["smart"]["flows"]
    assert flows["clientCredentials"]["tokenUrl"] == smart["token_endpoint"]
    if "authorization_endpoint" in smart:
        assert flows["authorizationCode"]["authorizationUrl"] == smart["authorization_endpoint"]


async def test_who_has_it_already_is_told_so(region: Region) -> None:
    first = await region.client.get("/openapi.json")
    again = await region.client.get("/openapi.json", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304 and not again.content


async def test_what_goes_wrong_is_described_as_it_is_answered(
    region: Region, sakura: Caller, told: Json
) -> None:
    for method, path, body in (
        ("GET", "/fhir/Patient/none", None),
        ("GET", "/fhir/Patient?_count=x", None),
        ("POST", "/fhir/Patient", b"{"),
        ("DELETE", "/fhir/Patient/none", None),
    ):
        answer = await sakura.ask(method, path, body)
        template, _ = ROUTES.shape(path.partition("?")[0])
        said = told["paths"][template][method.lower()]["responses"][str(answer.status_code)]
        shape = told["components"]["responses"][said["$ref"].rpartition("/")[2]]
        assert answer.headers["content-type"].partition(";")[0] in shape["content"]
        assert answer.json()["resourceType"] == "OperationOutcome"


def test_it_is_made_once_for_an_address() -> None:
    assert openapi._told("https://a.example") is openapi._told("https://a.example")


@pytest.mark.parametrize(
    "listed",
    [[{}], [None], [[None]], [{"name": 1}], [{"valueString": "x"}], {}, {"name": "id"}, "id", 1, None],
)
async def test_parameters_without_a_name_are_refused_and_not_passed_over(
    sakura: Caller, listed: list[Any]
) -> None:
    body = {"resourceType": "Parameters", "parameter": listed}
    for path in ("Subscription/$status", "ValueSet/$expand", "Observation/$lastn"):
        answer = await sakura.post(f"/fhir/{path}", body)
        assert (answer.status_code, rules(answer)) == (400, ["operation.parameter"]), path


async def test_a_resource_is_not_validated_under_an_id_that_none_can_have(sakura: Caller) -> None:
    answer = await sakura.post(
        "/fhir/Account/%C2%84/$validate", {"resourceType": "Account", "status": "active"}
    )
    assert answer.status_code == 404
