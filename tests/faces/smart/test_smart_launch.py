"""An app is allowed, gets its tokens, and reads what it was allowed and nothing more."""

from smart_words import BACK, BASE, SCOPE, SmartApp, allow, code_in, offered, said_in
from smart_world import World
from web_region import PASSWORD
from web_visitor import Visitor

from kakehashi.samples.identity import local_number
from kakehashi.samples.region import BY_SLUG
from kakehashi.samples.story import BY_STORY


async def launched_by_hanako(world: World, browser: Visitor, scope: str = SCOPE) -> SmartApp:
    app = await world.app()
    await browser.sign_in("hanako")
    await app.send_to(browser, scope)
    answered = await app.redeem(code_in(await allow(browser)))
    assert answered.status_code == 200, answered.text
    return app


async def test_who_is_not_signed_in_signs_in_and_comes_back_to_be_asked(
    world: World, browser: Visitor
) -> None:
    app = await world.app()
    await app.send_to(browser)
    assert browser.at == "/signin"
    await browser.send(
        "/signin",
        login="hanako",
        password=PASSWORD,
        next=browser.page.partition('name="next" value="')[2].partition('"')[0],
    )
    assert browser.at.startswith("/authorize/") and "見える記録（見本）" in browser.words
    assert "https://app.example" in browser.words and "書き換える" not in browser.words
    address = await allow(browser)
    assert address.startswith(BACK + "?") and said_in(address)["state"] == app.state
    assert (await app.redeem(code_in(address))).status_code == 200


async def test_a_person_allows_an_app_to_read_their_own_record(world: World, browser: Visitor) -> None:
    app = await launched_by_hanako(world, browser)
    told = app.token
    assert (
        told["token_type"] == "bearer" and told["expires_in"] == 300 and told["need_patient_banner"] is True
    )
    assert set(str(told["scope"]).split()) == {
        "patient/*.rs", "openid", "fhirUser", "launch/patient", "offline_access",
    }  # fmt: skip
    patient = await app.get(f"/fhir/Patient/{told['patient']}")
    assert patient.status_code == 200 and "花子" in patient.text
    found = (await app.get("/fhir/Condition")).json()
    assert found["entry"], "the own record, from whatever institution"
    assert (await app.client.get(str(told["smart_style_url"]))).json()["color_text"]
    claims = await app.identity()
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (BASE, app.id, "n-1")
    assert claims["fhirUser"] == f"{BASE}/fhir/Patient/{told['patient']}" == told["fhirUser"]


async def test_by_the_one_patient_that_it_was_told_an_app_finds_the_whole_record(
    world: World, browser: Visitor
) -> None:
    """Each institution has a Patient of its own for her; an app knows one of them, and asks for it as apps do."""
    app = await launched_by_hanako(world, browser)
    for kind in ("Condition", "Observation", "MedicationRequest"):
        every = (await app.get(f"/fhir/{kind}?_summary=count")).json()["total"]
        for asked in (f"patient={app.token['patient']}", f"subject=Patient/{app.token['patient']}"):
            found = (await app.get(f"/fhir/{kind}?{asked}&_summary=count")).json()["total"]
            assert found == every > 1, kind
    async with world.client() as client:
        other = Visitor(client)
        await other.sign_in("aya")
        stranger = await world.app("yosomono")
        await stranger.send_to(other)
        await stranger.redeem(code_in(await allow(other)))
    for whose in (stranger.token["patient"], "nobody"):
        assert (await app.get(f"/fhir/Observation?patient={whose}&_summary=count")).json()["total"] == 0
        assert (await app.get(f"/fhir/Condition?patient={whose}")).json().get("entry", []) == []


async def test_an_app_reads_nobody_elses_record_and_writes_nothing(world: World, browser: Visitor) -> None:
    app = await launched_by_hanako(world, browser, "launch/patient patient/*.cruds")
    assert app.token["scope"] == "patient/*.rs launch/patient", "a person's role writes nothing"
    others = (await app.get("/fhir/Patient")).json().get("entry", [])
    assert {one["resource"]["name"][0].get("text", "") for one in others if "name" in one["resource"]} <= {
        "架橋 花子",
        "カケハシ ハナコ",
    }
    bearer = {"authorization": f"Bearer {app.token['access_token']}"}
    sent = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    assert (await app.client.post("/fhir/Observation", json=sent, headers=bearer)).status_code in (403, 422)


async def test_what_is_unticked_is_not_allowed(world: World, browser: Visitor) -> None:
    app = await world.app()
    await browser.sign_in("hanako")
    await app.send_to(browser, "launch/patient patient/Observation.rs patient/Condition.rs offline_access")
    assert "検査結果" in browser.words and "サインアウトしたあとも" in browser.words
    address = await allow(browser, "patient/Condition.rs")
    await app.redeem(code_in(address))
    assert app.token["scope"] == "patient/Condition.rs launch/patient" and "refresh_token" not in app.token
    assert (await app.get("/fhir/Condition")).status_code == 200
    assert (await app.get("/fhir/Observation")).status_code == 403


async def test_nothing_ticked_is_not_an_answer(world: World, browser: Visitor) -> None:
    app = await world.app()
    await browser.sign_in("hanako")
    await app.send_to(browser)
    assert await allow(browser, "patient/*.cruds") == ""
    assert browser.status == 400 and "1つ以上" in browser.words


async def test_a_refusal_is_told_to_the_app(world: World, browser: Visitor) -> None:
    app = await world.app()
    await browser.sign_in("hanako")
    await app.send_to(browser)
    answer = await browser.client.post(browser.at, data={"csrf": browser.csrf, "act": "refuse"})
    told = said_in(answer.headers["location"])
    assert (told["error"], told["state"]) == ("access_denied", app.state)


async def test_a_mother_allows_an_app_to_read_her_childs_record(world: World, browser: Visitor) -> None:
    app = await world.app()
    await browser.sign_in("aya")
    await app.send_to(browser)
    grant = browser.page.partition('name="patient" value="own"')[2].partition('name="patient" value="')[2]
    await app.redeem(code_in(await allow(browser, patient=grant.partition('"')[0])))
    patient = await app.get(f"/fhir/Patient/{app.token['patient']}")
    assert patient.status_code == 200
    claims = await app.identity()
    assert claims["fhirUser"] != f"{BASE}/fhir/Patient/{app.token['patient']}", "she is not the child"
    assert await allow_someone_elses(world, browser) == ""


async def allow_someone_elses(world: World, browser: Visitor) -> str:
    app = await world.app("mieru-2")
    await app.send_to(browser)
    return await allow(browser, patient="0b9a3a34-6b5a-4d3c-9e59-000000000000")


async def test_a_doctor_opens_an_app_from_a_record_and_it_sees_that_person_only(
    world: World, browser: Visitor
) -> None:
    app = await world.app(place="sakura", launch_url="https://app.example/launch?v=1")
    await browser.sign_in("sakura.doctor")
    handle = await found_hanako(browser)
    assert "アプリで開く" in (await browser.go(f"/viewer/{handle}")).page
    await browser.go(f"/launch/{handle}")
    answer = await browser.client.post(f"/launch/{handle}", data={"csrf": browser.csrf, "app": app.id})
    told = said_in(answer.headers["location"])
    assert answer.headers["location"].startswith("https://app.example/launch?v=1&")
    assert told["iss"] == f"{BASE}/fhir"
    await app.send_to(browser, "launch openid fhirUser patient/*.rs", launch=told["launch"])
    assert "架橋 花子" in browser.words and "患者番号" not in browser.words
    await app.redeem(code_in(await allow(browser)))
    assert (await app.get(f"/fhir/Patient/{app.token['patient']}")).status_code == 200
    found = (await app.get("/fhir/Condition")).json()
    assert {one["resource"]["subject"].get("reference") for one in found.get("entry", [])} <= {
        f"Patient/{app.token['patient']}"
    }
    assert str((await app.identity()).get("fhirUser", "")).startswith(f"{BASE}/fhir/Practitioner/")
    who = str(app.token["fhirUser"]).removeprefix(BASE)
    assert (await app.get(who)).status_code in (200, 403), "there is such a resource"


async def test_a_doctor_picks_the_patient_by_number(world: World, browser: Visitor) -> None:
    app = await world.app(place="sakura")
    await browser.sign_in("sakura.doctor")
    number = local_number(BY_STORY["hanako"].identity, BY_SLUG["sakura"])
    await app.send_to(browser, "launch/patient patient/*.rs online_access")
    assert await allow(browser) == "" and "患者番号で患者を探して" in browser.words
    await browser.send(browser.at, act="find", number="nobody-has-this", scope=offered(browser))
    assert "この番号の人は見つかりません" in browser.words
    await browser.send(browser.at, act="find", number=number, scope=offered(browser))
    assert "架橋 花子" in browser.words
    handle = browser.page.partition('name="patient" value="')[2].partition('"')[0]
    await app.redeem(code_in(await allow(browser, patient=handle)))
    assert (await app.get(f"/fhir/Patient/{app.token['patient']}")).status_code == 200
    assert app.token["refresh_token"]


async def test_user_scopes_without_a_patient_reach_what_the_doctors_windows_open(
    world: World, browser: Visitor
) -> None:
    app = await world.app(place="sakura")
    await browser.sign_in("sakura.doctor")
    await app.send_to(browser, "user/*.rs openid")
    await app.redeem(code_in(await allow(browser)))
    assert "patient" not in app.token
    found = (await app.get("/fhir/Patient")).json()
    assert len(found["entry"]) >= 1


async def test_refresh_tokens_rotate_and_an_offline_app_outlives_the_session(
    world: World, browser: Visitor
) -> None:
    app = await launched_by_hanako(world, browser)
    first = app.token["refresh_token"]
    await browser.go("/apps")
    await browser.send("/signout")
    world.clock.tick(hours=20)
    assert not await app.works(), "the access token has expired"
    assert (await app.refresh()).status_code == 200
    assert app.token["refresh_token"] != first and await app.works()
    assert (await app.get(f"/fhir/Patient/{app.token['patient']}")).status_code == 200


async def test_a_public_app_need_not_name_itself_with_its_refresh_token(
    world: World, browser: Visitor
) -> None:
    """As a widespread library has it; an app with a secret must prove itself here too."""
    app = await launched_by_hanako(world, browser)
    form = {"grant_type": "refresh_token", "refresh_token": str(app.token["refresh_token"])}
    assert (await app.client.post("/oauth/token", data=form)).status_code == 200
    made_up = await app.client.post("/oauth/token", data={**form, "refresh_token": "made-up"})
    assert made_up.json()["error"] == "invalid_grant"
    confidential = await world.app("himitsu", proof="secret")
    await confidential.send_to(browser)
    await confidential.redeem(code_in(await allow(browser)))
    form["refresh_token"] = str(confidential.token["refresh_token"])
    assert (await app.client.post("/oauth/token", data=form)).json()["error"] == "invalid_client"
    assert (await confidential.refresh()).status_code == 200


async def test_a_native_app_is_answered_at_any_port_of_its_own_machine(
    world: World, browser: Visitor
) -> None:
    app = await world.app(redirects=("http://127.0.0.1/done",))
    app.redirect = "http://127.0.0.1:49152/done"
    await browser.sign_in("hanako")
    await app.send_to(browser)
    assert "form-action 'self' http://127.0.0.1:49152;" in browser.headers["content-security-policy"]
    assert (await app.redeem(code_in(await allow(browser)))).status_code == 200


async def test_the_request_may_come_by_a_form(world: World, browser: Visitor) -> None:
    app = await world.app()
    await browser.sign_in("hanako")
    answer = await browser.client.post(
        "/oauth/authorize", data=app.request(), headers={"sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 200 and "/authorize/" in answer.text


async def found_hanako(browser: Visitor) -> str:
    await browser.go("/reception")
    await browser.send("/reception", way="items", name="架橋 花子", birth="1962-05-14", sex="female")
    return browser.link("/reception/").rpartition("/")[2]


async def test_filters_of_scopes_are_told_in_words_and_hold(world: World, browser: Visitor) -> None:
    app = await world.app()
    await browser.sign_in("hanako")
    await app.send_to(browser, "launch/patient patient/Observation.rs?category=laboratory patient/Patient.r")
    assert "検体検査だけ" in browser.words and "laboratory only" in browser.words
    await app.redeem(code_in(await allow(browser)))
    assert "patient/Observation.rs?category=laboratory" in str(app.token["scope"]).split()
    found = (await app.get(f"/fhir/Observation?patient={app.token['patient']}")).json().get("entry", [])
    kinds = {
        coding["code"]
        for one in found
        for category in one["resource"].get("category", [])
        for coding in category.get("coding", [])
    }
    assert kinds == {"laboratory"}
    assert (await app.get("/fhir/Condition")).status_code == 403
