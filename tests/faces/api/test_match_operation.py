"""$match: who is found by what, how sure that is, and that a hidden person is like nobody."""

from itertools import count
from typing import Any

import pytest
from api_words import MIDORI, Caller, Json, Region, ids, patient, rules

from kakehashi.core.actors import Role
from kakehashi.engines.matching import match as engine
from kakehashi.store import reach

GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"
LOCAL = "urn:oid:1.2.392.100495.20.3.51.11311234567"
_NUMBERS = count(100)


def told(answer: Any) -> list[tuple[str, str]]:
    """(id, grade) of each entry, in order; scores fall and stay between 0 and 1."""
    bundle = answer.json()
    assert (answer.status_code, bundle["type"]) == (200, "searchset"), answer.text
    entries = bundle.get("entry", [])
    assert bundle["total"] == len(entries)
    assert all(0 <= one["search"]["score"] <= 1 for one in entries)
    assert all(one["search"]["extension"][0]["url"] == GRADE for one in entries)
    return [(one["resource"]["id"], one["search"]["extension"][0]["valueCode"]) for one in entries]


def asked(body: Json, **more: Any) -> Json:
    listed = [{"name": "resource", "resource": body}]
    listed += [{"name": name, **value} for name, value in more.items()]
    return {"resourceType": "Parameters", "parameter": listed}


@pytest.fixture
def someone() -> Json:
    """A fresh synthetic patient with a member id, address and telephone."""
    number = next(_NUMBERS)
    made = patient(
        f"M{number}", member=f"06139877:8740:{number:08}:01", family=f"照合{number}", birth="1962-05-14"
    )
    made["address"] = [{"text": f"架空県見本市中央{number}-2-3"}]
    made["telecom"] = [{"system": "phone", "value": f"03-0000-{number:04}"}]
    return made


async def logged(region: Region, request: str) -> list[tuple[int, str]]:
    """The log's entries for requests that begin so: person and text."""
    async with region.db.transaction() as tx:
        await reach.open_on(tx, reach.WHOLE_LOG)
        found = await tx.fetch(
            "SELECT person, convert_from(entry, 'UTF8') AS entry FROM log"
            " WHERE convert_from(entry, 'UTF8') LIKE $1 ORDER BY seq",
            f'%"request":"{request}%',
        )
    return [(row["person"], row["entry"]) for row in found]


def only(body: Json, *members: str) -> Json:
    return {"resourceType": "Patient", **{name: body[name] for name in members}}


async def test_how_sure_it_is_follows_from_what_agrees(sakura: Caller, someone: Json) -> None:
    name = await sakura.made(someone)
    items = only(someone, "name", "birthDate", "gender")
    card = {**items, "identifier": [someone["identifier"][1]]}
    own = {"resourceType": "Patient", "identifier": [someone["identifier"][0]]}
    cases = (
        (someone, "certain"),
        (card, "certain"),
        (own, "certain"),
        ({"resourceType": "Patient", "identifier": card["identifier"]}, "probable"),
        ({**items, "telecom": someone["telecom"]}, "probable"),
        ({**items, "address": someone["address"]}, "probable"),
        (items, "possible"),
        (only(someone, "name", "birthDate"), "possible"),
        ({**card, "birthDate": "1962-05-15"}, "certainly-not"),
    )
    for body, grade in cases:
        assert told(await sakura.post("/fhir/Patient/$match", asked(body))) == [(name, grade)], body
        sure = await sakura.post(
            "/fhir/Patient/$match", asked(body, onlyCertainMatches={"valueBoolean": True})
        )
        assert told(sure) == ([(name, grade)] if grade == "certain" else [])
    assert told(await sakura.post("/fhir/Patient/$match", items)) == [(name, "possible")]
    for other in ({**items, "birthDate": "1962-05-15"}, {**items, "gender": "female"}):
        assert told(await sakura.post("/fhir/Patient/$match", asked(other))) == []


async def test_the_best_come_first_and_no_more_than_asked_for(sakura: Caller, someone: Json) -> None:
    twins = [
        await sakura.made({**someone, "identifier": [{"system": LOCAL, "value": f"T{next(_NUMBERS)}"}]})
        for _ in range(3)
    ]
    sought = {
        **someone,
        "identifier": [(await sakura.get(f"/fhir/Patient/{twins[1]}")).json()["identifier"][0]],
    }
    found = told(await sakura.post("/fhir/Patient/$match", asked(sought)))
    assert found[0] == (twins[1], "certain")
    assert {name for name, _ in found} == set(twins)
    first = await sakura.post("/fhir/Patient/$match", asked(sought, count={"valueInteger": 1}))
    assert told(first) == found[:1]


async def test_an_identifier_of_any_system_is_found_among_what_one_sees(
    sakura: Caller, midori: Caller
) -> None:
    own = {"system": "urn:example:mrn", "value": f"X{next(_NUMBERS)}"}
    name = await sakura.made({"resourceType": "Patient", "identifier": [own]})
    sought = asked({"resourceType": "Patient", "identifier": [own]})
    assert told(await sakura.post("/fhir/Patient/$match", sought)) == [(name, "probable")]
    assert told(await midori.post("/fhir/Patient/$match", sought)) == []


async def test_a_hidden_person_is_like_nobody_until_they_agree(
    region: Region, sakura: Caller, someone: Json
) -> None:
    midori = await region.caller(MIDORI, Role.DOCTOR)
    before = await midori.post("/fhir/Patient/$match", asked(someone))
    name = await sakura.made(someone)
    hidden = await midori.post("/fhir/Patient/$match", asked(someone))
    assert told(hidden) == []
    assert hidden.content == before.content
    await region.consent(name, MIDORI)
    assert told(await midori.post("/fhir/Patient/$match", asked(someone))) == [(name, "certain")]


async def test_a_hidden_record_leads_nowhere(
    region: Region, sakura: Caller, midori: Caller, someone: Json
) -> None:
    """Midori knows the person by card; that Sakura's Patient is the same one, Sakura is not told by the card alone."""
    plain = {**someone, "identifier": someone["identifier"][:1]}
    mine = await sakura.made(plain)
    theirs = await midori.made({**someone, "identifier": someone["identifier"][1:]})
    card = {"resourceType": "Patient", "identifier": someone["identifier"][1:]}
    assert told(await sakura.post("/fhir/Patient/$match", asked(card))) == []
    assert told(await midori.post("/fhir/Patient/$match", asked(card))) == [(theirs, "probable")]
    assert told(await sakura.post("/fhir/Patient/$match", asked(plain))) == [(mine, "certain")]


async def test_who_may_look_for_a_person_at_the_reception_may_ask(
    region: Region, sakura: Caller, someone: Json
) -> None:
    name = await sakura.made(someone)
    clerk = await region.caller(role=Role.CLERK)
    assert told(await clerk.post("/fhir/Patient/$match", asked(someone))) == [(name, "certain")]
    person = await region.caller(role=Role.PERSON, person=await region.person_of(name))
    narrow = await region.caller(scope="system/Observation.rs")
    bound = await region.caller(
        role=Role.DOCTOR, person=await region.person_of(await sakura.made(patient("B1")))
    )
    for refused in (person, narrow):
        assert (await refused.post("/fhir/Patient/$match", asked(someone))).status_code == 403
    assert told(await bound.post("/fhir/Patient/$match", asked(someone))) == []


async def test_every_question_is_in_the_log_and_tells_no_value(
    region: Region, sakura: Caller, someone: Json
) -> None:
    name = await sakura.made(someone)
    for body in (someone, patient("none", family="だれもいない", birth="1901-01-01")):
        await sakura.post("/fhir/Patient/$match", asked(body), x_request_id=f"m-{body['birthDate']}")
    rows = await logged(region, "m-1")
    assert [person for person, _ in rows] == [await region.person_of(name), 0]
    assert all("照合" not in entry and "06139877" not in entry for _, entry in rows)


async def test_what_cannot_be_matched_is_refused_with_the_way_out(sakura: Caller, someone: Json) -> None:
    many = [{"system": "urn:x", "value": str(number)} for number in range(21)]
    cases = (
        ({"resourceType": "Patient", "name": someone["name"]}, 400, "match.little"),
        ({"resourceType": "Patient", "name": someone["name"], "birthDate": "1962"}, 400, "match.little"),
        ({"resourceType": "Patient"}, 400, "match.little"),
        ({**someone, "identifier": many}, 422, "match.identifiers"),
        ({**someone, "birthDate": "14.5.1962"}, 422, "fhir.primitive"),
        ({**someone, "name": "見本"}, 422, "fhir.structure"),
        ({"resourceType": "Practitioner"}, 400, "operation.parameter"),
    )
    for body, status, rule in cases:
        answer = await sakura.post("/fhir/Patient/$match", asked(body))
        assert answer.status_code == status, answer.text
        assert rule in rules(answer) or status == 422, answer.text
    for count_ in (0, 101, -1):
        answer = await sakura.post("/fhir/Patient/$match", asked(someone, count={"valueInteger": count_}))
        assert (answer.status_code, rules(answer)) == (400, ["operation.parameter"])
    assert (await sakura.post("/fhir/Patient/$match", {"resourceType": "Parameters"})).status_code == 400
    assert (await sakura.post("/fhir/Observation/$match", asked(someone))).status_code == 404
    assert (await sakura.get("/fhir/Patient/$match")).status_code == 405
    assert ids((await sakura.get("/fhir/Patient?family=照合照合")).json()) == []


async def test_too_many_are_like_nobody(
    sakura: Caller, someone: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = only(someone, "name", "birthDate")
    nobody = await sakura.post("/fhir/Patient/$match", asked(items))
    for number in range(3):
        await sakura.made(
            {
                **someone,
                "identifier": [{"system": LOCAL, "value": f"Z{someone['name'][0]['family']}{number}"}],
            }
        )
    assert len(told(await sakura.post("/fhir/Patient/$match", asked(items)))) == 3
    monkeypatch.setattr(engine, "_PERSONS", 2)
    assert (await sakura.post("/fhir/Patient/$match", asked(items))).content == nobody.content


async def test_it_may_be_asked_within_a_batch(sakura: Caller, someone: Json) -> None:
    name = await sakura.made(someone)
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [
        {"request": {"method": "POST", "url": "Patient/$match"}, "resource": asked(someone)}]}  # fmt: skip
    [entry] = (await sakura.post("/fhir", batch)).json()["entry"]
    assert ids(entry["resource"]) == [name]
