"""A browser's app, on another site, launches by itself: discovery, sign-in, consent, token and a read, all for real.

The app is a page of forty lines with no library. It is served from `localhost` and the server from 127.0.0.1, which are
two sites to a browser: our session's cookie does not come along, and CORS is asked for.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest
from browser_person import Person
from playwright.async_api import Browser
from web_region import NOW, PASSWORD, Region

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.trust.oauth import apps
from kakehashi.trust.oauth.apps import NewApp
from kakehashi.trust.signin import setup

pytestmark = pytest.mark.browser
OPERATOR = Actor("setup", Role.OPERATOR, setup.OPERATOR, Purpose.OPERATIONS, factors=2)
PAGE = """<!doctype html><meta charset="utf-8"><title>app</title><main id="main">…</main><script>
const ISS = "@ISS@", here = location.origin + "/";
const say = (text) => { document.querySelector("#main").innerText = text; };
const url64 = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replace(/\\+/g, "-").replace(/\\//g, "_").replace(/=/g, "");
async function begin(smart) {
  const verifier = url64(crypto.getRandomValues(new Uint8Array(48)));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  sessionStorage.setItem("verifier", verifier);
  location.href = smart.authorization_endpoint + "?" + new URLSearchParams({
    response_type: "code", client_id: "browser-app", redirect_uri: here, state: "s-1", aud: ISS,
    scope: "launch/patient openid fhirUser patient/*.rs online_access",
    code_challenge: url64(new Uint8Array(digest)), code_challenge_method: "S256",
  });
}
async function redeem(smart, code) {
  const form = new URLSearchParams({
    grant_type: "authorization_code", code, redirect_uri: here, client_id: "browser-app",
    code_verifier: sessionStorage.getItem("verifier"),
  });
  return (await fetch(smart.token_endpoint, { method: "POST", body: form })).json();
}
(async () => {
  const said = new URLSearchParams(location.search);
  if (said.get("error")) return say("refused: " + said.get("error"));
  const smart = await (await fetch(ISS + "/.well-known/smart-configuration")).json();
  if (!said.get("code")) return begin(smart);
  const told = await redeem(smart, said.get("code"));
  const headers = { authorization: "Bearer " + told.access_token };
  const patient = await (await fetch(ISS + "/Patient/" + told.patient, { headers })).json();
  say("read: " + patient.name.map((one) => one.text).join(" ") + " " + told.scope);
})().catch((fault) => say("fault: " + fault));
</script>"""


@pytest.fixture
async def app_page(served: tuple[str, Region]) -> AsyncIterator[str]:
    """The address of the app, registered with the server."""
    address, region = served

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = PAGE.replace("@ISS@", f"{address}/fhir").encode()
        head = f"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    here = f"http://localhost:{server.sockets[0].getsockname()[1]}/"
    new = NewApp(
        "browser-app", "ブラウザーのアプリ（見本）", setup.OPERATOR, (here,),
        ("launch/patient", "openid", "fhirUser", "online_access", "patient/*.rs"),
    )  # fmt: skip
    await apps.register(region.house.db, new, by=OPERATOR, at=NOW)
    yield here
    server.close()


async def test_a_browsers_app_is_launched_allowed_reads_and_is_ended(
    chromium: Browser, served: tuple[str, Region], app_page: str
) -> None:
    async with Person.sitting(chromium, served[0]) as one:
        page = one.page
        await page.goto(app_page)
        await page.wait_for_selector("#login")
        assert "/signin?next=/authorize/" in page.url
        await page.fill("#login", "hanako")
        await page.fill("#password", PASSWORD)
        await one.press("サインイン")
        await page.wait_for_selector("input[name=scope]")
        assert "ブラウザーのアプリ（見本）" in await one.words()
        await page.uncheck("input[name=scope][value=fhirUser]")
        await one.press("許可する")
        await page.wait_for_function("document.querySelector('#main').innerText.includes(':')")
        said = await page.inner_text("#main")
        assert said.startswith("read: ") and "花子" in said, said
        assert "fhirUser" not in said and "patient/*.rs" in said
        await page.goto(app_page)  # signed in now: asked again, and this time refused
        await page.wait_for_selector("input[name=scope]")
        await one.press("許可しない")
        await page.wait_for_function("document.querySelector('#main').innerText.includes('refused')")
        assert "access_denied" in await page.inner_text("#main")
        await one.go("/apps")
        await one.press("終わりにする")
        assert "いま許可しているアプリはありません" in await one.words()
        assert one.complaints == []
