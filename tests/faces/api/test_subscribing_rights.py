"""The systems of every institution, and whoever there writes records, may subscribe to what they may search, and are
told only what they may see now."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from api_words import KAEDE, MIDORI, NOON, SAKURA, Region, lab, patient
from subscription_words import Receiver, courier_of, on_topic, plain, receiving, state_of, topic, trigger

from databases import as_owner
from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.engines.subscriptions.courier import Courier
from kakehashi.store import institutions, quarantine, reach, subscriptions, tokens
from kakehashi.store.database import Database
from kakehashi.store.reach import EVERY_SUBSCRIPTION
from kakehashi.store.subscriptions import Held, Watched
from kakehashi.trust.roles import usual_purpose

KENPO = Institution(4, "06130012", "見本健康保険組合", InstitutionType.INSURER)
TOWN = Institution(5, "131016", "見本市", InstitutionType.MUNICIPALITY)
ELSEWHERE = "Observation?code=http://loinc.org|718-7"


@pytest.fixture
async def region(db: Database, tmp_path: Path) -> AsyncIterator[Region]:
    started = await Region.start(db, tmp_path, hook_networks="127.0.0.0/8")
    async with db.transaction() as tx:
        for place in (KENPO, TOWN):
            await institutions.put(tx, place)
    async with started.client:
        yield started


@pytest.fixture
async def hook() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
def courier(region: Region) -> Courier:
    return courier_of(region)


async def held(region: Region, name: str) -> Held | None:
    async with subscriptions.reaching(region.db, EVERY_SUBSCRIPTION) as tx:
        return await subscriptions.one(tx, name)


def usual(place: Institution, role: Role = Role.SYSTEM) -> Purpose | None:
    """To what end an institution's system works; people have their own."""
    return usual_purpose(place) if role is Role.SYSTEM else None


@pytest.mark.parametrize(
    ("place", "role"),
    [
        (KAEDE, Role.SYSTEM), (KENPO, Role.SYSTEM), (TOWN, Role.SYSTEM), (KAEDE, Role.PHARMACIST), (SAKURA, Role.NURSE),
    ],
)  # fmt: skip
async def test_whoever_may_search_may_subscribe_and_reads_their_own_subscription(
    region: Region, hook: Receiver, courier: Courier, place: Institution, role: Role
) -> None:
    caller = await region.caller(place, role, purpose=usual(place, role))
    name = await caller.made(plain(hook, ELSEWHERE, header=["Authorization: Bearer key"]))
    await courier.work()
    assert await state_of(caller, name) == "active"
    assert (await caller.get("/fhir/Subscription")).json()["entry"][0]["resource"]["id"] == name
    told = (await caller.get(f"/fhir/Subscription/{name}")).json()
    assert (await caller.put(f"/fhir/Subscription/{name}", {**told, "status": "off"})).status_code == 200
    for other in (await region.caller(MIDORI), await region.caller(MIDORI, Role.DOCTOR)):
        assert (await other.get(f"/fhir/Subscription/{name}")).status_code == 404


@pytest.mark.parametrize("place", [KAEDE, KENPO, TOWN])
async def test_they_are_told_nothing_of_what_they_may_not_see(
    region: Region, hook: Receiver, courier: Courier, place: Institution
) -> None:
    """Not even by a number, though they subscribed to the very code."""
    sakura, theirs = await region.caller(), await region.caller(place, purpose=usual(place))
    taro = "Patient/" + await sakura.made(patient("S1", member="M1"))
    name = await theirs.made(plain(hook, ELSEWHERE))
    await courier.work()
    await sakura.made(lab(taro))
    await courier.work()
    kept = await held(region, name)
    assert hook.take() == [] and kept is not None and kept.events == 0


async def test_a_pharmacy_is_told_of_its_own_dispensing_by_a_topic_of_its_own(
    region: Region, hook: Receiver, courier: Courier
) -> None:
    kaede = await region.caller(KAEDE)
    await kaede.made(topic(trigger("create", resource="MedicationDispense")))
    await kaede.made(on_topic(hook))
    member = patient("K1", member="M1")
    member["identifier"][0]["system"] = f"urn:oid:1.2.392.100495.20.3.51.1{KAEDE.code}"
    taro = await kaede.post("/fhir/Patient", member)
    subject = {"reference": f"Patient/{taro.json()['id']}"} if taro.status_code == 201 else None
    assert subject, taro.text
    made = await kaede.made(
        {
            "resourceType": "MedicationDispense",
            "status": "completed",
            "subject": subject,
            "medicationCodeableConcept": {"text": "見本錠"},
        }
    )
    await courier.work()
    assert [focus.rpartition("/")[2] for focus in hook.take()[-1].focuses] == [made]


@pytest.mark.parametrize(
    ("place", "role", "body"),
    [
        (KENPO, Role.SYSTEM, {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}),
        (TOWN, Role.SYSTEM, {"resourceType": "Basic", "code": {"text": "x"}}),
        (KAEDE, Role.PHARMACIST, {"resourceType": "Task", "status": "draft", "intent": "order"}),
        (KAEDE, Role.SYSTEM, {"resourceType": "Basic", "code": {"text": "x"}}),
    ],
)  # fmt: skip
async def test_the_right_to_subscribe_is_no_right_to_write_anything_else(
    region: Region, place: Institution, role: Role, body: dict
) -> None:
    caller = await region.caller(place, role, purpose=usual(place, role))
    assert (await caller.post(f"/fhir/{body['resourceType']}", body)).status_code == 403


async def test_a_topic_that_names_a_patient_is_a_record_of_them_and_no_topic(region: Region) -> None:
    kaede = await region.caller(KAEDE)
    about = topic(trigger("create")) | {"subject": {"reference": "Patient/1"}}
    assert (await kaede.post("/fhir/Basic", about)).status_code == 403


@pytest.mark.parametrize("role", [Role.PERSON, Role.AUDITOR, Role.CLERK])
async def test_who_writes_nothing_subscribes_to_nothing(region: Region, hook: Receiver, role: Role) -> None:
    sakura = await region.caller()
    taro = await sakura.made(patient("S1"))
    person = await region.person_of(taro) if role is Role.PERSON else None
    caller = await region.caller(SAKURA, role, person=person)
    assert (await caller.post("/fhir/Subscription", plain(hook, ELSEWHERE))).status_code == 403


@pytest.mark.parametrize("still", [True, False])
async def test_a_subscription_of_a_person_whose_account_is_another_persons_now_ends(
    region: Region, hook: Receiver, courier: Courier, still: bool
) -> None:
    """Given to the wrong person and given back: what the one asked for is not told of the other, nor to the other."""
    sakura = await region.caller()
    taro = await sakura.made(patient("S1", member="M1"))
    jiro = await sakura.made(patient("S2", member="M2", family="次郎"))
    person, other = await region.person_of(taro), await region.person_of(jiro)
    name = await sakura.made(plain(hook, ELSEWHERE))
    await courier.work()
    await region.caller(role=Role.PERSON, person=person)  # makes the account
    owner = await asyncpg.connect(as_owner(region.db.url))
    account, place = await owner.fetchrow(
        "SELECT a.id, m.institution FROM account a JOIN membership m ON m.account = a.id WHERE a.person = $1",
        person,
    )
    await owner.execute(  # as a build that let persons subscribe would have kept it
        "UPDATE subscription SET subject = $1, institution = $2, role = 'person', purpose = 'PATRQT', person = $3,"
        " scopes = '{patient/*.cruds}' WHERE id = $4",
        account, place, person, name,
    )  # fmt: skip
    if not still:
        await owner.execute("UPDATE account SET person = $1 WHERE id = $2", other, account)
    await owner.close()
    for subject in (taro, jiro):
        await sakura.made(lab(f"Patient/{subject}"))
    await courier.work()
    kept = await held(region, name)
    assert kept is not None
    assert (kept.events, len(hook.take())) == ((1, 1) if still else (0, 0))


async def test_a_reach_is_one_institutions_and_halting_needs_none(
    region: Region, hook: Receiver, courier: Courier
) -> None:
    sakura, midori = await region.caller(), await region.caller(MIDORI)
    mine, theirs = await sakura.made(plain(hook, ELSEWHERE)), await midori.made(plain(hook, ELSEWHERE))
    async with subscriptions.reaching(region.db, subscriptions.of_institution(SAKURA.key)) as tx:
        assert [one.id for one in await subscriptions.every(tx)] == [mine]
        assert await subscriptions.one(tx, theirs) is None
        await subscriptions.forget(tx, theirs)
        await subscriptions.stop(tx, theirs, 1)
        watched = Watched(frozenset({"Observation"}), frozenset(), False)
        by = Actor("x", Role.SYSTEM, MIDORI, Purpose.TREATMENT)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with tx.transaction():
                await subscriptions.put(
                    tx, "new", 1, by=by, watched=watched, channel="websocket", definition=b"", topic=b"", beats=0,
                    ends=None, at=NOON,
                )  # fmt: skip
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no reach"):
        async with region.db.transaction() as tx:
            await subscriptions.every(tx)
    async with region.db.transaction() as tx:
        await tokens.revoke(tx, "subject", f"demo-{MIDORI.code}", NOON, NOON)
        await quarantine.place(tx, SAKURA.key, at=NOON, by="operator", reason="試験")
    for name in (mine, theirs):
        kept = await held(region, name)
        assert kept is not None and kept.halted and kept.status == "requested"


async def test_events_belong_to_whom_their_subscription_is_of(
    region: Region, hook: Receiver, courier: Courier
) -> None:
    sakura = await region.caller()
    taro = "Patient/" + await sakura.made(patient("S1"))
    name = await sakura.made(plain(hook, ELSEWHERE))
    await sakura.made(lab(taro))
    await courier.work()
    for place, many in ((SAKURA, 1), (MIDORI, 0)):
        async with region.db.transaction() as tx:
            await reach.open_on(tx, subscriptions.of_institution(place.key))
            assert await tx.fetchval("SELECT count(*) FROM subscription_event") == many
            found = await subscriptions.events(tx, name, after=0, until=99, limit=9)
            assert len(found) == many


async def test_tokens_of_an_older_scheme_lose_no_event(
    region: Region, hook: Receiver, courier: Courier
) -> None:
    """After an upgrade that makes other tokens of a resource, those who subscribed before are still told."""
    sakura = await region.caller()
    taro = "Patient/" + await sakura.made(patient("S1"))
    for _ in range(2):
        await sakura.made(plain(hook, ELSEWHERE))
    await courier.work()
    owner = await asyncpg.connect(as_owner(region.db.url))
    await owner.execute("UPDATE subscription SET needs = '{1}', scheme = scheme - 1")
    await owner.close()
    await sakura.made(lab(taro, code="2951-2"))
    await sakura.made(lab(taro))
    await courier.work()
    assert len(hook.take()) == 2


async def test_a_fault_of_ours_in_one_delivery_is_put_off_and_holds_up_nobody(
    region: Region, hook: Receiver, courier: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    sakura = await region.caller()
    taro = "Patient/" + await sakura.made(patient("S1"))
    async with receiving() as broken:
        bad, good = await sakura.made(plain(broken, ELSEWHERE)), await sakura.made(plain(hook, ELSEWHERE))
        await courier.work()
        true_send = courier.outbound.send

        async def send(method: str, url: str, body: bytes, headers: dict[str, str]) -> None:
            if str(broken.port) in url:
                raise ZeroDivisionError
            await true_send(method, url, body, headers)

        monkeypatch.setattr(courier.outbound, "send", send)
        await sakura.made(lab(taro))
        await courier.work()
    assert len(hook.take()) == 1
    kept = await held(region, bad)
    assert kept is not None and (kept.failures, kept.error) == (1, "hook.fault")
    assert kept.due_at > region.clock.now
    other = await held(region, good)
    assert other is not None and replace(other, failures=0) == other
