"""Whatever ends an account, a session, an institution or an app ends what people allowed it, at once."""

import pytest
from smart_words import OPERATOR, SCOPE, SmartApp, allow, code_in
from smart_world import World
from web_visitor import Visitor

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.store import accounts as account_rows
from kakehashi.trust import proxies, quarantine
from kakehashi.trust.oauth import clients
from kakehashi.trust.oauth.tidying import tidy
from kakehashi.trust.signin import accounts

ONLINE = SCOPE.replace("offline_access", "online_access")


async def launched(
    world: World, browser: Visitor, scope: str = SCOPE, *, place: str = "operator", by: str = "hanako"
) -> SmartApp:
    app = await world.app(place=place)
    await browser.sign_in(by)
    await app.send_to(browser, scope)
    assert (await app.redeem(code_in(await allow(browser)))).status_code == 200
    assert await app.works()
    return app


async def over(world: World, app: SmartApp) -> bool:
    world.clock.tick(seconds=1)
    refreshed = await app.refresh() if "refresh_token" in app.token else None
    return not await app.works() and (refreshed is None or refreshed.json()["error"] == "invalid_grant")


async def test_an_online_app_ends_with_its_session(world: World, browser: Visitor) -> None:
    app = await launched(world, browser, ONLINE)
    world.clock.tick(minutes=4)
    assert (await app.refresh()).status_code == 200
    await browser.go("/apps")
    await browser.send("/signout")
    assert await over(world, app)


@pytest.mark.parametrize("scope", [ONLINE, "launch/patient patient/*.rs"])
async def test_signing_out_everywhere_ends_what_leans_on_a_session(
    world: World, browser: Visitor, scope: str
) -> None:
    app = await launched(world, browser, scope)
    await browser.go("/account")
    await browser.send("/account/sessions")
    assert await over(world, app)


async def test_an_online_app_ends_when_its_session_is_idle(world: World, browser: Visitor) -> None:
    app = await launched(world, browser, ONLINE)
    world.clock.tick(minutes=31)
    assert await over(world, app)


async def test_an_offline_app_asks_anew_after_half_a_year(world: World, browser: Visitor) -> None:
    app = await launched(world, browser)
    world.clock.tick(days=179)
    assert (await app.refresh()).status_code == 200
    world.clock.tick(days=1, minutes=1)
    assert await over(world, app)


async def test_who_allowed_an_app_ends_it(world: World, browser: Visitor) -> None:
    app = await launched(world, browser)
    await browser.go("/apps")
    assert "見える記録（見本）" in browser.words and "サインアウト後も" in browser.words
    grant = browser.page.partition('name="grant" value="')[2].partition('"')[0]
    async with world.client() as client:
        other = Visitor(client)
        await other.sign_in("aya")
        await other.go("/apps")
        assert "いま許可しているアプリはありません" in other.words
        await other.send("/apps/end", grant=grant)
        assert other.status == 404
    assert await app.works(), "nobody else ends it"
    await browser.send("/apps/end", grant=grant)
    assert "終わりにしました" in browser.page and "いま許可しているアプリはありません" in browser.words
    assert await over(world, app)
    log = (await browser.go("/me/log")).words
    assert "アプリを許可した" in log and "アプリの許可を終わりにした" in log


async def test_an_app_gives_up_what_it_was_allowed(world: World, browser: Visitor) -> None:
    app = await launched(world, browser)
    other = await world.app("yosomono")
    for form, ends in (
        ({"client_id": other.id, "token": str(app.token["refresh_token"])}, False),
        ({"client_id": app.id, "token": "made-up"}, False),
        ({"client_id": app.id, "token": str(app.token["refresh_token"])}, True),
    ):
        assert (await app.client.post("/oauth/revoke", data=form)).status_code == 200
        world.clock.tick(seconds=1)
        assert await app.works() is not ends


async def test_an_app_gives_up_one_access_token(world: World, browser: Visitor) -> None:
    app = await launched(world, browser)
    form = {"client_id": app.id, "token": str(app.token["access_token"])}
    assert (await app.client.post("/oauth/revoke", data=form)).status_code == 200
    world.clock.tick(seconds=1)
    assert not await app.works()
    assert (await app.refresh()).status_code == 200


async def test_a_disabled_account_ends_its_apps(world: World, browser: Visitor) -> None:
    app = await launched(world, browser, "user/*.rs offline_access", place="sakura", by="sakura.doctor")
    async with world.db.transaction() as tx:
        held = await account_rows.by_login(tx, "sakura.doctor")
    assert held is not None
    await accounts.disable(world.db, held.id, by=OPERATOR, at=world.clock.tick(seconds=2))
    assert await over(world, app)
    await accounts.enable(world.db, held.id, by=OPERATOR, at=world.clock.tick(seconds=2))
    assert await over(world, app), "and it does not come back by itself"


async def test_who_leaves_an_institution_leaves_their_apps(world: World, browser: Visitor) -> None:
    app = await launched(world, browser, "user/*.rs offline_access", place="sakura", by="sakura.doctor")
    place = world.region.sites["sakura"].key
    async with world.db.transaction() as tx:
        held = await account_rows.by_login(tx, "sakura.doctor")
    assert held is not None
    await accounts.leave(world.db, held.id, place, Role.DOCTOR, by=OPERATOR, at=world.clock.tick(seconds=2))
    assert await over(world, app)


@pytest.mark.parametrize(("place", "by"), [("sakura", "hanako"), ("sakura", "sakura.doctor")])
async def test_the_quarantine_of_an_apps_institution_ends_it_whoever_uses_it(
    world: World, browser: Visitor, place: str, by: str
) -> None:
    scope = "user/*.rs offline_access"
    app = await launched(world, browser, scope, place=place, by=by)
    await quarantine.place(
        world.db, world.region.sites[place].key, "見本", by=OPERATOR, at=world.clock.tick(seconds=2)
    )
    world.clock.tick(seconds=1)
    assert not await app.works()
    assert (await app.refresh()).json()["error"] == "invalid_client"
    answer = await browser.client.get("/oauth/authorize", params=app.request(scope))
    assert answer.status_code == 400 and "location" not in answer.headers


async def test_a_suspended_app_is_over(world: World, browser: Visitor) -> None:
    app = await launched(world, browser)
    await clients.suspend(world.db, app.id, by=OPERATOR, at=world.clock.tick(seconds=2))
    world.clock.tick(seconds=1)
    assert not await app.works()
    assert (await app.refresh()).json()["error"] == "invalid_client"
    await clients.resume(world.db, app.id, by=OPERATOR, at=world.clock.tick(seconds=2))
    assert (await app.refresh()).json()["error"] == "invalid_grant"


async def test_a_proxy_who_is_one_no_more_sees_nothing_by_an_app(world: World, browser: Visitor) -> None:
    app = await world.app()
    await browser.sign_in("aya")
    await app.send_to(browser)
    grant = browser.page.partition('name="patient" value="own"')[2].partition('name="patient" value="')[2]
    await app.redeem(code_in(await allow(browser, patient=grant.partition('"')[0])))
    assert (await app.get("/fhir/Patient")).json()["entry"]
    by = Actor("setup", Role.OPERATOR, OPERATOR.institution, Purpose.OPERATIONS, factors=2)
    async with world.db.transaction() as tx:
        await proxies.withdraw(
            tx, world.region.persons["sora"], grant.partition('"')[0], by=by, at=world.clock.tick(seconds=2)
        )
    assert not (await app.get("/fhir/Patient")).json().get("entry")


async def test_an_app_cannot_subscribe_for_it_would_be_told_on_when_it_has_ended(
    world: World, browser: Visitor
) -> None:
    app = await world.app(place="sakura", scopes=("user/*.cruds",))
    await browser.sign_in("sakura.doctor")
    await app.send_to(browser, "user/*.cruds")
    await app.redeem(code_in(await allow(browser)))
    sent = {
        "resourceType": "Subscription", "status": "requested", "reason": "x", "criteria": "Observation?status=final",
        "channel": {"type": "rest-hook", "endpoint": "https://hook.example/", "payload": "application/fhir+json"},
    }  # fmt: skip
    bearer = {"authorization": f"Bearer {app.token['access_token']}"}
    answer = await app.client.post("/fhir/Subscription", json=sent, headers=bearer)
    assert answer.status_code == 403 and "subscriptions.app" in answer.text, answer.text
    async with world.db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM subscription") == 0


async def test_what_nobody_took_up_is_cleared_away(world: World, browser: Visitor) -> None:
    app = await world.app()
    await browser.sign_in("hanako")
    for _ in range(3):
        await app.send_to(browser)
        await allow(browser)
    await browser.go("/apps")
    assert "いま許可しているアプリはありません" in browser.words, "a code that no app used allows nothing"
    await tidy(world.db, at=world.clock.tick(days=2))
    async with world.db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM app_grant") == 0


async def test_of_many_permissions_for_one_app_the_newest_twenty_stand(
    world: World, browser: Visitor
) -> None:
    app = await world.app()
    await browser.sign_in("hanako")
    await app.send_to(browser)
    page = browser.at
    tokens = []
    for _ in range(22):
        await browser.go(page)
        await app.redeem(code_in(await allow(browser)))
        tokens.append(dict(app.token))
        world.clock.tick(seconds=1)
    world.clock.tick(seconds=1)
    works = []
    for one in tokens:
        app.token = one
        works.append(await app.works())
    assert works == [False] * 2 + [True] * 20
