"""What comes to the door: malformed bodies, sizes, tokens, methods; each refused with its reason, nothing stored."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator

import orjson
import pytest
from api_words import Caller, Region, ids, lab, rules

from kakehashi.core.actors import Role
from kakehashi.faces.api import body, health
from kakehashi.store.database import Database

MARK = "malformed-1"


def observation(subject: str) -> str:
    return json.dumps(lab(subject, code=MARK), ensure_ascii=False)


MALFORMED = {
    "Shift_JIS": lambda who: observation(who).replace("g/dL", "所見").encode("cp932"),
    "byte order mark": lambda who: b"\xef\xbb\xbf" + observation(who).encode(),
    "100,000 deep": lambda who: b'{"resourceType":"Observation","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "duplicate keys": lambda who: observation(who).replace('"status"', '"status":"final","status"', 1).encode(),
    "NaN": lambda who: observation(who).replace("13.5", "NaN").encode(),
    "lone surrogate": lambda who: observation(who).replace('"g/dL"', r'"\ud800"', 1).encode(),
    "NUL": lambda who: observation(who).replace('"g/dL"', r'"\u0000"', 1).encode(),
    "cut short": lambda who: observation(who).encode()[:-9],
    "XML": lambda who: b"<Observation/>",
    "nothing": lambda who: b"",
    "another release's type": lambda who: b'{"resourceType":"Transport"}',
    "a list": lambda who: b"[]",
}  # fmt: skip


@pytest.mark.parametrize("name", MALFORMED)
async def test_a_malformed_body_is_refused_with_its_reason_and_leaves_nothing(
    sakura: Caller, taro: str, name: str
) -> None:
    sent = MALFORMED[name](taro)
    for path in ("/fhir/Observation", "/fhir", "/sharing/bundles", "/fhir/Observation/$validate"):
        answer = await sakura.post(path, sent)
        assert answer.status_code == 400, (path, answer.text)
        assert answer.json()["issue"][0]["details"]["text"]
    assert ids((await sakura.get(f"/fhir/Observation?code={MARK}")).json()) == []


async def test_a_body_of_200_megabytes_is_refused_before_it_is_read(sakura: Caller) -> None:
    asked = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal asked
        for _ in range(200):
            asked += 1
            yield b"x" * (1 << 20)

    said = {"authorization": f"Bearer {sakura.token}", "content-type": "application/fhir+json"}
    streamed = await sakura.client.post("/fhir/Observation", content=endless(), headers=said)
    assert (streamed.status_code, rules(streamed)) == (413, ["http.body"])
    assert asked <= 60
    asked = 0
    stated = await sakura.client.post(
        "/fhir/Observation", content=endless(), headers={**said, "content-length": str(200 << 20)}
    )
    assert stated.status_code == 413
    assert asked <= 1


async def test_a_bundle_has_a_limit_below_the_bodys_and_a_binary_has_not(sakura: Caller) -> None:
    whole = b'{"resourceType":"Bundle","type":"transaction","entry":[' + b" " * (21 << 20)
    for path in ("/fhir", "/fhir/Bundle", "/sharing/bundles"):
        refused = await sakura.post(path, whole)
        assert (refused.status_code, rules(refused)) == (413, ["record.bundle-size"]), path
    scan = b'{"resourceType":"Binary","contentType":"image/png","data":"' + b"AAAA" * (6 << 20) + b'"}'
    assert (await sakura.post("/fhir/Binary/$validate", scan)).status_code == 200


async def test_of_a_transaction_that_is_wrong_throughout_the_first_problems_are_told(
    sakura: Caller, taro: str
) -> None:
    wrong = {
        "resource": {**lab(taro, code=MARK), "extra": 1},
        "request": {"method": "POST", "url": "Observation"},
    }
    sent = {"resourceType": "Bundle", "type": "transaction", "entry": [wrong] * 3_000}
    answer = await sakura.post("/fhir", sent)
    assert answer.status_code == 422
    assert len(rules(answer)) <= 201
    assert rules(answer)[-1] == "record.too-many"
    assert ids((await sakura.get(f"/fhir/Observation?code={MARK}")).json()) == []


async def test_large_bodies_that_come_together_are_each_told_their_reason(sakura: Caller, taro: str) -> None:
    entry = {"resource": lab(taro, code=MARK), "request": {"method": "POST", "url": "Observation"}}
    good = json.dumps({"resourceType": "Bundle", "type": "batch", "entry": [entry] * 3_000}).encode()
    assert len(good) > 1 << 20
    bad = {
        "json.duplicate-key": good[:-1] + b',"type":"batch"}',
        "json.syntax": good[:-1],
        "json.control": good.replace(b'"final"', rb'"\u0000"', 1),
    }
    many = [*bad.items()] * 2
    answers = await asyncio.gather(
        *(sakura.post("/fhir", body) for _, body in many), sakura.get(f"/fhir/{taro}")
    )
    assert answers.pop().status_code == 200
    assert [rules(one) for one in answers] == [[rule] for rule, _ in many]


async def test_a_packed_body_counts_by_what_comes_out(sakura: Caller, taro: str) -> None:
    good = gzip.compress(observation(taro).replace(MARK, "packed").encode())
    assert (await sakura.post("/fhir/Observation", good, content_encoding="gzip")).status_code == 201
    bomb = gzip.compress(b" " * (60 << 20))
    assert (await sakura.post("/fhir/Observation", bomb, content_encoding="gzip")).status_code == 413
    broken = await sakura.post("/fhir/Observation", good[:-9], content_encoding="gzip")
    assert (broken.status_code, rules(broken)) == (400, ["http.gzip"])
    assert (await sakura.post("/fhir/Observation", good, content_encoding="br")).status_code == 415


async def test_a_body_that_does_not_come_in_time_is_given_up(
    sakura: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "SECONDS", 0.01)

    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(0.1)
        yield b"}"

    said = {"authorization": f"Bearer {sakura.token}", "content-type": "application/fhir+json"}
    assert (await sakura.client.post("/fhir/Observation", content=slow(), headers=said)).status_code == 408


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer nonsense", "Basic Zm9vOmJhcg==", "Bearer a.b.c"])
async def test_who_has_no_good_token_is_told_so_and_nothing_else(region: Region, header: str) -> None:
    said = {"authorization": header} if header else {}
    answer = await region.client.get("/fhir/Patient/none", headers=said)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    cookie = await region.client.get("/fhir/Patient/none", headers={"cookie": "kakehashi=abc"})
    assert cookie.status_code == 401


async def test_addresses_and_methods_that_are_not_there(sakura: Caller) -> None:
    for path in (
        "/fhir/Transport/1",
        "/fhir/Patient/1/2/3",
        "/fhir/$nothing",
        "/oauth/nothing",
        "/fhirx",
        "/fhir/x",
    ):
        assert (await sakura.get(path)).status_code in (404,), path
    wrong = await sakura.ask("PATCH", "/fhir/Patient/1/_history", {})
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET")
    assert (await sakura.get("/fhir/Patient?name=" + "x" * 20_000)).status_code == 414
    assert (await sakura.get("/fhir/Patient", x_long="x" * 70_000)).status_code == 431


async def test_every_answer_carries_the_request_id_and_is_kept_by_no_cache(sakura: Caller, taro: str) -> None:
    own = await sakura.get(f"/fhir/{taro}", x_request_id="abc-1")
    assert own.headers["x-request-id"] == "abc-1"
    assert own.headers["cache-control"] == "no-store"
    forged = await sakura.get(f"/fhir/{taro}", x_request_id="a b\tc")
    assert forged.headers["x-request-id"] != "a b\tc"


async def test_an_unexpected_fault_is_answered_without_details(
    region: Region, sakura: Caller, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("見本 太郎 の記録")

    monkeypatch.setattr("kakehashi.engines.records.look.read_one", broken)
    answer = await sakura.get("/fhir/Patient/1")
    assert answer.status_code == 500
    assert "太郎" not in answer.text + "".join(capsys.readouterr())
    assert answer.json()["issue"][0]["code"] == "exception"


async def test_health_tells_of_the_database_and_the_disk(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await region.client.get("/health")).json() == {"status": "ok"}
    assert (await region.client.get("/health/ready")).status_code == 200

    def full(self: Database) -> None:
        raise health.Unavailable

    monkeypatch.setattr(Database, "require_room", full)
    ready = await region.client.get("/health/ready")
    assert (ready.status_code, ready.json()["disk"]) == (503, "full")


async def test_health_tells_where_searches_miss_records_and_goes_on_serving(region: Region) -> None:
    assert (await region.client.get("/health/ready")).json()["searches"] == "ok"
    async with region.db.transaction() as tx:
        await tx.execute("UPDATE index_scheme SET number = 0")
    ready = await region.client.get("/health/ready")
    assert (ready.status_code, ready.json()["searches"]) == (200, "incomplete")


async def test_figures_hold_no_ids_and_no_search_values(region: Region, sakura: Caller, taro: str) -> None:
    await sakura.get(f"/fhir/{taro}")
    await sakura.get("/fhir/Patient?family=秘密の姓")
    bearer = {"authorization": f"Bearer {region.settings.metrics_token}"}
    figures = (await region.client.get("/metrics", headers=bearer)).text
    assert 'kakehashi_requests_total{interaction="read",status="200",type="Patient"}' in figures
    assert taro.removeprefix("Patient/") not in figures
    assert "秘密" not in figures


async def test_outcomes_are_valid_resources_themselves(region: Region, sakura: Caller) -> None:
    bad = await sakura.post("/fhir/Observation", {"resourceType": "Observation", "extra": 1})
    assert bad.status_code == 422
    told = await sakura.post("/fhir/OperationOutcome/$validate", bad.content)
    assert [one for one in told.json()["issue"] if one["severity"] == "error"] == []


async def test_bundles_are_valid_resources_themselves(region: Region, sakura: Caller, taro: str) -> None:
    await sakura.made(lab(taro))
    for path in (
        f"/fhir/Observation?subject={taro}&x=1",
        "/fhir/_history?_count=3",
        f"/fhir/{taro}/$everything",
    ):
        whole = (await sakura.get(path)).content
        told = await sakura.post("/fhir/Bundle/$validate", whole)
        assert [one for one in told.json()["issue"] if one["severity"] == "error"] == [], path


async def test_a_person_may_not_write_and_a_clerk_may_not_read_records(
    region: Region, sakura: Caller, taro: str
) -> None:
    name = await sakura.made(lab(taro))
    clerk = await region.caller(role=Role.CLERK)
    assert (await clerk.get(f"/fhir/{taro}")).status_code == 200
    assert (await clerk.get(f"/fhir/Observation/{name}")).status_code == 404
    assert (await clerk.post("/fhir/Observation", lab(taro))).status_code == 403
    assert orjson.loads((await clerk.delete(f"/fhir/{taro}")).content)["issue"][0]["code"] == "forbidden"
