"""Who is responsible sees an institution's subscriptions, what stands in their way, and may turn one off."""

import asyncpg
import orjson
import pytest
from web_region import NOW, Region
from web_visitor import Visitor, application

from databases import as_owner
from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.engines.records import look
from kakehashi.engines.records.look import Asked
from kakehashi.engines.records.submit import Sent, submit
from kakehashi.engines.records.wanted import Method, Wanted
from kakehashi.engines.subscriptions import overseeing
from kakehashi.store import subscriptions
from kakehashi.store.reach import EVERY_SUBSCRIPTION
from kakehashi.store.subscriptions import Held

WEBSOCKET = {"type": "websocket"}
HOOK = {
    "type": "rest-hook",
    "endpoint": "https://hooks.example/secret-path",
    "header": ["Authorization: Bearer secret-key"],
}


async def subscribed(region: Region, place: str, criteria: str, channel: dict) -> str:
    by = Actor(
        f"system-{place}", Role.SYSTEM, region.sites[place], Purpose.TREATMENT, scopes=("system/*.cruds",)
    )
    body = orjson.dumps(
        {
            "resourceType": "Subscription",
            "status": "requested",
            "reason": "見本 sample",
            "criteria": criteria,
            "channel": channel,
        }
    )
    [made] = await submit(
        region.house, [Wanted(Method.CREATE, "Subscription", body=body)], by=by, at=NOW, sent=Sent()
    )
    return made.id


async def held(region: Region, name: str) -> Held:
    async with subscriptions.reaching(region.house.db, EVERY_SUBSCRIPTION) as tx:
        found = await subscriptions.one(tx, name)
    assert found is not None
    return found


async def failing(region: Region, name: str, why: str) -> None:
    async with subscriptions.reaching(region.house.db, EVERY_SUBSCRIPTION) as tx:
        await subscriptions.failed(tx, await subscriptions.one(tx, name), why, NOW)  # type: ignore[arg-type]


async def test_the_operator_sees_all_without_what_is_secret_or_personal(region: Region) -> None:
    hook = await subscribed(region, "sakura", "Observation?patient=Patient/secret-person&code=718-7", HOOK)
    await subscribed(region, "chuo", "Condition", WEBSOCKET)
    await failing(region, hook, "hook.status.500")
    async with Visitor.on(application(region)) as operator:
        await operator.sign_in("operator")
        words = (await operator.go("/console/subscriptions")).words
        assert "Observation?patient&code" in words and "hooks.example" in words and "Condition" in words
        assert "受け取りませんでした" in words and "hook.status.500" in words
        assert "secret" not in operator.page
        chuo = region.sites["chuo"].key
        words = (await operator.go(f"/console/subscriptions?institution={chuo}")).words
        assert "Condition" in words and "hooks.example" not in words


async def test_a_manager_sees_and_turns_off_their_institutions_own_alone(region: Region) -> None:
    theirs = await subscribed(region, "sakura", "Observation", WEBSOCKET)
    own = await subscribed(region, "chuo", "Condition", WEBSOCKET)
    async with Visitor.on(application(region)) as manager:
        await manager.sign_in("chuo.clerk")
        words = (await manager.go("/staff/subscriptions")).words
        assert "Condition" in words and "Observation" not in words
        for name in (theirs, "no-such", ""):
            assert (await manager.send("/staff/subscriptions/off", which=name)).status == 404
            await manager.go("/staff/subscriptions")
        await manager.send("/staff/subscriptions/off", which=own)
        assert "通知を止めました" in manager.words and "ここで止めました" in manager.words
    assert (await held(region, theirs)).status == "requested"
    kept = await held(region, own)
    assert (kept.status, kept.error) == ("off", overseeing.TURNED_OFF)
    async with Visitor.on(application(region)) as operator:
        await operator.sign_in("operator")
        await operator.go("/console/subscriptions")
        await operator.send("/console/subscriptions/off", which=theirs)
    assert (await held(region, theirs)).status == "off"


@pytest.mark.parametrize("login", ["sakura.nurse", "hanako", "auditor"])
async def test_nobody_else_sees_them_or_turns_them_off(region: Region, login: str) -> None:
    name = await subscribed(region, "sakura", "Observation", WEBSOCKET)
    async with Visitor.on(application(region)) as visitor:
        await visitor.sign_in(login)
        for page in ("/console/subscriptions", "/staff/subscriptions"):
            assert (await visitor.go(page)).status == 403
            await visitor.go("/account")
            assert (await visitor.send(f"{page}/off", which=name)).status == 403
    assert (await held(region, name)).status == "requested"


async def test_the_resource_says_it_is_off_and_the_log_says_who_did_it(region: Region) -> None:
    name = await subscribed(region, "sakura", "Observation", WEBSOCKET)
    async with Visitor.on(application(region)) as operator:
        await operator.sign_in("operator")
        await operator.go("/console/subscriptions")
        await operator.send("/console/subscriptions/off", which=name)
    by = Actor(
        "system-sakura", Role.SYSTEM, region.sites["sakura"], Purpose.TREATMENT, scopes=("system/*.cruds",)
    )
    row = await look.read(region.house, Asked(by, NOW), "Subscription", name)
    told = orjson.loads(row.body)
    assert (told["status"], told["error"]) == ("off", overseeing.TURNED_OFF)
    owner = await asyncpg.connect(as_owner(region.house.db.url))
    entries = [
        orjson.loads(one["entry"])
        for one in await owner.fetch("SELECT entry FROM log ORDER BY seq DESC LIMIT 5")
    ]
    account = await owner.fetchval("SELECT id FROM account WHERE login = 'operator'")
    await owner.close()
    assert [one["who"] for one in entries if one["action"] == "update"] == [account]
