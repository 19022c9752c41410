"""Tokens with `Observation.rs?category=…`: what the filter does not leave is not there, by whatever way one asks.

Each refusal stands beside what a token without the filter is shown.
"""

import secrets
from dataclasses import dataclass
from urllib.parse import quote

import httpx
import pytest
from api_words import Caller, Json, Region, ids, lab, rules
from bulk_words import export, path_of, work

from kakehashi.trust.oauth import scopes

CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
LABS = f"system/Observation.rs?category={CATEGORY}|laboratory"
FHIR = "/fhir/Observation"


@dataclass
class World:
    """A laboratory result and a vital sign of one patient, of a code of their own; the first derives from the other."""

    patient: str
    code: str
    lab: str
    vital: str

    @property
    def mine(self) -> str:
        return f"code={self.code}"


def vital(subject: str, **more: object) -> Json:
    made = lab(subject, **more)
    made["category"][0]["coding"][0]["code"] = "vital-signs"
    return made


@pytest.fixture
async def world(sakura: Caller, taro: str) -> World:
    code = f"n{secrets.token_hex(4)}"
    other = await sakura.made(vital(taro, code=code, on="2026-11-02"))
    derived = [{"reference": f"Observation/{other}"}]
    return World(taro, code, await sakura.made(lab(taro, code=code, derivedFrom=derived)), other)


@pytest.fixture(scope="module")
async def wide(region: Region) -> Caller:
    return await region.caller(scope="system/Observation.cruds system/Patient.rs")


@pytest.fixture(scope="module")
async def narrow(region: Region) -> Caller:
    return await region.caller(scope=f"{LABS} system/Patient.rs")


@pytest.fixture(scope="module")
async def writer(region: Region) -> Caller:
    return await region.caller(scope=LABS.replace(".rs", ".cruds") + " system/Patient.rs")


async def found(caller: Caller, path: str) -> list[str]:
    answer = await caller.get(f"/fhir/{path}")
    assert answer.status_code == 200, answer.text
    return sorted(ids(answer.json()))


async def test_a_read_shows_what_meets_the_filter_and_nothing_else(
    wide: Caller, narrow: Caller, world: World
) -> None:
    assert (await narrow.get(f"{FHIR}/{world.lab}")).status_code == 200
    for path in (
        f"{FHIR}/{world.vital}",
        f"{FHIR}/{world.vital}/_history",
        f"{FHIR}/{world.vital}/_history/1",
    ):
        assert (await wide.get(path)).status_code == 200
        hidden, nothing = await narrow.get(path), await narrow.get(path.replace(world.vital, "none"))
        assert (hidden.status_code, hidden.json()) == (404, nothing.json())


async def test_searches_find_and_count_what_meets_the_filter(
    wide: Caller, narrow: Caller, world: World
) -> None:
    both = sorted([world.lab, world.vital])
    for query in (
        world.mine,
        f"{world.mine}&_sort=-date",
        f"{world.mine}&patient={world.patient}",
        f"_id={','.join(both)}",
    ):
        assert await found(wide, f"Observation?{query}") == both
        assert await found(narrow, f"Observation?{query}") == [world.lab]
    for query, of_all, of_labs in ((world.mine, 2, 1), (f"{world.mine}&category=vital-signs", 1, 0)):
        for how in ("_summary=count", "_total=accurate"):
            for caller, number in ((wide, of_all), (narrow, of_labs)):
                assert (await caller.get(f"{FHIR}?{query}&{how}")).json()["total"] == number


async def test_chains_and_inclusions_tell_nothing_of_what_is_hidden(
    wide: Caller, narrow: Caller, world: World
) -> None:
    key = world.patient.removeprefix("Patient/")
    asked = f"Patient?_has:Observation:patient:date=2026-11-02&_id={key}"
    assert (await found(wide, asked), await found(narrow, asked)) == ([key], [])
    chain = f"Observation?{world.mine}&derived-from:Observation.date=2026-11-02"
    assert (await found(wide, chain), await found(narrow, chain)) == ([world.lab], [])
    for asked in (
        f"Observation?_id={world.lab}&_include=Observation:derived-from",
        f"Patient?_id={key}&_revinclude=Observation:subject",
    ):
        shown = [
            {one["resource"]["id"] for one in (await caller.get(f"/fhir/{asked}")).json()["entry"]}
            for caller in (wide, narrow)
        ]
        assert world.vital in shown[0] and world.vital not in shown[1] and world.lab in shown[1]


async def test_everything_and_lists_of_changes_are_narrowed(
    wide: Caller, narrow: Caller, world: World
) -> None:
    for path in (
        f"{world.patient}/$everything?_type=Observation",
        "Observation/_history?_count=50",
        f"Observation/$lastn?{world.mine}&max=5&patient={world.patient}",
    ):
        shown = [
            {one["resource"]["id"] for one in (await caller.get(f"/fhir/{path}")).json().get("entry", ())}
            for caller in (wide, narrow)
        ]
        assert {world.lab, world.vital} <= shown[0], path
        assert world.lab in shown[1] and world.vital not in shown[1], path


async def test_a_version_is_seen_if_it_and_what_became_of_it_meet_the_filter(
    sakura: Caller, narrow: Caller, world: World
) -> None:
    once = {**vital(world.patient, code=world.code), "id": world.vital}
    await sakura.put(f"{FHIR}/{world.vital}", {**lab(world.patient, code=world.code), "id": world.vital})
    history = (await narrow.get(f"{FHIR}/{world.vital}/_history")).json()["entry"]
    assert [one["resource"]["meta"]["versionId"] for one in history] == ["2"]
    assert (await narrow.get(f"{FHIR}/{world.vital}/_history/1")).status_code == 404
    assert (await sakura.get(f"{FHIR}/{world.vital}/_history/1")).status_code == 200
    await sakura.put(f"{FHIR}/{world.vital}", once)
    for path in (world.vital, f"{world.vital}/_history", f"{world.vital}/_history/2"):
        assert (await narrow.get(f"{FHIR}/{path}")).status_code == 404


async def test_a_deletion_is_told_to_whom_it_was_shown_before(
    sakura: Caller, narrow: Caller, world: World
) -> None:
    for name in (world.lab, world.vital):
        assert (await sakura.delete(f"{FHIR}/{name}")).status_code == 204
    assert (await narrow.get(f"{FHIR}/{world.lab}")).status_code == 410
    assert (await narrow.get(f"{FHIR}/{world.vital}")).status_code == 404
    gone = [one["request"]["url"] for one in (await narrow.get(f"{FHIR}/_history?_count=50")).json()["entry"]]
    assert f"Observation/{world.lab}" in gone and f"Observation/{world.vital}" not in gone


async def test_what_is_written_meets_the_filter_before_and_after(
    sakura: Caller, writer: Caller, world: World
) -> None:
    made = await writer.post(FHIR, lab(world.patient, code=world.code))
    assert made.status_code == 201
    assert (await writer.post(FHIR, vital(world.patient))).status_code == 403
    name = made.json()["id"]
    after = {**vital(world.patient), "id": name}
    assert (await writer.put(f"{FHIR}/{name}", {**lab(world.patient), "id": name})).status_code == 200
    assert (await writer.put(f"{FHIR}/{name}", after)).status_code == 403
    steps = [{"op": "replace", "path": "/category/0/coding/0/code", "value": "vital-signs"}]
    patch = {"content-type": "application/json-patch+json"}
    told = await writer.client.request(
        "PATCH", f"{FHIR}/{name}", json=steps, headers={"authorization": f"Bearer {writer.token}", **patch}
    )
    assert told.status_code == 403
    assert (await writer.delete(f"{FHIR}/{name}")).status_code == 204
    assert (await sakura.get(f"{FHIR}/{name}")).status_code == 410


async def test_what_is_hidden_is_neither_changed_nor_deleted_nor_told_of(
    sakura: Caller, writer: Caller, midori: Caller, world: World
) -> None:
    """It is as if it were another institution's."""
    body = {**lab(world.patient), "id": world.vital}
    hidden = await writer.put(f"{FHIR}/{world.vital}", body)
    foreign = await midori.put(f"{FHIR}/{world.vital}", {**body, "subject": {"display": "nobody"}})
    assert hidden.status_code == 409
    assert rules(hidden) == rules(foreign) == ["record.id-taken"]
    assert (await writer.delete(f"{FHIR}/{world.vital}")).status_code == 404
    again = await writer.post(FHIR, lab(world.patient, code="x"), if_none_exist=f"_id={world.vital}")
    assert again.status_code == 201  # the condition finds nothing
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [
        {"resource": body, "request": {"method": "PUT", "url": f"Observation/{world.vital}"}}]}  # fmt: skip
    assert (await writer.post("/fhir", bundle)).status_code == 409
    assert (await sakura.get(f"{FHIR}/{world.vital}")).json()["meta"]["versionId"] == "1"


async def test_letters_may_have_filters_of_their_own(region: Region, wide: Caller, world: World) -> None:
    """Searching finds laboratory results, reading and inclusion show vital signs; carrying away needs both."""
    vitals = LABS.replace(".rs", ".r").replace("laboratory", "vital-signs")
    caller = await region.caller(scope=f"{LABS.replace('.rs', '.s')} {vitals}")
    assert await found(caller, f"Observation?{world.mine}") == [world.lab]
    assert (await caller.get(f"{FHIR}/{world.lab}")).status_code == 404
    assert (await caller.get(f"{FHIR}/{world.vital}")).status_code == 200
    answer = await caller.get(f"{FHIR}?_id={world.lab}&_include=Observation:derived-from")
    assert ids(answer.json(), "include") == [world.vital]
    got = await export(region, caller, type="Observation")
    assert not {world.lab, world.vital} & got.ids("Observation")
    assert {world.lab, world.vital} <= (await export(region, wide, type="Observation")).ids("Observation")


async def test_an_export_carries_what_meets_the_filter(
    region: Region, sakura: Caller, narrow: Caller, wide: Caller, world: World
) -> None:
    for more in ({}, {"typeFilter": f"Observation?{world.mine}"}):
        got = (await export(region, narrow, type="Observation", **more)).ids("Observation")
        assert world.lab in got and world.vital not in got
    since = region.clock.now.isoformat()
    region.clock.tick(5)
    for name in (world.lab, world.vital):
        await sakura.delete(f"{FHIR}/{name}")
    gone = (await export(region, narrow, type="Observation", since=since)).deleted
    assert f"Observation/{world.lab}" in gone and f"Observation/{world.vital}" not in gone
    both = (await export(region, wide, type="Observation", since=since)).deleted
    assert f"Observation/{world.vital}" in both


async def test_files_of_a_wider_token_are_not_handed_to_a_narrower_one_of_the_same_client(
    region: Region, narrow: Caller, wide: Caller, world: World
) -> None:
    async def file_for(caller: Caller, taker: Caller) -> httpx.Response:
        answer = await caller.get("/fhir/$export?_type=Observation", prefer="respond-async")
        await work(region)
        manifest = (await caller.get(path_of(answer))).json()
        return await taker.get(manifest["output"][0]["url"])

    assert (await file_for(wide, narrow)).status_code == 403
    assert (await file_for(wide, wide)).status_code == 200
    assert (await file_for(narrow, narrow)).status_code == 200
    assert (await file_for(narrow, wide)).status_code == 200


async def test_acts_that_look_at_rows_by_another_way_need_a_scope_without_a_filter(
    region: Region, taro: str
) -> None:
    """A Bundle pushed to the sharing service writes rows of many types; $match finds persons by itself."""
    for scope, status in (("system/Bundle.c?type=document", 403), ("system/Bundle.c", 422)):
        caller = await region.caller(scope=scope)
        answer = await caller.post("/sharing/bundles", {"resourceType": "Bundle", "type": "document"})
        assert answer.status_code == status, answer.text


async def test_a_filter_that_is_not_understood_grants_nothing(
    region: Region, sakura: Caller, world: World
) -> None:
    """Even in a token that was signed with it, its scope is as if it were not there."""
    text = "system/Observation.rs?category:not=vital-signs"
    dropped = scopes.weighed([text], ["system/*.cruds"]).dropped
    assert [one.scope for one in dropped] == [text]
    caller = await region.caller(scope=f"{text} system/Patient.rs")
    assert (await caller.get(f"{FHIR}?{world.mine}")).status_code == 403
    assert (await caller.get(f"{FHIR}/{world.lab}")).status_code == 403
    assert (await caller.get(f"/fhir/{world.patient}")).status_code == 200


async def test_a_filter_by_patient_date_and_value_narrows_as_well(
    region: Region, sakura: Caller, world: World
) -> None:
    day = await sakura.made(lab(world.patient, code=world.code, on="2026-09-09", value=99))
    for query, expected in (
        (f"patient={world.patient}&date=2026-09", [day]),
        ("value-quantity=gt50||g/dL", [day]),
        ("date=lt2026-10,ge2026-11-02", [day, world.vital]),
        (f"code=http://loinc.org|{world.code}&category=vital-signs", [world.vital]),
        ("patient=Patient/none", []),
    ):
        caller = await region.caller(scope=f"system/Observation.rs?{quote(query, '=&')}")
        assert await found(caller, f"Observation?{world.mine}") == sorted(expected), query
        shown = [
            name for name in (day, world.lab, world.vital) if (await caller.get(f"{FHIR}/{name}")).is_success
        ]
        assert sorted(shown) == sorted(expected), query
