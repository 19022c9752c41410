"""What the server says of itself to apps is what is there; browsers' apps may call from where they are registered."""

import pytest
from smart_words import BACK, BASE, OPERATOR, SCOPE, SmartApp, allow, code_in
from smart_world import World
from web_visitor import Visitor

from kakehashi.trust.oauth import clients

ORIGIN = "https://app.example"
PATHS = (
    "/fhir/metadata",
    "/.well-known/smart-configuration",
    "/fhir/.well-known/smart-configuration",
    "/oauth/jwks",
)


async def test_every_address_that_is_told_is_there(world: World) -> None:
    client = world.client()
    smart = (await client.get("/fhir/.well-known/smart-configuration")).json()
    for name, address in smart.items():
        if name.endswith(("_endpoint", "_uri")):
            answer = await client.get(address.removeprefix(BASE))
            assert answer.status_code in (200, 303, 400, 405), name
    openid = (await client.get("/.well-known/openid-configuration")).json()
    assert openid["issuer"] == BASE == smart["issuer"]
    assert openid["authorization_endpoint"] == smart["authorization_endpoint"] == f"{BASE}/oauth/authorize"
    assert openid["id_token_signing_alg_values_supported"] == ["RS256"]
    kinds = {key["alg"] for key in (await client.get("/oauth/jwks")).json()["keys"]}
    assert kinds == {"ES256", "RS256"}


async def test_the_capability_statement_names_the_same_addresses(world: World) -> None:
    said = (await world.client().get("/fhir/metadata")).json()["rest"][0]["security"]
    uris = {
        one["url"]: one["valueUri"]
        for extension in said["extension"]
        if extension["url"].endswith("oauth-uris")
        for one in extension["extension"]
    }
    assert said["cors"] is True
    assert (uris["authorize"], uris["token"], uris["revoke"]) == tuple(
        f"{BASE}/oauth/{name}" for name in ("authorize", "token", "revoke")
    )


@pytest.mark.parametrize("path", PATHS)
async def test_a_registered_origin_may_read_and_no_other_and_never_with_credentials(
    world: World, path: str
) -> None:
    await world.app(origins=("https://second.example:8443",))
    client = world.client()
    for origin in (ORIGIN, "https://second.example:8443"):
        told = (await client.get(path, headers={"origin": origin})).headers
        assert told["access-control-allow-origin"] == origin and "origin" in told["vary"].lower()
        assert "access-control-allow-credentials" not in told
    for origin in ("https://evil.example", "http://app.example", "https://app.example:444", "null", "*", ""):
        told = (await client.get(path, headers={"origin": origin})).headers
        assert "access-control-allow-origin" not in told, origin


async def test_a_browser_asks_first_and_is_told(world: World) -> None:
    await world.app()
    client = world.client()
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    for path in ("/oauth/token", "/fhir/Observation", "/fhir"):
        answer = await client.options(path, headers={"origin": ORIGIN, **asked})
        assert answer.status_code == 204 and "POST" in answer.headers["access-control-allow-methods"]
        assert "authorization" in answer.headers["access-control-allow-headers"]
        refused = await client.options(path, headers={"origin": "https://evil.example", **asked})
        assert refused.status_code == 405 and "access-control-allow-origin" not in refused.headers
    pages = await client.options("/apps", headers={"origin": ORIGIN, **asked})
    assert "access-control-allow-origin" not in pages.headers


async def test_also_a_refusal_can_be_read_by_the_app(world: World) -> None:
    await world.app()
    client = world.client()
    for answer in (
        await client.get("/fhir/Patient", headers={"origin": ORIGIN}),
        await client.post("/oauth/token", data={}, headers={"origin": ORIGIN}),
    ):
        assert answer.status_code in (400, 401)
        assert answer.headers["access-control-allow-origin"] == ORIGIN


async def test_a_suspended_apps_origin_is_shut_out_within_seconds(world: World) -> None:
    app = await world.app()
    client = world.client()
    assert "access-control-allow-origin" in (await client.get(PATHS[0], headers={"origin": ORIGIN})).headers
    await clients.suspend(world.db, app.id, by=OPERATOR, at=world.clock.now)
    world.clock.tick(seconds=6)
    told = (await client.get(PATHS[0], headers={"origin": ORIGIN})).headers
    assert "access-control-allow-origin" not in told


async def test_an_app_with_a_secret_asks_what_its_token_says(world: World, browser: Visitor) -> None:
    app = await world.app(proof="secret")
    await browser.sign_in("hanako")
    await app.send_to(browser, SCOPE)
    await app.redeem(code_in(await allow(browser)))
    told = (
        await app.client.post(
            "/oauth/introspect", data={"token": str(app.token["access_token"])}, auth=(app.id, app.secret)
        )
    ).json()
    assert told["active"] is True and told["client_id"] == app.id
    assert told["patient"] == app.token["patient"] and told["fhirUser"] == app.token["fhirUser"]
    stranger = await world.app("yosomono", proof="secret")
    assert await introspected(stranger, app) == {"active": False}


async def introspected(who: SmartApp, whose: SmartApp) -> object:
    answer = await who.client.post(
        "/oauth/introspect", data={"token": str(whose.token["access_token"])}, auth=(who.id, who.secret)
    )
    return answer.json()


async def test_the_console_registers_an_app_and_shows_its_secret_once(world: World, browser: Visitor) -> None:
    await browser.sign_in("operator")
    await browser.go("/console/apps")
    place = str(world.region.sites["sakura"].key)
    form = {
        "client": "karte-app", "name": "診療アプリ（見本）", "institution": place, "redirects": BACK, "proof": "secret",
        "scope": "launch patient/*.rs", "launch_url": "https://app.example/launch",
    }  # fmt: skip
    await browser.send("/console/apps", **{**form, "redirects": "http://app.example/"})
    assert browser.status == 422 and "https の完全なアドレス" in browser.words
    await browser.send("/console/apps", **form)
    secret = browser.page.partition('<code class="secret">')[2].partition("<")[0]
    assert browser.status == 200 and len(secret) == 43
    assert secret not in (await browser.go("/console/apps")).page and "karte-app" in browser.words
    await browser.send("/console/apps/karte-app/state", state="suspend")
    assert "停止中" in browser.words
    await browser.send("/console/apps/nobody/state", state="suspend")
    assert browser.status == 404
