"""$process-message: a message stores what it carries, once, and is answered by a message."""

import sys
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from api_words import Caller, Json, Region, ids, lab, patient, rules

from kakehashi.core.actors import Role
from kakehashi.fhir.parse import parse
from kakehashi.fhir.validate import validate

sys.path += [str(Path(__file__).parents[2]), str(Path(__file__).parents[2] / "services" / "sharing")]
from builders import conditions, deletion

_NUMBERS = count(1)
URL = "/fhir/$process-message"


def message(*carried: Json, event: str = "records", name: str = "", **header: Any) -> Json:
    """A message of an event; carried resources under fresh `urn:uuid:` addresses, entries as they are."""
    head: Json = {
        "resourceType": "MessageHeader",
        "id": name or f"message-{next(_NUMBERS)}",
        "eventCoding": {"system": "urn:kakehashi:event", "code": event},
        "source": {"name": "桜台", "endpoint": "https://sakura.example/fhir"},
        "destination": [{"endpoint": "https://kakehashi.example/fhir/$process-message"}],
        **header,
    }
    entries = [one if "resource" in one else {"resource": one} for one in carried]
    return {"resourceType": "Bundle", "type": "message", "entry": [{"resource": head}, *entries]}


def replied(answer: httpx.Response, code: str) -> tuple[Json, list[str]]:
    """The reply's header and the rules of its OperationOutcome; the reply is R4."""
    assert answer.status_code == 200, answer.text
    assert [one for one in validate(parse(answer.content)) if one.severity == "error"] == []
    header, outcome = (one["resource"] for one in answer.json()["entry"])
    assert header["response"]["code"] == code, outcome
    assert header["response"]["details"] == {"reference": f"urn:uuid:{outcome['id']}"}
    return header, [
        one["details"]["coding"][0]["code"] for one in outcome["issue"] if "coding" in one["details"]
    ]


async def test_a_message_is_stored_as_a_transaction_would_be(
    sakura: Caller, midori: Caller, taro: str
) -> None:
    who = f"urn:uuid:00000000-0000-4000-8000-{next(_NUMBERS):012}"
    body = message(
        {"fullUrl": who, "resource": patient(f"MSG{next(_NUMBERS)}")},
        lab(who, code="msg-1"),
        {
            "fullUrl": f"https://kakehashi.example/fhir/{taro}",
            "resource": {**patient("MSGT"), "id": taro[8:]},
        },
        name="msg-first",
    )
    header, _ = replied(await sakura.post(URL, body), "ok")
    assert header["response"]["identifier"] == "msg-first"
    assert header["destination"] == [{"name": "桜台", "endpoint": "https://sakura.example/fhir"}]
    assert header["source"]["endpoint"] == "https://kakehashi.example/fhir/$process-message"
    assert header["eventCoding"] == body["entry"][0]["resource"]["eventCoding"]
    stored = [one["reference"] for one in header["focus"]]
    assert stored[2] == f"{taro}/_history/2"
    [found] = (await sakura.get("/fhir/Observation?code=msg-1")).json()["entry"]
    assert found["resource"]["subject"]["reference"] == stored[0].partition("/_history")[0]
    assert ids((await midori.get("/fhir/Observation?code=msg-1")).json()) == []


async def test_a_message_that_comes_again_has_one_effect_and_the_same_answer(
    sakura: Caller, taro: str
) -> None:
    body = message(lab(taro, code="msg-twice"), name="msg-again")
    first = await sakura.post(URL, {**body, "id": "envelope-1", "timestamp": "2026-11-21T00:00:00Z"})
    again = await sakura.post(URL, {**body, "id": "envelope-2", "timestamp": "2026-11-21T00:01:00Z"})
    replied(first, "ok")
    assert again.content == first.content
    assert len(ids((await sakura.get("/fhir/Observation?code=msg-twice")).json())) == 1
    other = await sakura.post(URL, message(lab(taro, code="msg-other"), name="msg-again"))
    assert replied(other, "fatal-error")[1] == ["store.idempotency-key"]
    assert ids((await sakura.get("/fhir/Observation?code=msg-other")).json()) == []


async def test_another_institutions_message_of_the_same_id_is_another(
    sakura: Caller, midori: Caller, taro: str
) -> None:
    for caller in (sakura, midori):
        person = {key: value for key, value in patient("x").items() if key != "identifier"}
        replied(await caller.post(URL, message(person, name="msg-shared")), "ok")


async def test_what_is_wrong_with_the_records_is_told_in_the_reply_and_nothing_is_stored(
    sakura: Caller, midori: Caller, taro: str
) -> None:
    good, bad = lab(taro, code="msg-half"), {**lab(taro), "status": "sometimes"}
    header, told = replied(await sakura.post(URL, message(good, bad, name="msg-mended")), "fatal-error")
    assert "focus" not in header and told
    assert ids((await sakura.get("/fhir/Observation?code=msg-half")).json()) == []
    replied(await sakura.post(URL, message(good, name="msg-mended")), "ok")  # mended: not a repeat
    theirs = {"fullUrl": "x/y", "resource": {**lab(taro), "id": "none"}}
    assert replied(await midori.post(URL, message(theirs)), "fatal-error")[1]
    assert replied(await sakura.post(URL, message()), "fatal-error")[1] == ["message.envelope"]
    nested = await sakura.post(URL, message(conditions()))
    assert replied(nested, "fatal-error")[1] == ["sharing.transaction"]


async def test_a_submission_goes_to_the_sharing_service(sakura: Caller) -> None:
    body = message({"resource": conditions()}, event="submission", name="msg-c1")
    header, _ = replied(await sakura.post(URL, body), "ok")
    [kept] = header["focus"]
    assert ids((await sakura.get("/fhir/Condition")).json()) != []
    again = await sakura.post(URL, body)
    assert replied(again, "ok")[0]["focus"] == [kept]
    two = message({"resource": conditions()}, patient("x"), event="submission")
    assert replied(await sakura.post(URL, two), "fatal-error")[1] == ["message.envelope"]
    gone = await sakura.post(URL, message({"resource": deletion()}, event="submission"))
    replied(gone, "ok")
    assert ids((await sakura.get("/fhir/Condition")).json()) == []
    unknown = await sakura.post(URL, message({"resource": deletion()}, event="submission"))
    assert replied(unknown, "fatal-error")[1] == ["C1.submission.unknown"]


async def test_an_event_that_is_not_served_is_refused_with_those_that_are(sakura: Caller, taro: str) -> None:
    for event in ("", "admit-notify"):
        answer = await sakura.post(URL, message(lab(taro), event=event or "x"))
        assert replied(answer, "fatal-error")[1] == ["message.event"]
        assert "urn:kakehashi:event|submission" in answer.text
    uri = message(lab(taro), eventUri="urn:kakehashi:event:records")
    del uri["entry"][0]["resource"]["eventCoding"]
    replied(await sakura.post(URL, uri), "ok")
    uri = message(lab(taro), eventUri="urn:other:records")
    del uri["entry"][0]["resource"]["eventCoding"]
    assert replied(await sakura.post(URL, uri), "fatal-error")[1] == ["message.event"]


async def test_digits_survive_the_envelope(sakura: Caller, taro: str) -> None:
    asked = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "content", "resource": message(lab(taro, code="msg-digits"))},
            {"name": "async", "valueBoolean": False},
        ],
    }
    replied(await sakura.post(URL, orjson.dumps(asked).replace(b"13.5", b"13.500")), "ok")
    found = await sakura.get("/fhir/Observation?code=msg-digits")
    assert b'"value":13.500' in found.content


@pytest.mark.parametrize(
    ("change", "status", "rule"),
    [
        ({"type": "collection"}, 422, "message.envelope"),
        ({"entry": []}, 400, ""),
        ({"entry": [{"resource": patient("x")}]}, 422, "message.envelope"),
        ({"entry": [{"fullUrl": "urn:x"}]}, 422, "message.envelope"),
    ],
)
async def test_what_is_no_message_is_refused(sakura: Caller, change: Json, status: int, rule: str) -> None:
    answer = await sakura.post(URL, {**message(patient("x")), **change})
    assert answer.status_code == status or not rule, answer.text
    assert not rule or rules(answer) == [rule]


async def test_headers_are_held_against_r4_and_messages_against_their_limits(sakura: Caller) -> None:
    nameless = message(patient("x"))
    del nameless["entry"][0]["resource"]["id"]
    assert rules(await sakura.post(URL, nameless)) == ["message.envelope"]
    sourceless = message(patient("x"))
    del sourceless["entry"][0]["resource"]["source"]
    answer = await sakura.post(URL, sourceless)
    assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (
        422,
        ["Bundle.entry[0].resource.source"],
    )
    many = message(*({"fullUrl": f"urn:{n}"} for n in ()))
    many["entry"] += [{"resource": {"resourceType": "Basic"}}] * 10_001
    assert rules(await sakura.post(URL, many)) == ["message.envelope"]


async def test_no_address_of_a_message_is_called(sakura: Caller, taro: str) -> None:
    body = message(lab(taro, code="msg-async"))
    for query in ("async=true", "response-url=https://elsewhere.example", "async"):
        answer = await sakura.post(f"{URL}?{query}", body)
        assert (answer.status_code, rules(answer)) == (400, ["message.asynchronous"])
    for one in (
        {"name": "async", "valueBoolean": True},
        {"name": "response-url", "valueUrl": "https://x.example"},
    ):
        asked = {"resourceType": "Parameters", "parameter": [{"name": "content", "resource": body}, one]}
        assert rules(await sakura.post(URL, asked)) == ["message.asynchronous"]
    for wrong in ({"resourceType": "Parameters"}, patient("x")):
        assert (await sakura.post(URL, wrong)).status_code == 400
    assert ids((await sakura.get("/fhir/Observation?code=msg-async")).json()) == []


async def test_who_may_not_store_may_not_send(region: Region, sakura: Caller, taro: str) -> None:
    body = message(lab(taro, code="msg-denied"))
    narrow = await region.caller(scope="system/Bundle.c system/Patient.c")
    for caller in (await region.caller(role=Role.CLERK), await region.caller(role=Role.AUDITOR), narrow):
        assert (await caller.post(URL, body)).status_code == 403
    doctor = await region.caller(role=Role.DOCTOR)
    replied(await doctor.post(URL, body), "ok")
    submission = message({"resource": conditions()}, event="submission")
    assert (await doctor.post(URL, submission)).status_code == 403


async def test_events_of_hl7_v2_that_are_their_records_store_them_and_a_merge_is_refused(
    sakura: Caller, taro: str
) -> None:
    """As SEKMET and others who came from v2 send them."""
    system = "http://terminology.hl7.org/CodeSystem/v2-0003"
    for code in ("A01", "A04", "R01"):
        told = message(lab(taro, code=f"v2-{code}"), eventCoding={"system": system, "code": code})
        replied(await sakura.post(URL, told), "ok")
        assert len(ids((await sakura.get(f"/fhir/Observation?subject={taro}&code=v2-{code}")).json())) == 1
    for code in ("A40", "A29", "", "a01"):
        merge = message(lab(taro, code="v2-never"), eventCoding={"system": system, "code": code or "x"})
        assert replied(await sakura.post(URL, merge), "fatal-error")[1] == ["message.event"]
    assert ids((await sakura.get(f"/fhir/Observation?subject={taro}&code=v2-never")).json()) == []
