"""What a hostile or careless app sends, and what it gets: nothing, told where it is safe to tell it."""

import re

import pytest
from smart_words import BACK, OPERATOR, SCOPE, SmartApp, allow, code_in, said_in
from smart_world import World
from web_visitor import Visitor

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.errors import Conflict, Invalid, Refused
from kakehashi.trust.oauth import apps, clients
from kakehashi.trust.oauth.apps import NewApp

WRONG: list[tuple[dict[str, str], str]] = [
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": ""}, "unsupported_response_type"),
    ({"code_challenge": ""}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": ""}, "invalid_request"),
    ({"code_challenge": "short"}, "invalid_request"),
    ({"aud": "https://elsewhere.example/fhir"}, "invalid_request"),
    ({"aud": ""}, "invalid_request"),
    ({"state": ""}, "invalid_request"),
    ({"state": "x" * 3_000}, "invalid_request"),
    ({"nonce": "a\x00b"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"max_age": "soon"}, "invalid_request"),
    ({"prompt": "none"}, "interaction_required"),
    ({"request": "ey.J.x"}, "request_not_supported"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"scope": "system/*.rs"}, "invalid_scope"),
    ({"scope": "nonsense"}, "invalid_scope"),
    ({"scope": " ".join(f"patient/X{'y' * 30}{'a' * one}.rs" for one in range(120))}, "invalid_scope"),
]
NOT_REGISTERED = [
    {"client_id": "nobody"},
    {"client_id": ""},
    {"client_id": "x" * 500},
    {"client_id": "mieru\x00"},
    {"redirect_uri": ""},
    {"redirect_uri": "https://evil.example/callback"},
    {"redirect_uri": "https://app.example/callback/"},
    {"redirect_uri": "https://app.example/callback?x=1"},
    {"redirect_uri": "https://app.example/callback#x"},
    {"redirect_uri": "https://app.example.evil.example/callback"},
    {"redirect_uri": "https://app.example@evil.example/callback"},
    {"redirect_uri": "http://app.example/callback"},
    {"redirect_uri": "https://app.example/../callback"},
    {"redirect_uri": "https://APP.example/callback"},
    {"redirect_uri": "https://app.example:443/callback"},
    {"redirect_uri": "javascript:alert(1)"},
    {"redirect_uri": "//evil.example"},
    {"redirect_uri": "http://127.0.0.1/callback"},
]
MISTAKES: list[tuple[dict[str, object], str]] = [
    ({"redirects": ()}, "redirects"),
    ({"redirects": ("http://app.example/cb",)}, "redirects"),
    ({"redirects": ("https://app.example/cb#x",)}, "redirects"),
    ({"redirects": ("https://*.example/cb",)}, "redirects"),
    ({"redirects": ("myapp:/cb",)}, "redirects"),
    ({"redirects": ("https://user@app.example/",)}, "redirects"),
    ({"redirects": tuple(f"https://app.example/{one}" for one in range(21))}, "redirects"),
    ({"origins": ("null",)}, "origins"),
    ({"launch_url": "javascript:alert(1)"}, "launch_url"),
    ({"scopes": ("system/*.rs",)}, "scope"),
    ({"scopes": ("nonsense",)}, "scope"),
    ({"scopes": ()}, "scope"),
    ({"name": " "}, "name"),
    ({"id": "x y"}, "client_id"),
    ({"proof": "word"}, "proof"),
    ({"proof": "none", "jwks": "{}"}, "proof"),
]


async def a_code(world: World, browser: Visitor, app: SmartApp, scope: str = SCOPE) -> str:
    await browser.sign_in("hanako")
    await app.send_to(browser, scope)
    return code_in(await allow(browser))


async def refused(answer: object, error: str) -> None:
    assert answer.status_code in (400, 401), answer.text  # type: ignore[attr-defined]
    assert answer.json()["error"] == error  # type: ignore[attr-defined]


async def test_what_is_wrong_with_a_request_is_told_to_the_proven_address(
    world: World, browser: Visitor
) -> None:
    app = await world.app()
    for changed, error in WRONG:
        said = {"scope": SCOPE, **changed}
        answer = await browser.client.get("/oauth/authorize", params=app.request(**said))
        assert answer.status_code == 303, changed
        assert answer.headers["location"].startswith(f"{BACK}?error="), changed
        told = said_in(answer.headers["location"])
        assert told["error"] == error and "code" not in told, changed
        assert told.get("state", "") == ("" if "state" in changed else app.state), changed


async def test_why_a_filter_of_a_scope_means_nothing_here_is_told_to_its_developer(
    world: World, browser: Visitor
) -> None:
    app = await world.app()
    request = app.request(scope="patient/Observation.rs?code:text=x")
    answer = await browser.client.get("/oauth/authorize", params=request)
    told = said_in(answer.headers["location"])
    assert told["error"] == "invalid_scope"
    assert "patient/Observation.rs?code:text=x" in told["error_description"]


async def test_an_address_that_is_not_exactly_registered_is_told_nothing(
    world: World, browser: Visitor
) -> None:
    """No open redirect: the fault is told on a page of ours."""
    app = await world.app()
    for changed in NOT_REGISTERED:
        answer = await browser.client.get("/oauth/authorize", params=app.request(**changed))
        assert answer.status_code == 400 and "location" not in answer.headers, changed
        assert "登録と一致しません" in answer.text and "evil.example" not in answer.text, changed


async def test_a_parameter_that_comes_twice_is_refused(world: World, browser: Visitor) -> None:
    app = await world.app()
    twice = [*app.request().items(), ("scope", "patient/*.cruds")]
    answer = await browser.client.get("/oauth/authorize", params=twice)
    assert said_in(answer.headers["location"])["error"] == "invalid_request"
    twice = [*app.request().items(), ("redirect_uri", "https://evil.example/")]
    answer = await browser.client.get("/oauth/authorize", params=twice)
    assert answer.headers["location"].startswith(BACK)


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": "x" * 43},
        {"code_verifier": ""},
        {"redirect_uri": "https://app.example/other"},
        {"redirect_uri": ""},
    ],
)
async def test_a_code_that_is_tried_wrongly_is_good_no_more(
    world: World, browser: Visitor, changed: dict[str, str]
) -> None:
    app = await world.app()
    code = await a_code(world, browser, app)
    await refused(await app.redeem(code, **changed), "invalid_grant")
    await refused(await app.redeem(code), "invalid_grant")


async def test_a_code_is_for_its_own_app_only(world: World, browser: Visitor) -> None:
    app, other = await world.app(), await world.app("yosomono")
    code = await a_code(world, browser, app)
    other.verifier, other.redirect = app.verifier, app.redirect
    await refused(await other.redeem(code), "invalid_grant")
    assert (await app.redeem(code)).status_code == 200, "and the stranger did not spoil it"


async def test_a_code_is_good_for_a_minute(world: World, browser: Visitor) -> None:
    app = await world.app()
    code = await a_code(world, browser, app)
    world.clock.tick(seconds=60)
    await refused(await app.redeem(code), "invalid_grant")


async def test_a_code_that_comes_twice_ends_what_came_of_it(world: World, browser: Visitor) -> None:
    app = await world.app()
    code = await a_code(world, browser, app)
    assert (await app.redeem(code)).status_code == 200 and await app.works()
    await refused(await app.redeem(code), "invalid_grant")
    world.clock.tick(seconds=1)
    assert not await app.works()
    await refused(await app.refresh(), "invalid_grant")


async def test_a_code_is_not_good_once_its_session_has_ended(world: World, browser: Visitor) -> None:
    app = await world.app()
    code = await a_code(world, browser, app)
    await browser.go("/apps")
    await browser.send("/signout")
    await refused(await app.redeem(code), "invalid_grant")


async def test_a_refresh_token_that_comes_twice_ends_the_family(world: World, browser: Visitor) -> None:
    app = await world.app()
    await app.redeem(await a_code(world, browser, app))
    stolen = app.token["refresh_token"]
    assert (await app.refresh()).status_code == 200
    await refused(await app.refresh(refresh_token=str(stolen)), "invalid_grant")
    world.clock.tick(seconds=1)
    assert not await app.works(), "also what the honest one got"
    await refused(await app.refresh(), "invalid_grant")


async def test_a_refresh_never_widens_what_was_allowed(world: World, browser: Visitor) -> None:
    app = await world.app()
    await app.redeem(await a_code(world, browser, app, "launch/patient patient/Condition.rs offline_access"))
    for wider in (
        "patient/*.rs",
        "patient/Condition.cruds",
        "user/Condition.rs",
        "openid",
        "patient/Condition.rs x",
    ):
        await refused(await app.refresh(scope=wider), "invalid_scope")
    narrower = await app.refresh(scope="patient/Condition.r")
    assert narrower.json()["scope"] == "patient/Condition.r"
    assert (await app.refresh()).json()["scope"] == "patient/Condition.rs launch/patient offline_access"


async def test_a_refresh_token_is_for_its_own_app_only(world: World, browser: Visitor) -> None:
    app, other = await world.app(), await world.app("yosomono")
    await app.redeem(await a_code(world, browser, app))
    other.token = dict(app.token)
    await refused(await other.refresh(), "invalid_grant")
    assert (await app.refresh()).status_code == 200


async def test_an_app_with_a_secret_proves_itself_by_it_and_in_one_way(
    world: World, browser: Visitor
) -> None:
    app = await world.app(proof="secret")
    code = await a_code(world, browser, app)
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": app.verifier,
    }  # fmt: skip
    ask = app.client.post
    await refused(await ask("/oauth/token", data={**form, "client_id": app.id}), "invalid_client")
    wrong = {**form, "client_id": app.id, "client_secret": "wrong"}
    await refused(await ask("/oauth/token", data=wrong), "invalid_client")
    both = {**form, "client_secret": app.secret}
    await refused(await ask("/oauth/token", data=both, auth=(app.id, app.secret)), "invalid_request")
    other = {**form, "client_id": "another"}
    await refused(await ask("/oauth/token", data=other, auth=(app.id, app.secret)), "invalid_client")
    assert (await ask("/oauth/token", data=form, auth=(app.id, app.secret))).status_code == 200


async def test_a_public_app_has_no_secret_and_asks_for_nothing_in_its_own_name(
    world: World, browser: Visitor
) -> None:
    app = await world.app()
    code = await a_code(world, browser, app)
    app.secret = "guessed"
    await refused(await app.redeem(code), "invalid_client")
    app.secret = ""
    assert (await app.redeem(code)).status_code == 200
    await refused(await app.ask(grant_type="client_credentials", scope="system/*.rs"), "invalid_request")
    introspected = await app.client.post(
        "/oauth/introspect", data={"client_id": app.id, "token": str(app.token["access_token"])}
    )
    await refused(introspected, "invalid_client")


async def test_an_id_token_opens_nothing(world: World, browser: Visitor) -> None:
    app = await world.app()
    await app.redeem(await a_code(world, browser, app))
    bearer = {"authorization": f"Bearer {app.token['id_token']}"}
    assert (await app.client.get("/fhir/Patient", headers=bearer)).status_code == 401


async def test_another_doctors_launch_is_not_theirs_and_one_is_good_once(
    world: World, browser: Visitor
) -> None:
    app = await world.app(place="sakura", launch_url="https://app.example/launch")
    await browser.sign_in("sakura.doctor")
    launch = await a_launch(browser, app)
    async with world.client() as client:
        other = Visitor(client)
        await other.sign_in("sakura.nurse")
        await app.send_to(other, "launch patient/*.rs", launch=launch)
        assert other.status == 404 and "もう使えません" in other.words and "花子" not in other.page
    await app.send_to(browser, "launch patient/*.rs", launch=launch)
    page = browser.at
    await app.redeem(code_in(await allow(browser)))
    again = await browser.client.get(page)
    assert again.status_code == 404
    await app.send_to(browser, "launch patient/*.rs", launch="made-up")
    assert browser.status == 404
    late = await a_launch(browser, app)
    world.clock.tick(minutes=5)
    await app.send_to(browser, "launch patient/*.rs", launch=late)
    assert browser.status == 404


async def test_a_launch_is_for_the_app_that_was_opened(world: World, browser: Visitor) -> None:
    app = await world.app(place="sakura", launch_url="https://app.example/launch")
    other = await world.app("yosomono", place="sakura")
    await browser.sign_in("sakura.doctor")
    await other.send_to(browser, "launch patient/*.rs", launch=await a_launch(browser, app))
    assert browser.status == 404


async def test_a_patient_outside_of_the_window_is_not_told_to_an_app(world: World, browser: Visitor) -> None:
    """Found at the desk, but neither treated here nor consenting: the app learns no id."""
    app = await world.app(place="umibe", launch_url="https://app.example/launch")
    await browser.sign_in("umibe.doctor")
    launch = await a_launch(browser, app)
    await app.send_to(browser, "launch patient/*.rs", launch=launch)
    assert await allow(browser) == ""
    assert browser.status == 404 and "範囲にありません" in browser.words


async def test_staff_of_another_institution_cannot_use_an_institutions_app(
    world: World, browser: Visitor
) -> None:
    app = await world.app(place="chuo")
    await browser.sign_in("sakura.doctor")
    await app.send_to(browser, "user/*.rs")
    assert browser.status == 403 and "あなたの施設では使えません" in browser.words


async def test_a_request_that_we_did_not_seal_or_that_is_old_is_not_asked(
    world: World, browser: Visitor
) -> None:
    app = await world.app()
    await browser.sign_in("hanako")
    await app.send_to(browser)
    page = browser.at
    broken = page[:-3] + ("AAA" if page[-3:] != "AAA" else "BBB")
    assert (await browser.client.get(broken)).status_code == 404
    assert (await browser.client.get("/authorize/" + "A" * 9_000)).status_code == 404
    assert (await browser.client.post(page, data={"csrf": "made-up", "act": "allow"})).status_code == 403
    world.clock.tick(minutes=29)
    await browser.go("/apps")
    assert (await browser.client.get(page)).status_code == 200
    world.clock.tick(minutes=2)
    assert (await browser.client.get(page)).status_code == 400


async def test_the_way_back_after_signing_in_leads_to_our_own_pages_only(browser: Visitor) -> None:
    for evil in ("//evil.example", "https://evil.example/", "/\\evil.example", "/a?b=//evil.example"):
        await browser.go("/signin")
        answer = await browser.client.post(
            "/signin", data={"login": "hanako", "password": "kakehashi-wo-wataru-7", "next": evil}
        )
        assert answer.headers.get("location", "/") == "/" or answer.status_code == 403
        browser.client.cookies.clear()


async def test_a_proof_that_is_too_old_is_asked_for_again(world: World, browser: Visitor) -> None:
    app = await world.app()
    await browser.sign_in("hanako")
    world.clock.tick(minutes=10)
    await app.send_to(browser, SCOPE, max_age="60")
    assert browser.at == "/signin/enrol", "the sample person proves a second factor"
    await app.send_to(browser, SCOPE, prompt="login")
    assert browser.at == "/signin/enrol"
    await app.send_to(browser, SCOPE, max_age="3600")
    assert browser.at.startswith("/authorize/")


async def test_a_registration_with_a_mistake_names_it(world: World) -> None:
    good: dict[str, object] = {
        "id": "app", "name": "x", "institution": world.region.sites["sakura"], "redirects": (BACK,),
        "scopes": ("patient/*.rs",),
    }  # fmt: skip
    for wrong, place in MISTAKES:
        with pytest.raises(Invalid) as told:
            await apps.register(world.db, NewApp(**{**good, **wrong}), by=OPERATOR, at=world.clock.now)  # type: ignore[arg-type]
        assert place in {one.place for one in told.value.problems}, wrong


async def test_only_the_operator_registers_apps_and_an_id_is_taken_once(world: World) -> None:
    place = world.region.sites["sakura"]
    doctor = Actor("d", Role.DOCTOR, place, Purpose.TREATMENT, factors=2)
    new = NewApp("app", "x", place, (BACK,), ("patient/*.rs",))
    with pytest.raises(Refused):
        await apps.register(world.db, new, by=doctor, at=world.clock.now)
    await apps.register(world.db, new, by=OPERATOR, at=world.clock.now)
    with pytest.raises(Conflict):
        await apps.register(world.db, new, by=OPERATOR, at=world.clock.now)
    await clients.suspend(world.db, "app", by=OPERATOR, at=world.clock.now)


async def a_launch(browser: Visitor, app: SmartApp) -> str:
    await browser.go("/reception")
    await browser.send("/reception", way="items", name="架橋 花子", birth="1962-05-14", sex="female")
    handle = browser.link("/reception/").rpartition("/")[2]
    await browser.go(f"/launch/{handle}")
    assert re.search(rf'name="app" value="{app.id}"', browser.page), browser.words
    answer = await browser.client.post(f"/launch/{handle}", data={"csrf": browser.csrf, "app": app.id})
    return said_in(answer.headers["location"])["launch"]
