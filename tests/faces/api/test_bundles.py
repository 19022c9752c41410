"""transaction and batch, conditional operations, $everything, $document, $validate."""

from typing import Any

import pytest
from api_words import MIDORI, Caller, Json, Region, ids, lab, link, patient, rules

from kakehashi.core.actors import Role


def entry(method: str, url: str, resource: Json | None = None, full: str = "", **more: str) -> Json:
    made: Json = {"request": {"method": method, "url": url, **more}}
    if resource is not None:
        made["resource"] = resource
    return {"fullUrl": full, **made} if full else made


def bundle(*entries: Json, kind: str = "transaction") -> Json:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def statuses(answer: Any) -> list[str]:
    return [one["response"]["status"][:3] for one in answer.json()["entry"]]


async def test_a_transaction_is_one_act_whose_entries_know_each_other(sakura: Caller) -> None:
    whole = bundle(
        entry("GET", "Patient?family=取引"),
        entry(
            "POST",
            "Observation",
            lab("urn:uuid:8c3b0c8e-0000-4000-8000-000000000001"),
            "urn:uuid:8c3b0c8e-0000-4000-8000-000000000002",
        ),
        entry(
            "POST", "Patient", patient("S-tx", family="取引"), "urn:uuid:8c3b0c8e-0000-4000-8000-000000000001"
        ),
    )
    answer = await sakura.post("/fhir", whole)
    assert (answer.status_code, statuses(answer)) == (200, ["200", "201", "201"])
    who = answer.json()["entry"][2]["response"]["location"].split("/_history")[0]
    assert ids(answer.json()["entry"][0]["resource"]) == [who.removeprefix("Patient/")]
    made = answer.json()["entry"][1]["response"]["location"].split("/")[1]
    assert (await sakura.get(f"/fhir/Observation/{made}")).json()["subject"]["reference"] == who


async def test_a_transaction_that_fails_anywhere_leaves_nothing(sakura: Caller, taro: str) -> None:
    bad = {**lab(taro), "status": "no-such-status"}
    whole = bundle(
        entry("POST", "Patient", patient("S-rollback", family="巻戻")), entry("POST", "Observation", bad)
    )
    answer = await sakura.post("/fhir", whole)
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["expression"][0].startswith("Bundle.entry[1].resource")
    unknown = bundle(
        entry("POST", "Patient", patient("S-rollback", family="巻戻")),
        entry("POST", "Observation", lab("Patient/none")),
    )
    assert (await sakura.post("/fhir", unknown)).status_code == 422
    assert ids((await sakura.get("/fhir/Patient?family=巻戻")).json()) == []


async def test_a_transaction_resolves_conditional_references(sakura: Caller) -> None:
    who = await sakura.made(patient("S-cref", family="条件"))
    said = "Patient?identifier=urn:oid:1.2.392.100495.20.3.51.11311234567|S-cref"
    answer = await sakura.post("/fhir", bundle(entry("POST", "Observation", lab(said))))
    assert statuses(answer) == ["201"]
    name = answer.json()["entry"][0]["response"]["location"].split("/")[1]
    assert (await sakura.get(f"/fhir/Observation/{name}")).json()["subject"]["reference"] == f"Patient/{who}"
    nobody = await sakura.post(
        "/fhir", bundle(entry("POST", "Observation", lab(said.replace("cref", "none"))))
    )
    assert (nobody.status_code, rules(nobody)) == (422, ["http.conditional-reference"])


async def test_deletes_go_before_puts_and_one_resource_comes_once(sakura: Caller, taro: str) -> None:
    old = await sakura.made(lab(taro))
    whole = bundle(
        entry("PUT", "Observation/tx-new", {**lab(taro), "id": "tx-new"}),
        entry("DELETE", f"Observation/{old}"),
    )
    assert statuses(await sakura.post("/fhir", whole)) == ["201", "204"]
    twice = bundle(
        entry("PUT", "Observation/tx-new", {**lab(taro), "id": "tx-new"}),
        entry("DELETE", "Observation/tx-new"),
    )
    answer = await sakura.post("/fhir", twice)
    assert (answer.status_code, rules(answer)) == (409, ["store.twice"])


async def test_a_batch_answers_entry_by_entry(sakura: Caller, midori: Caller, taro: str) -> None:
    whole = bundle(
        entry("POST", "Observation", lab(taro)), entry("POST", "Observation", {"resourceType": "Observation"}),
        entry("GET", taro), entry("GET", "Patient/none"), entry("PATCH", taro, {"resourceType": "Parameters"}),
        entry("POST", "$no-such"),
        kind="batch",
    )  # fmt: skip
    answer = await sakura.post("/fhir", bundle(*whole["entry"][:5], kind="batch"))
    assert statuses(answer) == ["201", "422", "200", "404", "200"]
    assert answer.json()["entry"][1]["response"]["outcome"]["resourceType"] == "OperationOutcome"
    assert answer.json()["entry"][2]["resource"]["id"] == taro.removeprefix("Patient/")
    theirs = await midori.post(
        "/fhir", bundle(entry("GET", taro), entry("GET", "Patient/none"), kind="batch")
    )
    assert theirs.json()["entry"][0] == theirs.json()["entry"][1]
    assert (await sakura.post("/fhir", whole)).status_code == 422


async def test_a_lost_reply_to_a_transaction_is_repeated_word_for_word(sakura: Caller, taro: str) -> None:
    whole = bundle(*(entry("POST", "Observation", lab(taro, code="lost-1")) for _ in range(3)))
    for prefer in ("return=minimal", "return=representation"):
        key = f"bundle-{prefer}"
        first = await sakura.post("/fhir", whole, idempotency_key=key, prefer=prefer)
        again = await sakura.post("/fhir", whole, idempotency_key=key, prefer=prefer)
        assert first.content == again.content
    assert len(ids((await sakura.get(f"/fhir/Observation?code=lost-1&subject={taro}")).json())) == 6


async def test_a_conditional_create_makes_one_only(sakura: Caller, midori: Caller) -> None:
    body = patient("S-once", family="一度")
    condition = "identifier=urn:oid:1.2.392.100495.20.3.51.11311234567|S-once"
    first = await sakura.post("/fhir/Patient", body, if_none_exist=condition)
    again = await sakura.post("/fhir/Patient", body, if_none_exist=condition)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.headers["location"] == again.headers["location"]
    theirs = await midori.post("/fhir/Patient", body, if_none_exist=condition)
    assert theirs.status_code == 201  # what they may not see is not there
    for address in ("Patient?", "/Patient?", "https://kakehashi.example/fhir/Patient?_format=json&"):
        whole = await sakura.post(
            "/fhir/Patient", body, if_none_exist=address + condition
        )  # as HAPI's client
        assert (whole.status_code, whole.headers["location"]) == (200, first.headers["location"])
    for wrong in ("shoe-size=3", "_count=1", f"Observation?{condition}"):
        assert (await sakura.post("/fhir/Patient", body, if_none_exist=wrong)).status_code == 400


async def test_a_search_in_the_address_of_a_create_is_a_condition_and_a_wish_for_a_form_is_none(
    sakura: Caller, midori: Caller
) -> None:
    """R4 gives it no meaning; fhirpy asks so, and a second Patient would be the worst answer."""
    body = patient("ADDRESSED-1")
    path = "/fhir/Patient?identifier=ADDRESSED-1&_format=json"
    first, again = await sakura.post(path, body), await sakura.post(path, body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert (await midori.post(path, body)).status_code == 201
    assert (await sakura.post("/fhir/Patient?nonsense=1", body)).status_code == 400
    assert (await sakura.post("/fhir/Patient?_format=json&_pretty=true", body)).status_code == 201
    assert (await sakura.post(path, body)).status_code == 412


async def test_conditional_updates_and_deletes_mean_one_resource(sakura: Caller, taro: str) -> None:
    search = f"/fhir/Observation?subject={taro}&code=cond-1"
    made = await sakura.put(search, lab(taro, code="cond-1"))
    assert made.status_code == 201
    second = await sakura.put(search, lab(taro, code="cond-1", value=1))
    assert (second.status_code, second.json()["id"]) == (200, made.json()["id"])
    await sakura.made(lab(taro, code="cond-1"))
    assert (await sakura.put(search, lab(taro, code="cond-1"))).status_code == 412
    assert (await sakura.delete(search)).status_code == 412
    await sakura.delete(f"/fhir/Observation/{made.json()['id']}")
    assert (await sakura.delete(search)).status_code == 204
    assert (await sakura.delete(search)).status_code == 204
    assert ids((await sakura.get(search)).json()) == []
    assert (await sakura.delete("/fhir/Observation")).status_code == 400


async def test_everything_comes_in_pages_patient_first(sakura: Caller, midori: Caller, taro: str) -> None:
    made = {await sakura.made(lab(taro, on=f"2026-09-{day:02}")) for day in range(1, 6)}
    seen: list[str] = []
    path: str | None = f"/fhir/{taro}/$everything?_count=2"
    while path:
        page = (await sakura.get(path)).json()
        seen += ids(page)
        path = link(page)
    assert seen[0] == taro.removeprefix("Patient/")
    assert set(seen[1:]) == made and len(seen) == len(set(seen))
    only = (await sakura.get(f"/fhir/{taro}/$everything?_type=Observation")).json()
    assert set(ids(only)) == made
    later = (await sakura.get(f"/fhir/{taro}/$everything?_since=2030-01-01")).json()
    assert ids(later) == []
    stranger = await midori.get(f"/fhir/{taro}/$everything")
    nobody = await midori.get("/fhir/Patient/none/$everything")
    assert stranger.status_code == 404
    assert stranger.content == nobody.content


async def test_the_person_reads_their_own_record_whoever_wrote_it(
    region: Region, sakura: Caller, midori: Caller
) -> None:
    member = "01234567:記号:55:00"
    who = await sakura.made(patient("S-self", member=member, family="本人"))
    there = await midori.made(patient("M-self", member=member, family="本人"))
    name = await sakura.made(lab(f"Patient/{who}"))
    untold = lab(
        f"Patient/{who}",
        code="untold",
        meta={
            "tag": [
                {
                    "system": "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication",
                    "code": "UNINFORMED",
                }
            ]
        },
    )
    hidden = await sakura.made(untold)
    me = await region.caller(role=Role.PERSON, person=await region.person_of(who))
    record = (await me.get("/fhir/Patient/$everything")).json()
    assert set(ids(record)) == {who, there, name}
    for path in (f"/fhir/Observation/{hidden}", "/fhir/Observation/none"):
        assert (await me.get(path)).status_code == 404
    assert ids((await me.get("/fhir/Observation")).json()) == [name]
    assert (await me.post("/fhir/Observation", lab(f"Patient/{who}"))).status_code == 403


async def test_a_composition_becomes_a_document(sakura: Caller, midori: Caller, taro: str) -> None:
    doctor = await sakura.made({"resourceType": "Practitioner", "name": [{"text": "見本 医師"}]})
    name = await sakura.made(lab(taro))
    paper = await sakura.made({
        "resourceType": "Composition", "status": "final", "type": {"text": "経過"}, "date": "2026-11-01",
        "subject": {"reference": taro}, "author": [{"reference": f"Practitioner/{doctor}"}], "title": "見本",
        "section": [{"title": "検査", "entry": [{"reference": f"Observation/{name}"}]}],
    })  # fmt: skip
    made = await sakura.get(f"/fhir/Composition/{paper}/$document")
    assert made.json()["type"] == "document"
    found = [e["resource"]["id"] for e in made.json()["entry"]]
    assert found[0] == paper
    assert set(found) == {paper, doctor, name, taro.removeprefix("Patient/")}
    assert made.content == (await sakura.get(f"/fhir/Composition/{paper}/$document")).content
    assert (await midori.get(f"/fhir/Composition/{paper}/$document")).status_code == 404


async def test_validation_explains_and_stores_nothing(region: Region, sakura: Caller, taro: str) -> None:
    good = await sakura.post("/fhir/Observation/$validate", lab(taro, code="valid-1"))
    assert good.status_code == 200
    assert all(one["severity"] != "error" for one in good.json()["issue"])
    bad = await sakura.post("/fhir/Observation/$validate", {"resourceType": "Observation"})
    assert any(one["severity"] == "error" for one in bad.json()["issue"])
    parameters = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "resource", "resource": {"resourceType": "Observation"}},
            {"name": "mode", "valueCode": "create"},
        ],
    }
    told = await sakura.post("/fhir/Observation/$validate", parameters)
    assert told.json()["issue"][0]["severity"] == "error"
    assert ids((await sakura.get("/fhir/Observation?code=valid-1")).json()) == []
    clerk = await region.caller(MIDORI, Role.CLERK)
    assert (await clerk.post("/fhir/Observation/$validate", lab(taro))).status_code == 403


@pytest.mark.parametrize("body", [
    {"resourceType": "Bundle", "type": "searchset"}, {"resourceType": "Patient"},
])  # fmt: skip
async def test_the_base_takes_transactions_and_batches_only(sakura: Caller, body: Json) -> None:
    answer = await sakura.post("/fhir", body)
    assert (answer.status_code, rules(answer)) == (400, ["bundle.type"])


async def test_links_between_entries_are_followed_in_attachments_and_narratives_too(
    sakura: Caller, taro: str
) -> None:
    scan, paper = (
        "urn:uuid:8c3b0c8e-0000-4000-8000-0000000000b1",
        "urn:uuid:8c3b0c8e-0000-4000-8000-0000000000b2",
    )
    whole = bundle(
        entry("POST", "Binary", {"resourceType": "Binary", "contentType": "text/plain", "data": "44GC"}, scan),
        entry("POST", "DocumentReference", {
            "resourceType": "DocumentReference", "status": "current", "subject": {"reference": taro},
            "identifier": [{"system": "urn:ietf:rfc:3986", "value": scan}],
            "text": {
                "status": "additional",
                "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{scan}">図</a></div>',
            },
            "content": [{"attachment": {"contentType": "text/plain", "url": scan}}],
        }, paper),
    )  # fmt: skip
    answer = await sakura.post("/fhir", whole, prefer="return=representation")
    assert statuses(answer) == ["201", "201"], answer.text
    binary, document = (one["resource"] for one in answer.json()["entry"])
    assert document["content"][0]["attachment"]["url"] == f"Binary/{binary['id']}"
    assert f'<a href="Binary/{binary["id"]}">' in document["text"]["div"]
    assert document["identifier"][0]["value"] == scan


async def test_a_batch_keeps_its_order_and_reads_see_the_writes_before_them(
    sakura: Caller, taro: str
) -> None:
    body = {**lab(taro), "id": "batch-order"}
    whole = bundle(
        entry("GET", "Observation/batch-order"), entry("PUT", "Observation/batch-order", body),
        *(entry("GET", f"Observation/batch-order?_elements={one}") for one in ("status", "code", "subject", "note")),
        entry("DELETE", "Observation/batch-order"), entry("GET", "Observation/batch-order"),
        kind="batch",
    )  # fmt: skip
    answer = await sakura.post("/fhir", whole)
    assert statuses(answer) == ["404", "201", *["200"] * 4, "204", "410"]
    assert all(one["resource"]["id"] == "batch-order" for one in answer.json()["entry"][2:6])
