"""Every route of the API, every role, another's identifier: as tests/matrix.py says, and nothing left out."""

import sys
from pathlib import Path

import httpx
import orjson
import pytest
from api_words import MIDORI, SAKURA, Caller, Region, lab, patient

from kakehashi.core.actors import Institution, InstitutionType, Role
from kakehashi.faces.api.table import ROUTES
from kakehashi.store import institutions
from kakehashi.trust.signin import setup

sys.path += [str(Path(__file__).parents[2]), str(Path(__file__).parents[2] / "services" / "sharing")]
from builders import conditions

from matrix import API, Row

INSURER = Institution(21, "06123456", "見本健康保険組合", InstitutionType.INSURER)
TOWN = Institution(22, "131016", "見本市", InstitutionType.MUNICIPALITY)
_PLACES = {
    Role.INSURER: INSURER,
    Role.MUNICIPALITY: TOWN,
    Role.OPERATOR: setup.OPERATOR,
    Role.AUDITOR: setup.OPERATOR,
}

NO_JOB = "00000000-0000-4000-8000-000000000000"


def type_of(one: Row) -> str:
    """A type that has the route: of an operation the one for which it was declared last."""
    route = ROUTES.at(one.path)[one.method]
    return "Patient" if "{member}" in one.path else (route.types or ("Observation",))[-1]


def test_every_route_has_its_row() -> None:
    there = {(route.method, route.path) for route in ROUTES.every()}
    listed = [(one.method, one.path) for one in API]
    assert not there - set(listed), "give these a row in tests/matrix.py"
    assert not set(listed) - there, "these routes are gone"
    assert len(listed) == len(set(listed))


def test_open_routes_are_those_that_the_matrix_calls_open() -> None:
    assert {(r.method, r.path) for r in ROUTES.every() if r.open} == {
        (r.method, r.path) for r in API if r.open
    }


@pytest.fixture(scope="module")
async def callers(region: Region, sakura: Caller) -> dict[Role, Caller]:
    async with region.db.transaction() as tx:
        for place in (INSURER, TOWN):
            await institutions.put(tx, place)
    mine = await sakura.made(patient("S-matrix-self", family="行列"))
    person = await region.person_of(mine)
    return {
        role: await region.caller(
            _PLACES.get(role, SAKURA), role, person=person if role is Role.PERSON else None
        )
        for role in Role
    }


async def knock(caller: Caller, one: Row, who: str, name: str) -> httpx.Response:
    """Ask for a route with the identifiers of a record."""
    kind = type_of(one)
    known = {
        "type": kind,
        "id": who.removeprefix("Patient/") if kind == "Patient" else name,
        "version": "1",
        "member": "Observation",
        "who": who,
    }
    known |= {"job": NO_JOB, "file": "Patient.1.ndjson"}
    path = one.path.format(**known) + (f"?{one.query.format(**known)}" if one.query else "")
    if one.body == "form":
        return await caller.ask(
            one.method, path, f"_id={known['id']}", content_type="application/x-www-form-urlencoded"
        )
    bodies = {
        "lab": {**lab(who), "id": known["id"]} if one.method == "PUT" and "{id}" in one.path else lab(who),
        "transaction": {"resourceType": "Bundle", "type": "transaction", "entry": [
            {"resource": lab(who), "request": {"method": "POST", "url": "Observation"}}]},
        "push": conditions(),
        "message": {"resourceType": "Bundle", "type": "message", "entry": [
            {"resource": {
                "resourceType": "MessageHeader", "id": f"m-{known['id']}"[:64], "source": {"endpoint": "urn:x"},
                "eventCoding": {"system": "urn:kakehashi:event", "code": "records"}}},
            {"resource": lab(who)}]},
        "graphql": {"query": f'{{ Patient(id: "{known["id"]}") {{ name {{ text }} }} }}'},
        "graphql-one": {"query": "{ id }"},
        "described": patient("S-matrix-none", family="だれか"),
        "meta": {"resourceType": "Parameters", "parameter": [
            {"name": "meta", "valueMeta": {"tag": [{"system": "urn:x", "code": "y"}]}}]},
        "patch": {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [
            {"name": "type", "valueCode": "replace"}, {"name": "path", "valueString": "Observation.status"},
            {"name": "value", "valueCode": "amended"}]}]},
        "view": {"resourceType": "Parameters", "parameter": [{"name": "viewResource", "resource": {
            "resourceType": "ViewDefinition", "resource": kind, "select": [{"column": [
                {"name": "key", "path": "getResourceKey()"}, {"name": "text", "path": "code.text"}]}]}}]},
    }  # fmt: skip
    return await caller.ask(one.method, path, bodies[one.body] if one.body else None)


@pytest.mark.parametrize("one", API, ids=lambda one: f"{one.method} {one.path}")
async def test_each_role_gets_in_where_the_matrix_says(
    region: Region, callers: dict[Role, Caller], sakura: Caller, taro: str, one: Row
) -> None:
    name = await sakura.made(lab(taro))
    answered = {role: (await knock(caller, one, taro, name)).status_code for role, caller in callers.items()}
    let_in = {role for role, status in answered.items() if status not in (401, 403)}
    assert let_in == one.may, answered
    assert all(status < 500 for status in answered.values())
    nobody = await knock(Caller(region.client, "nobody"), one, taro, name)
    assert (nobody.status_code != 401) == one.open


@pytest.mark.parametrize("one", API, ids=lambda one: f"{one.method} {one.path}")
async def test_a_stranger_gets_nothing_by_another_persons_identifier(
    region: Region, sakura: Caller, midori: Caller, taro: str, one: Row
) -> None:
    name = await sakura.made(lab(taro))
    answer = await knock(midori, one, taro, name)
    assert answer.status_code == one.stranger, answer.text
    assert "見本" not in answer.text or one.path == "/fhir/metadata"
    missing = await knock(midori, one, "Patient/none", "none")
    if answer.status_code in (404, 410):
        assert missing.content == answer.content
    still = await sakura.get(f"/fhir/Observation/{name}")
    assert orjson.loads(still.content)["meta"]["versionId"] == "1"
    assert MIDORI.name not in answer.text
