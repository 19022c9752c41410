"""Every page against rules that a machine can check: accessibility, the tablet's width, no complaint of the browser."""

import pytest
from accessibility import RULES, TOO_WIDE
from browser_person import Person
from playwright.async_api import Browser
from web_region import Region

from kakehashi.samples.region import BY_SLUG
from kakehashi.samples.story import BY_STORY

pytestmark = pytest.mark.browser

PAGES = {
    "sakura.clerk": ("/", "/reception", "/account"),
    "hanako": (
        "/me",
        "/me/log",
        "/me/consents",
        "/me/withholding",
        "/me/withholding?kind=2",
        "/me/proxies",
        "/me/download",
        "/signin/enrol",
        "/signin/password",
    ),
    "chuo.clerk": ("/staff", "/staff/break-glass", "/staff/subscriptions", "/signin/break-glass"),
    "auditor": (
        "/audit",
        "/audit/log",
        "/audit/emergencies",
        "/audit/break-glass",
        "/audit/unusual",
        "/audit/proof",
    ),
    "operator": (
        "/console",
        "/console/institutions",
        "/console/accounts?institution=1",
        "/console/keys?institution=1",
        "/console/loads",
        "/console/people",
        "/console/persons",
        "/console/signing",
        "/console/subscriptions",
        "/console/log",
        "/console/retention",
    ),
}
TABS = ("timeline", "labs", "medicines", "problems", "checkups", "documents")


async def wrong_on(one: Person, path: str) -> list[str]:
    """Open a page and return what is wrong with it."""
    await one.go(path)
    found: list[str] = await one.page.evaluate(RULES)
    wide: int = await one.page.evaluate(TOO_WIDE)
    return [f"{path}: {what}" for what in found] + ([f"{path}: {wide} px too wide"] if wide > 0 else [])


@pytest.mark.parametrize("login", PAGES)
@pytest.mark.parametrize("width", [1280, 768])
async def test_pages_keep_the_rules(chromium: Browser, served: tuple[str, Region], login: str, width: int):
    async with Person.sitting(chromium, served[0], width=width) as one:
        await one.sign_in(login)
        wrong = [what for path in PAGES[login] for what in await wrong_on(one, path)]
        assert wrong == [] and one.complaints == []


@pytest.mark.parametrize("width", [1280, 768])
async def test_the_viewer_keeps_the_rules(chromium: Browser, served: tuple[str, Region], width: int):
    async with Person.sitting(chromium, served[0], width=width) as one:
        await one.sign_in("sakura.doctor")
        await one.find_hanako()
        wrong = await wrong_on(one, one.page.url.removeprefix(one.base))
        await one.press("同意を記録する")
        await one.press("記録を見る")
        viewer = one.page.url.removeprefix(one.base).partition("?")[0]
        for tab in TABS:
            wrong += await wrong_on(one, f"{viewer}?tab={tab}")
        await one.page.locator("tbody th a").first.click()
        wrong += await wrong_on(one, one.page.url.removeprefix(one.base))
        assert wrong == [] and one.complaints == []


@pytest.mark.parametrize("width", [1280, 768])
async def test_the_operators_page_of_a_person_keeps_the_rules(
    chromium: Browser, served: tuple[str, Region], width: int
):
    async with Person.sitting(chromium, served[0], width=width) as one:
        await one.sign_in("operator")
        known = BY_STORY["sora"].identity
        await one.go("/console/persons")
        for name in ("symbol", "number", "branch", "birth"):
            await one.page.fill(f"#{name}", getattr(known, name))
        await one.page.fill("#insurer", BY_SLUG[known.insurer].code)
        await one.press("特定する")
        here = one.page.url.removeprefix(one.base)
        wrong = await wrong_on(one, here)
        await one.page.fill(
            "#hold-reason", "第12号"
        )  # and no scope: what was typed stays, what is missing is said
        await one.press("停止する", f"form[action='{here}/hold']")
        assert await one.page.input_value("#hold-reason") == "第12号"
        assert await one.page.locator(".message.error[role=alert]").count() == 1
        wrong += [f"error: {what}" for what in await one.page.evaluate(RULES)]
        assert wrong == [] and one.complaints == []


@pytest.mark.parametrize("width", [1280, 768])
async def test_the_counter_keeps_the_rules(chromium: Browser, served: tuple[str, Region], width: int):
    async with Person.sitting(chromium, served[0], width=width) as one:
        await one.sign_in("chuo.clerk")
        await one.find_hanako()
        await one.press("窓口の手続き")
        assert await wrong_on(one, one.page.url.removeprefix(one.base)) == [] and one.complaints == []


async def test_the_sign_in_page_keeps_the_rules(person: Person):
    assert await wrong_on(person, "/signin") == []
