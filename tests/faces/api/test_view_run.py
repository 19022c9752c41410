"""`$run` on a ViewDefinition: over what the caller may see, or over what is sent along. All persons are synthetic."""

import csv
import io
import subprocess
import sys
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from api_words import MIDORI, SAKURA, Caller, Region, lab, patient, rules

from kakehashi.core.actors import Role

RUN = "/fhir/ViewDefinition/$run"
LABS = {
    "resourceType": "ViewDefinition",
    "resource": "Observation",
    "select": [
        {
            "column": [
                {"name": "id", "path": "id"},
                {"name": "who", "path": "subject.getReferenceKey(Patient)"},
                {"name": "value", "path": "value.ofType(Quantity).value"},
            ]
        }
    ],
}
Json = dict[str, Any]


def asked(view: Json | None = LABS, *resources: Json, **values: Any) -> Json:
    """Parameters: a view, resources, and values by name and type (`_limit__valueInteger=3`)."""
    said: list[Json] = [{"name": "viewResource", "resource": view}] if view else []
    said += [{"name": "resource", "resource": one} for one in resources]
    for name, value in values.items():
        plain, _, kind = name.rpartition("__")
        said.append({"name": plain, kind: value})
    return {"resourceType": "Parameters", "parameter": said}


async def rows(answer: httpx.Response) -> list[Json]:
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()
    return found


async def test_an_institution_gets_its_own_records_as_a_table(
    sakura: Caller, midori: Caller, taro: str
) -> None:
    name = await sakura.made(lab(taro, value=13.5))
    mine = {"id": name, "who": taro, "value": 13.5}
    assert mine in await rows(await sakura.post(RUN, asked()))
    assert mine not in await rows(await midori.post(RUN, asked()))


async def test_one_patient_and_no_other_and_a_strangers_patient_is_not_there(
    sakura: Caller, midori: Caller, taro: str
) -> None:
    name = await sakura.made(lab(taro))
    only = asked(patient__valueReference={"reference": taro})
    assert [one["id"] for one in await rows(await sakura.post(RUN, only))] == [name]
    assert [one["id"] for one in await rows(await sakura.post(f"{RUN}?patient={taro}", asked()))] == [name]
    strange = await midori.post(RUN, only)
    missing = await midori.post(RUN, asked(patient__valueReference={"reference": "Patient/none"}))
    assert (strange.status_code, strange.content) == (404, missing.content)


async def test_a_person_gets_their_own_record_over_all_institutions(
    region: Region, sakura: Caller, midori: Caller
) -> None:
    both = [
        (hospital, await hospital.made(patient("V-self", member="06123456:見本:9001:00", family="見本表")))
        for hospital in (sakura, midori)
    ]
    labs = [await hospital.made(lab(f"Patient/{who}")) for hospital, who in both]
    person = await region.caller(role=Role.PERSON, person=await region.person_of(both[0][1]))
    assert {one["id"] for one in await rows(await person.post(RUN, asked()))} == set(labs)


async def test_who_may_not_carry_records_away_is_refused_and_may_still_try_a_view_on_their_own_data(
    region: Region, taro: str
) -> None:
    doctor = await region.caller(SAKURA, Role.DOCTOR)
    assert (await doctor.post(RUN, asked())).status_code == 403
    own = {"resourceType": "Observation", "id": "x", "status": "final", "code": {"text": "見本"}}
    assert [one["id"] for one in await rows(await doctor.post(RUN, asked(LABS, own)))] == ["x"]
    clerk = await region.caller(MIDORI, Role.CLERK)
    assert (await clerk.post(RUN, asked(LABS, own))).status_code == 403


async def test_a_token_reaches_the_types_of_its_scopes_only(region: Region) -> None:
    narrow = await region.caller(scope="system/Patient.rs")
    assert (await narrow.post(RUN, asked())).status_code == 403
    patients = {**LABS, "resource": "Patient", "select": [{"column": [{"name": "id", "path": "id"}]}]}
    assert (await narrow.post(RUN, asked(patients))).status_code == 200


async def test_every_format_says_the_same(sakura: Caller, taro: str) -> None:
    sent = {"resourceType": "Observation", "id": "s", "status": "final", "code": {"text": "t"}}
    body = b'{"resourceType":"Parameters","parameter":[%s,{"name":"resource","resource":%s}]}' % (
        b'{"name":"viewReference","valueReference":{"reference":"ViewDefinition/jp_lab_results"}}',
        b'{"resourceType":"Observation","id":"s","status":"final","code":{"text":"GLU"},"category":[{"coding":[{"code":"laboratory"}]}],'
        b'"valueQuantity":{"value":5.40}}',
    )  # fmt: skip
    lines = await sakura.post(f"{RUN}?_format=ndjson", body)
    assert lines.headers["content-type"] == "application/x-ndjson"
    assert b'"value":5.40' in lines.content and lines.content.count(b"\n") == 1
    text = await sakura.post(RUN, body, accept="text/csv")
    [row] = list(csv.DictReader(io.StringIO(text.text)))
    assert (text.headers["content-type"], row["value"], row["item"]) == (
        "text/csv; charset=utf-8",
        "5.40",
        "GLU",
    )
    bare = await sakura.post(f"{RUN}?_format=csv&header=false", body)
    assert bare.content == text.content.split(b"\r\n", 1)[1]
    table = await sakura.post(f"{RUN}?_format=application/octet-stream", body)
    [row] = pq.read_table(io.BytesIO(table.content)).to_pylist()
    assert (row["value"], row["value_written"]) == (5.4, "5.40")
    assert (await sakura.post(f"{RUN}?_format=xlsx", asked(LABS, sent))).status_code == 400


async def test_a_limit_cuts_the_table(sakura: Caller, taro: str) -> None:
    for _ in range(3):
        await sakura.made(lab(taro))
    assert len(await rows(await sakura.post(RUN, asked(_limit__valueInteger=2)))) == 2
    for wrong in ("0", "-1", "many", "99999999"):
        assert (await sakura.post(f"{RUN}?_limit={wrong}", asked())).status_code == 400


async def test_a_table_that_is_too_long_is_refused_and_not_cut(
    sakura: Caller, taro: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kakehashi.faces.api.view_run.MOST_ROWS", 2)
    for _ in range(3):
        await sakura.made(lab(taro))
    answer = await sakura.post(f"{RUN}?patient={taro}", asked())
    assert (answer.status_code, rules(answer)) == (422, ["view.rows"])


async def test_what_changed_since(region: Region, sakura: Caller, taro: str) -> None:
    await sakura.made(lab(taro))
    region.clock.tick(60)
    since = region.clock.now.isoformat()
    region.clock.tick(60)
    later = await sakura.made(lab(taro))
    found = await rows(await sakura.post(f"{RUN}?patient={taro}", asked(_since__valueInstant=since)))
    assert [one["id"] for one in found] == [later]


@pytest.mark.parametrize(
    ("body", "status", "rule"),
    [
        (asked(None), 400, "view.parameters"),
        (LABS, 400, None),
        ({"resourceType": "Patient"}, 400, "view.parameters"),
        (asked(source__valueString="file:///etc/passwd"), 400, "view.parameters"),
        (asked(group__valueReference={"reference": "Group/1"}), 400, "view.parameters"),
        (asked(nonsense__valueString="x"), 400, "view.parameters"),
        (asked(_since__valueInstant="yesterday"), 400, "view.parameters"),
        (asked(_since__valueInstant="2026-01-01T00:00:00"), 400, "view.parameters"),
        (asked(patient__valueReference={"reference": "Group/1"}), 400, "view.parameters"),
        (asked(patient__valueReference={"display": "見本"}), 400, "view.parameters"),
        (asked(header__valueBoolean=1), 400, "view.parameters"),
        (asked(viewReference__valueReference={"reference": "ViewDefinition/jp_patients"}), 400, "view.parameters"),
        (asked(None, viewReference__valueReference={"reference": "ViewDefinition/none"}), 404, "view.missing"),
        (asked({**LABS, "select": []}), 422, "view.select"),
        (asked({**LABS, "resource": "Nonsense"}), 422, "view.resource"),
        (asked(LABS, {"resourceType": "Observation", "status": "nonsense"}), 422, "fhir.cardinality"),
        (asked(LABS, {"resourceType": "Nonsense"}), 400, None),
    ],
)  # fmt: skip
async def test_what_cannot_be_run_is_told(sakura: Caller, body: Json, status: int, rule: str | None) -> None:
    answer = await sakura.post(RUN, body)
    assert answer.status_code == status, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert rule is None or rule in rules(answer), answer.text


async def test_a_mistake_in_a_sent_resource_is_told_with_its_number(sakura: Caller) -> None:
    good = {"resourceType": "Observation", "status": "final", "code": {"text": "t"}}
    answer = await sakura.post(RUN, asked(LABS, good, {**good, "status": "nonsense"}))
    assert "resource[1].status" in answer.text


async def test_a_view_that_eats_the_machine_is_stopped(sakura: Caller, taro: str) -> None:
    await sakura.made(lab(taro, note=[{"text": "x"}] * 200))
    path = ".select(%resource.descendants())" * 4
    bomb = {**LABS, "select": [{"column": [{"name": "n", "path": f"descendants(){path}.count()"}]}]}
    answer = await sakura.post(f"{RUN}?patient={taro}", asked(bomb))
    assert (answer.status_code, rules(answer)) == (422, ["fhirpath.cost"])


async def test_the_statement_of_capabilities_names_the_operation(sakura: Caller) -> None:
    [rest] = (await sakura.get("/fhir/metadata")).json()["rest"]
    assert "viewdefinition-run" in [one["name"] for one in rest["operation"]]


def test_a_server_that_nobody_asks_for_views_does_not_read_arrow() -> None:
    script = "import sys, kakehashi.faces.app; sys.exit('pyarrow' in sys.modules or 'duckdb' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
