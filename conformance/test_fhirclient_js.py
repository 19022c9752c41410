"""fhirclient.js in a real browser: a page of its own origin is launched, somebody signs in and allows it, it reads.

app/launch.html and app/app.html are the app, with the build for browsers that the npm package carries.
"""

import json
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from playwright.async_api import Browser, Page, async_playwright

from kakehashi.core.actors import Role
from kakehashi.core.settings import Settings
from kakehashi.store import window_sql
from kakehashi.store.whereabouts import whereabouts
from kakehashi.trust.oauth import apps
from kakehashi.trust.signin import setup
from kakehashi.trust.signin.accounts import NewAccount
from persons import observation, patient
from standing import HOSPITAL, Standing

_HERE = Path(__file__).parent
_BUILD = _HERE / "node_modules/fhirclient/build/fhir-client.js"
_CHROMIUM = shutil.which("chromium")
_PASSWORD = "mihon-password-1"
_SCOPES = "launch/patient openid fhirUser online_access patient/Patient.rs patient/Observation.rs"
pytestmark = [
    pytest.mark.suite("fhirclient-js"),
    pytest.mark.timeout(180),
    pytest.mark.skipif(not _BUILD.exists() or not _CHROMIUM, reason="fhirclient.js or chromium is not here"),
]


class _Pages(SimpleHTTPRequestHandler):
    def translate_path(self, path: str) -> str:
        name = path.partition("?")[0]
        return str(_BUILD if name == "/fhir-client.js" else _HERE / "app" / name.strip("/"))

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The origin that the app's pages come from."""
    served = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser: Browser = await playwright.chromium.launch(
            executable_path=_CHROMIUM, args=["--headless=new", "--no-sandbox", "--disable-gpu"]
        )
        context = await browser.new_context(locale="ja-JP")
        context.set_default_timeout(60_000)
        yield await context.new_page()
        await browser.close()


async def _app(server: Standing, site: str, name: str) -> str:
    new = apps.NewApp(name, "適合の試験", HOSPITAL, (f"{site}/app.html",), tuple(_SCOPES.split()))
    await apps.register(server.db, new, by=setup.demo_operator(Settings(demo=True)), at=datetime.now(UTC))
    return name


async def _account(server: Standing, login: str, role: Role, person: int | None = None) -> None:
    at = setup.OPERATOR if role is Role.PERSON else HOSPITAL
    new = NewAccount(
        login, "見本 開", at, role, licence="" if role is Role.PERSON else "123456", person=person
    )
    await setup.demo_account(server.db, new, _PASSWORD, settings=server.settings, at=datetime.now(UTC))


async def _person_of(server: Standing, name: str) -> int:
    async with server.db.transaction() as tx:
        await window_sql.open_on(tx, window_sql.system_window("conformance"))
        return (await whereabouts(tx, [("Patient", name)]))["Patient", name].person


def _record(plain: httpx.Client) -> tuple[str, str]:
    """A patient with three results; their id and number."""
    body = patient("開始")
    name = plain.post("Patient", json=body).json()["id"]
    for value in range(3):
        assert plain.post("Observation", json=observation(f"Patient/{name}", value)).status_code == 201
    return name, body["identifier"][0]["value"]


async def _launched(page: Page, server: Standing, site: str, app: str, login: str) -> None:
    """Open the app: it leads to the sign-in, where somebody signs in."""
    asked = urlencode({"client": app, "scope": _SCOPES, "iss": server.base})
    await page.goto(f"{site}/launch.html?{asked}")
    await page.fill("#login", login)
    await page.fill("#password", _PASSWORD)
    await page.click("form[action='/signin'] button")
    await page.wait_for_selector("button[value=allow]")


async def _told(page: Page) -> dict[str, object]:
    """What the app tells when it is done."""
    await page.wait_for_function("document.title === 'done'")
    return dict(json.loads(await page.inner_text("body")))


async def test_a_person_opens_an_app_and_it_reads_their_record_only(
    server: Standing, site: str, page: Page, plain: httpx.Client
) -> None:
    name, _ = _record(plain)
    await _account(server, "kakehashi-hiraku", Role.PERSON, await _person_of(server, name))
    await _launched(page, server, site, await _app(server, site, "growth-chart"), "kakehashi-hiraku")
    await page.click("button[value=allow]")
    told = await _told(page)
    assert "wrong" not in told, told
    assert (told["patient"], told["family"], told["results"]) == (name, "開始", 3)
    assert (told["by"], told["resolved"]) == (3, ["Patient"] * 3)
    assert (told["refreshed"], told["again"]) == (True, name)
    assert told["denied"] == 403


async def test_a_doctor_opens_it_and_chooses_the_patient(
    server: Standing, site: str, page: Page, plain: httpx.Client
) -> None:
    name, number = _record(plain)
    await _account(server, "kakehashi-ishi", Role.DOCTOR)
    await _launched(page, server, site, await _app(server, site, "ward-round"), "kakehashi-ishi")
    await page.fill("#number", number)
    await page.click("button[value=find]")
    await page.check("input[name=patient]")
    await page.click("button[value=allow]")
    told = await _told(page)
    assert "wrong" not in told, told
    assert (told["patient"], told["results"], told["denied"]) == (name, 3, 403)


async def test_who_refuses_lets_nothing_in(
    server: Standing, site: str, page: Page, plain: httpx.Client
) -> None:
    name, _ = _record(plain)
    await _account(server, "kakehashi-kotowaru", Role.PERSON, await _person_of(server, name))
    await _launched(page, server, site, await _app(server, site, "unwanted"), "kakehashi-kotowaru")
    await page.click("button[value=refuse]")
    told = await _told(page)
    assert "not allowed" in str(told["wrong"])
