"""What is the server's is not the sender's to set (A7): versions, times, owners, persons, flags, others' numbers.

Each try is either refused, or it changes nothing that counts: who may see the record, whose it is, who wrote it, when.
"""

from datetime import datetime

import pytest
from api_words import KAEDE, MIDORI, NOON, SAKURA, Caller, Json, Region, ids, lab, patient, rules

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.kinds import Flag, Kind
from kakehashi.store import window_sql
from kakehashi.store.whereabouts import whereabouts
from kakehashi.trust import withholding
from kakehashi.trust.signin.setup import OPERATOR

TAGS = "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication"
NUMBERS_OF_MIDORI = "urn:oid:1.2.392.100495.20.3.51.11311234568"


async def kept(region: Region, name: str, kind: str = "Observation") -> Json:
    """What the store keeps of a resource beside its body."""
    async with region.db.transaction() as tx:
        await window_sql.open_on(tx, window_sql.system_window("test"))
        place = (await whereabouts(tx, [(kind, name)]))[kind, name]
        row = await tx.fetchrow(
            "SELECT person, custodian, addressee, flags, kind, version, origin, changed_at FROM resource"
            " WHERE id = $1 AND person = $2", name, place.person,
        )  # fmt: skip
    assert row is not None
    return dict(row)


@pytest.mark.parametrize("way", ["create", "update"])
async def test_version_and_time_are_the_servers(region: Region, sakura: Caller, taro: str, way: str) -> None:
    meta = {"versionId": "77", "lastUpdated": "1999-01-01T00:00:00Z",
            "_versionId": {"extension": [{"url": "https://example.jp/x", "valueString": "77"}]}}  # fmt: skip
    body = lab(taro, meta=meta)
    if way == "update":
        name = await sakura.made(lab(taro))
        answer = await sakura.put(f"/fhir/Observation/{name}", {**body, "id": name})
    else:
        answer = await sakura.post("/fhir/Observation", {**body, "id": "chosen-by-the-sender"})
    said = answer.json()
    assert said["meta"]["versionId"] == {"create": "1", "update": "2"}[way]
    assert datetime.fromisoformat(said["meta"]["lastUpdated"]) == NOON
    assert "_versionId" not in said["meta"]
    row = await kept(region, said["id"])
    assert (row["version"], row["changed_at"]) == (int(said["meta"]["versionId"]), NOON)
    assert (await sakura.get("/fhir/Observation/chosen-by-the-sender")).status_code == 404


async def test_whoever_sends_is_the_owner_whatever_the_body_and_the_headers_say(
    region: Region, sakura: Caller, midori: Caller, taro: str
) -> None:
    claims: Json = {
        "meta": {
            "source": f"urn:institution:{MIDORI.code}",
            "tag": [{"system": "urn:kakehashi:custodian", "code": str(MIDORI.key)}],
            "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "U"}],
            "extension": [{"url": "urn:kakehashi:custodian", "valueInteger": MIDORI.key}],
        },
        "performer": [{"identifier": {"system": "urn:kakehashi:institution", "value": MIDORI.code}}],
        "extension": [{"url": "urn:kakehashi:person", "valueString": "1"}],
    }
    said = {"x_institution": str(MIDORI.key), "x_role": "operator", "x_forwarded_user": "operator",
            "x_kakehashi_custodian": "2", "x_http_method_override": "DELETE"}  # fmt: skip
    in_address = await sakura.post("/fhir/Observation?custodian=2&person=1", lab(taro, **claims), **said)
    assert (in_address.status_code, rules(in_address)) == (400, ["search.parameter"])
    answer = await sakura.post("/fhir/Observation", lab(taro, **claims), **said)
    assert answer.status_code == 201
    name = answer.json()["id"]
    row = await kept(region, name)
    whose = await region.person_of(taro.removeprefix("Patient/"))
    assert (row["custodian"], row["person"], row["addressee"], row["origin"]) == (SAKURA.key, whose, 0, 0)
    assert row["flags"] == 0
    assert (await midori.get(f"/fhir/Observation/{name}")).status_code == 404


@pytest.mark.parametrize("code", ["WITHHELD", "SUSPENDED", "withheld", "NONE"])
async def test_flags_that_are_decisions_of_others_are_no_tags(
    region: Region, sakura: Caller, taro: str, code: str
) -> None:
    tags = [{"system": system, "code": code} for system in (TAGS, "urn:kakehashi:flag")]
    answer = await sakura.post("/fhir/Observation", lab(taro, meta={"tag": tags}))
    assert answer.status_code in (201, 422)
    if answer.status_code == 201:
        assert (await kept(region, answer.json()["id"]))["flags"] == 0


@pytest.mark.parametrize("code", ["LTS", "UNINFORMED", "UNDELIVERED"])
async def test_marks_are_set_and_cleared_by_the_writer_alone(
    region: Region, sakura: Caller, midori: Caller, taro: str, code: str
) -> None:
    meta = {"tag": [{"system": TAGS, "code": code}]}
    name, plain = await sakura.made(lab(taro, meta=meta)), await sakura.made(lab(taro))
    before = [await kept(region, one) for one in (name, plain)]
    person = await region.person_of(taro.removeprefix("Patient/"))
    others = [
        midori, await region.caller(MIDORI, Role.DOCTOR), await region.caller(KAEDE, Role.PHARMACIST),
        await region.caller(SAKURA, Role.CLERK), await region.caller(SAKURA, Role.AUDITOR),
        await region.caller(role=Role.PERSON, person=person),
    ]  # fmt: skip
    for caller in others:
        for one, body in ((name, lab(taro)), (plain, lab(taro, meta=meta))):
            answer = await caller.put(f"/fhir/Observation/{one}", {**body, "id": one})
            assert answer.status_code in (403, 404, 409, 422), answer.text
            patch = await caller.ask(
                "PATCH", f"/fhir/Observation/{one}", [{"op": "add", "path": "/meta/tag", "value": meta["tag"]}],
                content_type="application/json-patch+json",
            )  # fmt: skip
            assert patch.status_code in (403, 404), patch.text
    assert [await kept(region, one) for one in (name, plain)] == before


async def test_an_update_does_not_lift_what_the_person_withheld(
    region: Region, sakura: Caller, taro: str
) -> None:
    name, who = await sakura.made(lab(taro)), taro.removeprefix("Patient/")
    person = await region.person_of(who)
    me = Actor("me", Role.PERSON, OPERATOR, Purpose.PATIENT_REQUEST, person=person)
    async with region.db.transaction() as tx:
        await withholding.withhold(tx, person, item=f"Observation/{name}", by=me, at=region.clock.now)
    assert (await kept(region, name))["flags"] == Flag.WITHHELD
    meta = {"tag": [{"system": TAGS, "code": "LTS"}], "security": []}
    body = {**lab(taro), "id": name, "meta": {"tag": meta["tag"]}}
    assert (await sakura.put(f"/fhir/Observation/{name}", body)).status_code == 200
    assert (await kept(region, name))["flags"] & Flag.WITHHELD
    await region.consent(who, MIDORI)
    doctor = await region.caller(MIDORI, Role.DOCTOR)
    assert (await doctor.get(f"/fhir/Observation/{name}")).status_code == 404


async def test_a_record_does_not_change_hands(region: Region, sakura: Caller, taro: str) -> None:
    other = "Patient/" + await sakura.made(patient("MASS-1", family="別人", birth="1933-03-03"))
    name = await sakura.made(lab(taro))
    before = await kept(region, name)
    moved = {**lab(other), "id": name}
    assert (await sakura.put(f"/fhir/Observation/{name}", moved)).status_code == 409
    urn = "urn:uuid:8c3b0c8e-0000-4000-8000-0000000000aa"
    entries = [
        {"fullUrl": urn, "request": {"method": "PUT", "url": other}, "resource": {
            **patient("MASS-1", family="別人", birth="1933-03-03"), "id": other.removeprefix("Patient/")}},
        {"request": {"method": "PUT", "url": f"Observation/{name}"}, "resource": {**lab(urn), "id": name}},
    ]  # fmt: skip
    answer = await sakura.post("/fhir", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert answer.status_code == 409, answer.text
    assert await kept(region, name) == before


@pytest.mark.parametrize("same", [True, False], ids=["same name and birth", "other name and birth"])
async def test_another_institutions_number_and_links_open_nothing(
    region: Region, sakura: Caller, midori: Caller, same: bool
) -> None:
    """Their local number, a link to their Patient, the server's own word for the person. A number with the same name,
    birth and sex says who it is (people/judge.py), which lets nobody see more; else not even that."""
    number, born = f"M-000{same:d}", f"194{same:d}-04-04"
    theirs = await midori.made(
        {
            **patient("x", family="緑川", birth=born),
            "identifier": [{"system": NUMBERS_OF_MIDORI, "value": number}],
        }
    )
    result = await midori.made(lab(f"Patient/{theirs}"))
    key = await region.person_of(theirs)
    family, birth = ("緑川", born) if same else ("偽名", "1988-08-08")
    claim = patient(f"MASS-2{same:d}", family=family, given="太郎" if same else "次郎", birth=birth)
    claim["link"] = [{"type": "seealso", "other": {"reference": f"Patient/{theirs}"}}]
    claim["identifier"] += [
        {"system": NUMBERS_OF_MIDORI, "value": number}, {"system": "urn:kakehashi:person", "value": str(key)},
    ]  # fmt: skip
    answer = await sakura.post("/fhir/Patient", claim)
    if answer.status_code == 201 and not same:
        assert await region.person_of(answer.json()["id"]) != key
    doctor = await region.caller(SAKURA, Role.DOCTOR)
    for caller in (sakura, doctor):
        assert (await caller.get(f"/fhir/Observation/{result}")).status_code == 404
        assert result not in ids((await caller.get(f"/fhir/Observation?patient={theirs}")).json())
        if answer.status_code == 201:
            everything = await caller.get(f"/fhir/Patient/{answer.json()['id']}/$everything")
            assert result not in ids(everything.json())
    assert (await midori.get(f"/fhir/Observation/{result}")).status_code == 200
    assert await region.person_of(theirs) == key
    about = await sakura.post("/fhir/Observation", lab(f"Patient/{theirs}"))
    assert about.status_code in (403, 404, 422), "nobody writes into a record by naming it"


@pytest.mark.parametrize("resource", ["Consent", "AuditEvent", "Provenance", "Organization", "Practitioner"])
async def test_a_resource_that_sounds_like_a_right_gives_none(
    region: Region, sakura: Caller, midori: Caller, taro: str, resource: str
) -> None:
    """A Consent resource is a paper in the record; rights come from acts alone."""
    name = await sakura.made(lab(taro))
    bodies: dict[str, Json] = {
        "Consent": {
            "status": "active", "patient": {"reference": taro}, "dateTime": "2026-11-21",
            "scope": {"coding": [{"code": "patient-privacy"}]},
            "category": [{"text": "全施設"}], "policyRule": {"text": "permit"}, "provision": {"type": "permit"},
        },
        "AuditEvent": {
            "type": {"code": "rest"}, "recorded": "1999-01-01T00:00:00Z", "agent": [{"requestor": True}],
            "source": {"observer": {"display": "x"}},
        },
        "Provenance": {"target": [{"reference": f"Observation/{name}"}], "recorded": "1999-01-01T00:00:00Z",
                       "agent": [{"who": {"display": MIDORI.name}}]},
        "Organization": {"name": MIDORI.name, "identifier": [{"value": MIDORI.code}]},
        "Practitioner": {"identifier": [{"value": "1"}], "qualification": [{"code": {"text": "医師"}}]},
    }  # fmt: skip
    await sakura.post(f"/fhir/{resource}", {"resourceType": resource, **bodies[resource]})
    doctor = await region.caller(MIDORI, Role.DOCTOR)
    for caller in (midori, doctor):
        assert (await caller.get(f"/fhir/Observation/{name}")).status_code == 404
    row = await kept(region, name)
    assert (row["custodian"], row["kind"], row["flags"]) == (SAKURA.key, Kind.LAB, 0)
