"""WCAG 2.2 AA by axe-core: the doctor's, the receptionist's and the person's pages, on a screen, a phone, and on paper.

axe-core (MPL-2.0) comes with the package axe-playwright-python; it is run in the browser and never served.
"""

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlencode

import pytest
from accessibility import TOO_WIDE
from browser_person import Person
from playwright.async_api import Browser
from web_region import NOW, Region

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.samples.region import BY_SLUG
from kakehashi.trust.oauth import apps
from kakehashi.trust.oauth.apps import NewApp
from kakehashi.trust.signin import setup

_PACKAGE = find_spec("axe_playwright_python")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(_PACKAGE is None, reason="axe-core is not installed (axe-playwright-python)"),
]
AXE = Path(_PACKAGE.origin).with_name("axe.min.js").read_text() if _PACKAGE and _PACKAGE.origin else ""
RULES = "wcag2a wcag2aa wcag21a wcag21aa wcag22aa best-practice".split()
RUN = """async (tags) => (await axe.run(document, { runOnly: tags, resultTypes: ["violations"] })).violations
  .flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)}`))"""
TABS = ("timeline", "labs", "medicines", "problems", "checkups", "documents")
OWN = (
    "/", "/me", "/me/log", "/me/consents", "/me/withholding", "/me/withholding?kind=2", "/me/proxies", "/me/download",
    "/apps",
)  # fmt: skip
OPERATOR = Actor("setup", Role.OPERATOR, setup.OPERATOR, Purpose.OPERATIONS, factors=2)
LOOKS = [(1280, "screen"), (375, "screen"), (794, "print")]  # pixels; A4 is 794 wide


async def broken_on(one: Person, path: str, media: str) -> list[str]:
    """Open a page (none: the one that is open) and return which rules it breaks."""
    await one.page.emulate_media(media=media)  # type: ignore[arg-type]
    if path:
        await one.go(path)
    await one.page.evaluate(AXE)
    found: list[str] = await one.page.evaluate(RUN, RULES)
    wide: int = await one.page.evaluate(TOO_WIDE)
    return [f"{path}: {what}" for what in found] + ([f"{path}: {wide} px too wide"] if wide > 0 else [])


@pytest.mark.parametrize(("width", "media"), LOOKS)
async def test_the_persons_pages(chromium: Browser, served: tuple[str, Region], width: int, media: str):
    async with Person.sitting(chromium, served[0], width=width) as one:
        await one.sign_in("hanako")
        broken = [what for path in OWN for what in await broken_on(one, path, media)]
        await one.go("/me/download")
        await one.page.emulate_media(media="screen")
        await one.press("印刷用のページ")
        await one.page.wait_for_selector("article h3")
        assert broken + await broken_on(one, "", media) == [] and one.complaints == []


async def test_allowing_an_app(chromium: Browser, served: tuple[str, Region]):
    app = NewApp(
        "axe-app",
        "見本のアプリ",
        setup.OPERATOR,
        ("https://app.example/",),
        ("patient/*.rs", "user/*.rs", "openid"),
    )
    await apps.register(served[1].house.db, app, by=OPERATOR, at=NOW)
    ask = "/oauth/authorize?" + urlencode({
        "response_type": "code", "client_id": app.id, "redirect_uri": app.redirects[0], "state": "1",
        "aud": f"{served[0]}/fhir", "code_challenge": "x" * 43, "code_challenge_method": "S256",
        "scope": " ".join(app.scopes),
    })  # fmt: skip
    for login, width in (("aya", 1280), ("aya", 375), ("sakura.doctor", 1280), ("sakura.doctor", 375)):
        async with Person.sitting(chromium, served[0], width=width) as one:
            await one.sign_in(login)
            await one.go(ask)
            await one.page.wait_for_selector("input[name=scope]")
            broken = await broken_on(one, "", "screen")
            if login != "aya":
                await one.find_hanako()
                await one.go("/launch/" + one.page.url.rpartition("/")[2])
                broken += await broken_on(one, "", "screen")
            assert broken == [] and one.complaints == []


@pytest.mark.parametrize(("width", "media"), LOOKS)
async def test_reception_and_the_viewer(
    chromium: Browser, served: tuple[str, Region], width: int, media: str
):
    async with Person.sitting(chromium, served[0], width=width) as one:
        await one.sign_in("sakura.doctor")
        broken = await broken_on(one, "/reception", media)
        await one.page.emulate_media(media="screen")
        await one.find_hanako()
        broken += await broken_on(one, one.page.url.removeprefix(one.base), media)
        await one.page.emulate_media(media="screen")
        await one.consent()
        await one.press("記録を見る")
        viewer = one.page.url.removeprefix(one.base).partition("?")[0]
        for tab in TABS:
            broken += await broken_on(one, f"{viewer}?tab={tab}", media)
        document = await one.page.locator("tbody th a").first.get_attribute("href")
        assert broken + await broken_on(one, f"{viewer}{document}", media) == [] and one.complaints == []


async def test_emergency_access(person: Person):
    await person.sign_in("daigaku.er")
    await person.press("救急閲覧")
    await person.enrol()
    broken = await broken_on(person, "", "screen")
    await person.page.fill("#card-insurer", BY_SLUG["koiki"].code)
    await person.page.fill("#card-number", "49000581")
    await person.page.fill("#card-branch", "00")
    await person.press("探す", "section[aria-labelledby=by-card]")
    await person.page.check("input[value=unconscious]")
    broken += await broken_on(person, "", "screen")
    await person.page.fill("#reason", "意識不明で搬送、家族と連絡がとれない")
    await person.press("救急として開く")
    for width, media in LOOKS:
        await person.page.set_viewport_size({"width": width, "height": 900})
        broken += await broken_on(person, "", media)
    assert broken == []
