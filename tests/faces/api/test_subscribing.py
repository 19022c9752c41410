"""Subscribing by rest-hook: what a subscriber gets, what it never gets, and what becomes of who does not answer."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import orjson
import pytest
from api_words import MIDORI, NOON, SAKURA, Caller, Region, lab, patient, rules
from subscription_words import (
    TOPIC,
    Receiver,
    courier_of,
    on_topic,
    plain,
    receiving,
    state_of,
    topic,
    trigger,
)

from databases import as_owner
from kakehashi.core.actors import Role
from kakehashi.engines.subscriptions import noticing
from kakehashi.engines.subscriptions.courier import MOST_FAILURES, Courier, wait_after
from kakehashi.store import clients, quarantine, subscriptions, tokens
from kakehashi.store.database import Database

HGB, NA = "Observation?code=http://loinc.org|718-7", "2951-2"


@pytest.fixture
async def region(db: Database, tmp_path: Path) -> AsyncIterator[Region]:
    started = await Region.start(db, tmp_path, hook_networks="127.0.0.0/8")
    async with started.client:
        yield started


@pytest.fixture
async def sakura(region: Region) -> Caller:
    return await region.caller()


@pytest.fixture
async def taro(sakura: Caller) -> str:
    return "Patient/" + await sakura.made(patient("S1", member="M1"))


@pytest.fixture
async def hook() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
def courier(region: Region) -> Courier:
    return courier_of(region)


async def test_a_result_is_told_without_content_where_no_payload_was_asked_for(
    sakura: Caller, taro: str, hook: Receiver, courier: Courier
) -> None:
    name = await sakura.made(plain(hook, HGB, header=["Authorization: Bearer abc", "X-Ward: 3"]))
    assert await state_of(sakura, name) == "requested"
    await sakura.made(lab(taro))
    await sakura.made(lab(taro, code=NA))
    assert await courier.work()
    [got] = hook.take()
    assert (got.method, got.path, got.body) == ("POST", "/hook", b"")
    assert (got.headers["authorization"], got.headers["x-ward"]) == ("Bearer abc", "3")
    assert await state_of(sakura, name) == "active"


async def test_with_a_payload_the_resource_is_put_under_its_address(
    sakura: Caller, taro: str, hook: Receiver, courier: Courier
) -> None:
    await sakura.made(plain(hook, HGB, payload="application/fhir+json"))
    await sakura.made(plain(hook, HGB, payload="application/fhir+xml"))
    made = await sakura.made(lab(taro))
    await courier.work()
    as_xml, as_json = sorted(hook.take(), key=lambda one: one.body)
    assert {as_json.method, as_xml.method} == {"PUT"} and as_json.path == f"/hook/Observation/{made}"
    assert as_json.body == (await sakura.get(f"/fhir/Observation/{made}")).content
    assert as_xml.body.startswith(b"<") and as_xml.headers["content-type"].startswith("application/fhir+xml")


async def test_a_topic_begins_with_a_handshake_and_tells_ids_unless_more_is_asked_for(
    sakura: Caller, taro: str, hook: Receiver, courier: Courier
) -> None:
    await sakura.made(topic(trigger("create")))
    name = await sakura.made(on_topic(hook))
    await courier.work()
    [shaken] = hook.take()
    assert shaken.status["type"] == "handshake" and shaken.status["status"] == "requested"
    made = await sakura.made(lab(taro))
    await courier.work()
    [got] = hook.take()
    assert got.json["type"] == "history"
    assert got.status["type"] == "event-notification" and got.status["topic"] == TOPIC
    assert got.status["events-since-subscription-start"] == "1" and got.numbers == [1]
    assert got.focuses == [f"https://kakehashi.example/fhir/Observation/{made}"]
    assert "resource" not in got.json["entry"][1] and b"13.5" not in got.body
    assert await state_of(sakura, name) == "active"
    found = (await sakura.post("/fhir/Bundle/$validate", got.json)).json()
    assert not [one for one in found["issue"] if one["severity"] in ("error", "fatal")], found


@pytest.mark.parametrize(
    ("content", "told"),
    [("empty", (False, False)), ("id-only", (True, False)), ("full-resource", (True, True))],
)
async def test_a_topic_tells_as_much_as_was_asked_for(
    sakura: Caller, taro: str, hook: Receiver, courier: Courier, content: str, told: tuple[bool, bool]
) -> None:
    await sakura.made(topic(trigger("create")))
    await sakura.made(on_topic(hook, content=content))
    made = await sakura.made(lab(taro))
    await courier.work()
    body = hook.take()[-1].body
    assert (made.encode() in body, b"13.5" in body) == told


async def test_events_keep_their_order_and_their_numbers(
    sakura: Caller, taro: str, hook: Receiver, courier: Courier
) -> None:
    await sakura.made(topic(trigger("create")))
    await sakura.made(on_topic(hook))
    made = [await sakura.made(lab(taro, value=10 + n)) for n in range(45)]
    await courier.work()
    got = hook.take()[1:]
    assert [number for one in got for number in one.numbers] == list(range(1, 46))
    assert [focus.rpartition("/")[2] for one in got for focus in one.focuses] == made


async def test_an_update_that_leaves_the_criteria_and_a_deletion_are_events_where_the_topic_says_so(
    sakura: Caller, taro: str, hook: Receiver, courier: Courier
) -> None:
    left = trigger("update", "delete", previous="status=final", current="status:not=final", requireBoth=True,
                   resultForDelete="test-passes")  # fmt: skip
    await sakura.made(topic(left))
    await sakura.made(on_topic(hook))
    made = await sakura.made(lab(taro))
    changed = {**lab(taro), "id": made}
    await sakura.put(f"/fhir/Observation/{made}", {**changed, "note": [{"text": "見本"}]})  # stays within
    await courier.work()
    assert [one.status["type"] for one in hook.take()] == ["handshake"]
    await sakura.put(f"/fhir/Observation/{made}", {**changed, "status": "amended"})
    other = await sakura.made(lab(taro))
    await sakura.delete(f"/fhir/Observation/{other}")
    await courier.work()
    [got] = hook.take()
    assert [focus.rpartition("/")[2] for focus in got.focuses] == [made, other]
    assert [one["request"]["method"] for one in got.json["entry"][1:]] == ["PUT", "DELETE"]


async def test_a_filter_narrows_a_topic_and_only_by_what_the_topic_lets_be_filtered(
    sakura: Caller, taro: str, hook: Receiver, courier: Courier
) -> None:
    await sakura.made(topic(trigger("create"), filters=("patient",)))
    jiro = "Patient/" + await sakura.made(patient("S2", family="次郎"))
    refused = await sakura.post("/fhir/Subscription", on_topic(hook, filters=("Observation?code=718-7",)))
    assert refused.status_code == 422 and rules(refused) == ["subscription.filter"]
    await sakura.made(on_topic(hook, filters=(f"Observation?patient={taro}",)))
    mine, _ = await sakura.made(lab(taro)), await sakura.made(lab(jiro))
    await courier.work()
    assert hook.take()[-1].focuses == [f"https://kakehashi.example/fhir/Observation/{mine}"]


async def test_another_institutions_records_are_told_only_while_the_person_consents(
    region: Region, sakura: Caller, taro: str, hook: Receiver, courier: Courier
) -> None:
    """A doctor's subscription reaches as far as the doctor does; numbers count nothing else."""
    midori = await region.caller(MIDORI)
    doctor = await region.caller(MIDORI, Role.DOCTOR)
    own = "Patient/" + await midori.made(patient("G1", member="M1"))
    await doctor.made(topic(trigger("create")))
    await doctor.made(on_topic(hook))
    await sakura.made(lab(taro))  # without consent: no event, and no number
    await midori.made(lab(own))
    await courier.work()
    assert [one.numbers for one in hook.take()[1:]] == [[1]]
    await region.consent(taro.removeprefix("Patient/"), MIDORI)
    theirs = await sakura.made(lab(taro))
    await courier.work()
    [got] = hook.take()
    assert got.numbers == [2] and got.focuses[0].endswith(theirs)
    region.clock.tick(25 * 3600)  # a consent at the desk lives for a day
    await (await region.caller()).made(lab(taro))
    await courier.work()
    assert hook.take() == []


async def test_what_may_not_be_seen_any_more_when_it_is_sent_is_not_sent(
    region: Region, sakura: Caller, taro: str, hook: Receiver, courier: Courier
) -> None:
    """Noticed while consent lived, sent when it did not: the number is told, and nothing else."""
    doctor = await region.caller(MIDORI, Role.DOCTOR)
    midori = await region.caller(MIDORI)
    await midori.made(patient("G1", member="M1"))
    await doctor.made(topic(trigger("create")))
    name = await doctor.made(on_topic(hook, content="full-resource"))
    await courier.work()
    hook.take()
    await region.consent(taro.removeprefix("Patient/"), MIDORI)
    made = await sakura.made(lab(taro))
    hook.answer = "500"
    await courier.work()
    assert made.encode() in hook.take()[0].body
    region.clock.tick(25 * 3600)
    hook.answer = "200"
    await courier.work()
    [got] = hook.take()
    assert got.numbers == [1] and got.focuses == [] and made.encode() not in got.body
    later = await region.caller(MIDORI, Role.DOCTOR)
    events = await later.get(f"/fhir/Subscription/{name}/$events")
    assert events.status_code == 200 and made not in events.text


async def test_every_telling_is_in_the_log_of_the_person_before_it_is_sent(
    region: Region, sakura: Caller, taro: str, hook: Receiver, courier: Courier
) -> None:
    name = await sakura.made(plain(hook, HGB))
    made = await sakura.made(lab(taro))
    person = await region.person_of(taro.removeprefix("Patient/"))
    await courier.work()
    entries = [entry for entry in await log_of(region, person) if entry["action"] == "notify"]
    assert [entry["items"] for entry in entries] == [[f"Observation/{made}/_history/1"]]
    assert entries[0]["request"] == f"Subscription/{name}" and entries[0]["who"].startswith("demo-")


async def log_of(region: Region, person: int) -> list[dict]:
    connection = await asyncpg.connect(as_owner(region.db.url))
    try:
        found = await connection.fetch("SELECT entry FROM log WHERE person = $1 ORDER BY seq", person)
    finally:
        await connection.close()
    return [orjson.loads(one["entry"]) for one in found]


@pytest.mark.parametrize("how", ["client suspended", "institution in quarantine"])
async def test_a_subscriber_who_may_not_act_any_more_gets_nothing_at_once(
    region: Region, sakura: Caller, taro: str, hook: Receiver, courier: Courier, how: str
) -> None:
    name = await sakura.made(plain(hook, HGB))
    await courier.work()
    await sakura.made(lab(taro))
    await noticing.notice(courier.house, at=region.clock.now)  # it waits to be sent
    async with region.db.transaction() as tx:
        if how == "client suspended":
            assert await clients.set_status(tx, f"demo-{SAKURA.code}", "suspended")
        else:
            await quarantine.place(tx, SAKURA.key, at=region.clock.now, by="operator", reason="試験")
    await courier.work()
    assert hook.take() == []
    async with subscriptions.reaching(region.db, subscriptions.of_institution(SAKURA.key)) as tx:
        held = await subscriptions.one(tx, name)
    assert held is not None and held.status == "error"


async def test_new_keys_stop_what_was_subscribed_with_the_old_ones_until_it_is_requested_again(
    region: Region, sakura: Caller, taro: str, hook: Receiver, courier: Courier
) -> None:
    """Whoever had the old key may have left an address of their own behind."""
    name = await sakura.made(plain(hook, HGB))
    await courier.work()
    async with region.db.transaction() as tx:
        at = region.clock.now
        await tokens.revoke(tx, "subject", f"demo-{SAKURA.code}", at, at + timedelta(days=1))
    region.clock.tick(2 * 86_400)  # long after the list of struck tokens has forgotten it
    again = await region.caller()
    await again.made(lab(taro))
    await courier.work()
    assert hook.take() == []
    told = (await again.get(f"/fhir/Subscription/{name}")).json()
    assert told.pop("status") == "error" and "may not act" in told.pop("error")
    await again.put(f"/fhir/Subscription/{name}", {**told, "status": "requested"})
    await again.made(lab(taro))
    await courier.work()
    assert len(hook.take()) == 1


@pytest.mark.parametrize(
    ("scope", "told"),
    [("system/Subscription.cruds system/Observation.cruds", 1), ("system/Subscription.cruds", 0)],
)
async def test_nobody_subscribes_to_what_their_token_may_not_read(
    region: Region, sakura: Caller, taro: str, hook: Receiver, courier: Courier, scope: str, told: int
) -> None:
    narrow = await region.caller(SAKURA, scope=scope)
    answer = await narrow.post("/fhir/Subscription", plain(hook, HGB))
    assert answer.status_code == (201 if told else 403)
    await sakura.made(lab(taro))
    await courier.work()
    assert len(hook.take()) == told


async def test_a_subscription_and_its_headers_are_its_institutions_own_business(
    region: Region, sakura: Caller, hook: Receiver
) -> None:
    name = await sakura.made(plain(hook, HGB, header=["Authorization: Bearer secret"]))
    midori = await region.caller(MIDORI)
    assert (await midori.get(f"/fhir/Subscription/{name}")).status_code == 404
    assert (await midori.get(f"/fhir/Subscription/{name}/$status")).status_code == 404
    assert (await midori.get(f"/fhir/Subscription/{name}/$events")).status_code == 404
    assert (await midori.get(f"/fhir/Subscription/$status?id={name}")).json()["total"] == 0
    assert (await midori.get("/fhir/Subscription")).json().get("entry", []) == []
    assert (
        await midori.put(f"/fhir/Subscription/{name}", {**plain(hook, HGB), "id": name})
    ).status_code == 409


@pytest.mark.parametrize("answer", ["500", "302", "hang", "endless"])
async def test_whoever_does_not_take_it_gets_it_again_later_and_later(
    region: Region, sakura: Caller, taro: str, hook: Receiver, answer: str
) -> None:
    courier = courier_of(region, seconds=0.3)
    await sakura.made(topic(trigger("create")))
    name = await sakura.made(on_topic(hook))
    await courier.work()
    hook.take()
    hook.answer = answer
    await sakura.made(lab(taro))
    await courier.work()
    [first] = hook.take()
    assert first.path == "/hook"  # a redirect is not followed
    await courier.work()
    assert hook.take() == []  # not before it is due
    region.clock.tick(1)
    await courier.work()
    [second] = hook.take()
    region.clock.tick(1)
    await courier.work()
    assert hook.take() == []  # the second wait is longer
    hook.answer = "200"
    region.clock.tick(1)
    await sakura.made(lab(taro))
    await courier.work()
    [third] = hook.take()
    assert (first.numbers, second.numbers, third.numbers) == ([1], [1], [1, 2])
    assert await state_of(sakura, name) == "active"


async def test_after_many_failures_it_is_in_error_until_it_is_requested_again(
    region: Region, sakura: Caller, taro: str, hook: Receiver, courier: Courier
) -> None:
    name = await sakura.made(plain(hook, HGB))
    await courier.work()
    hook.answer = "500"
    await sakura.made(lab(taro))
    for failures in range(1, MOST_FAILURES + 1):
        await courier.work()
        region.clock.tick(wait_after(failures).total_seconds())
    assert len(hook.take()) == MOST_FAILURES
    told = (await sakura.get(f"/fhir/Subscription/{name}")).json()
    assert (told["status"], told["error"]) == ("error", "hook.status.500")
    await courier.work()
    assert hook.take() == []
    hook.answer = "200"
    del told["error"]
    await sakura.put(f"/fhir/Subscription/{name}", {**told, "status": "requested"})
    await courier.work()
    assert len(hook.take()) == 1  # what waited
    assert await state_of(sakura, name) == "active"


async def test_one_that_hangs_holds_up_nobody_else(
    region: Region, sakura: Caller, taro: str, hook: Receiver
) -> None:
    courier = courier_of(region, seconds=1)
    async with receiving() as slow:
        await sakura.made(plain(slow, HGB))
        await sakura.made(plain(hook, HGB))
        await courier.work()
        slow.answer = "hang"
        for _ in range(3):
            await sakura.made(lab(taro))
        await courier.work()
        assert len(hook.take()) == 3 and len(slow.take()) == 1


async def test_silence_is_broken_by_a_heartbeat(
    region: Region, sakura: Caller, hook: Receiver, courier: Courier
) -> None:
    await sakura.made(topic(trigger("create")))
    await sakura.made(on_topic(hook, heartbeat=60))
    await courier.work()
    hook.take()
    for seconds, beats in ((59, 0), (1, 1), (30, 0), (30, 1)):
        region.clock.tick(seconds)
        await courier.work()
        assert [one.status["type"] for one in hook.take()] == ["heartbeat"] * beats


async def test_off_and_deleted_and_ended_subscriptions_are_told_nothing(
    region: Region, sakura: Caller, taro: str, hook: Receiver, courier: Courier
) -> None:
    off = await sakura.made(plain(hook, HGB))
    deleted = await sakura.made(plain(hook, HGB))
    ends = (NOON + timedelta(minutes=1)).isoformat().replace("+00:00", "Z")
    ended = await sakura.made({**plain(hook, HGB), "end": ends})
    await courier.work()
    held = (await sakura.get(f"/fhir/Subscription/{off}")).json()
    await sakura.put(f"/fhir/Subscription/{off}", {**held, "status": "off"})
    await sakura.delete(f"/fhir/Subscription/{deleted}")
    region.clock.tick(61)
    await sakura.made(lab(taro))
    await courier.work()
    assert hook.take() == []
    assert await state_of(sakura, ended) == "off"


async def test_what_happened_before_or_while_it_was_off_is_not_told(
    sakura: Caller, taro: str, hook: Receiver, courier: Courier
) -> None:
    await sakura.made(lab(taro))
    name = await sakura.made({**plain(hook, HGB), "status": "off"})
    await sakura.made(lab(taro))
    await courier.work()
    await sakura.put(f"/fhir/Subscription/{name}", {**plain(hook, HGB), "id": name})
    await courier.work()
    assert hook.take() == []
    await sakura.made(lab(taro))
    await courier.work()
    assert len(hook.take()) == 1


@pytest.mark.parametrize(("networks", "reached"), [("127.0.0.0/8", True), ("", False), ("10.0.0.0/8", False)])
async def test_no_address_within_our_own_network_is_asked_unless_the_operator_lists_it(
    region: Region, sakura: Caller, hook: Receiver, networks: str, reached: bool
) -> None:
    await sakura.made(topic(trigger("create")))
    name = await sakura.made(on_topic(hook))
    await courier_of(region, networks=networks).work()
    assert bool(hook.take()) is reached
    assert await state_of(sakura, name) == ("active" if reached else "requested")


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"criteria": "Observation?subject.name=x"}, "subscription.criteria"),
        ({"criteria": "Observation?colour=red"}, "search"),
        ({"criteria": "https://nobody.example/topic"}, "subscription.topic"),
        ({"channel": {"type": "email", "endpoint": "mailto:a@example.jp"}}, "subscription.channel"),
        ({"channel": {"type": "rest-hook", "endpoint": "ftp://a.example"}}, "subscription.endpoint"),
        ({"channel": {"type": "rest-hook", "endpoint": "https://u:p@a.example/"}}, "subscription.endpoint"),
        ({"channel": {"type": "rest-hook", "endpoint": "https://a.example", "payload": "text/html"}},
         "subscription.payload"),
        ({"channel": {"type": "rest-hook", "endpoint": "https://a.example", "header": ["Host: b.example"]}},
         "subscription.header"),
        ({"channel": {"type": "rest-hook", "endpoint": "https://a.example", "header": ["A: b\r\nC: d"]}},
         "subscription.header"),
    ],
)  # fmt: skip
async def test_what_is_not_done_here_is_refused_when_it_is_asked_for(
    sakura: Caller, hook: Receiver, wrong: dict, rule: str
) -> None:
    answer = await sakura.post("/fhir/Subscription", {**plain(hook, HGB), **wrong})
    assert answer.status_code in (400, 422), answer.text
    assert any(one.startswith(rule) for one in rules(answer)) or answer.status_code == 400, answer.text
    assert (await sakura.get("/fhir/Subscription?_summary=count")).json()["total"] == 0


async def test_status_and_events_can_be_asked_for(
    sakura: Caller, taro: str, hook: Receiver, courier: Courier
) -> None:
    await sakura.made(topic(trigger("create")))
    name = await sakura.made(on_topic(hook))
    made = [await sakura.made(lab(taro)) for _ in range(3)]
    await courier.work()
    told = (await sakura.get(f"/fhir/Subscription/{name}/$status")).json()
    said = {one["name"]: one for one in told["entry"][0]["resource"]["parameter"]}
    assert told["type"] == "searchset" and said["type"]["valueCode"] == "query-status"
    assert said["events-since-subscription-start"]["valueString"] == "3"
    both = await sakura.get(f"/fhir/Subscription/$status?id={name}&id=none&status=active")
    assert both.json()["total"] == 1
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "eventsSinceNumber", "valueString": "1"},
            {"name": "content", "valueCode": "full-resource"},
        ],
    }
    events = (await sakura.post(f"/fhir/Subscription/{name}/$events", body)).json()
    assert events["type"] == "history"
    assert [one["resource"]["id"] for one in events["entry"][1:]] == made[1:]


async def test_only_one_server_delivers(region: Region, sakura: Caller, taro: str, hook: Receiver) -> None:
    first, second = courier_of(region), courier_of(region)
    await sakura.made(plain(hook, HGB))
    await sakura.made(lab(taro))
    async with subscriptions.the_one_worker(region.db) as mine:
        assert mine is not None
        assert not await first.work() and hook.take() == []
    assert await second.work()
    assert len(hook.take()) == 1
