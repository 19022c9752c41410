"""Signing in by the operator's own OpenID provider, in a real browser: the cookies come along as browsers send them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import oidc_provider_mock as others
import pytest
from accessibility import RULES
from browser_person import Person
from browser_server import free_port, serving
from playwright.async_api import Browser
from web_region import PASSWORD, make_region

from databases import copy_of
from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.clock import system_clock
from kakehashi.faces import app
from kakehashi.store.database import Database
from kakehashi.trust.signin import setup
from kakehashi.trust.signin.openid import links

pytestmark = pytest.mark.browser
SUB = "u-1001"  # a synthetic doctor's at the provider
BY = Actor("test", Role.OPERATOR, setup.OPERATOR, Purpose.OPERATIONS, factors=2)


@dataclass(frozen=True)
class Place:
    """A running server, and the provider beside it, which for a browser is another site (localhost)."""

    base: str
    issuer: str
    db: Database


@pytest.fixture(scope="module")
async def place(
    chromium: Browser, cluster: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Place]:
    user = others.User(sub=SUB, claims={"acr": "2", "preferred_username": "hanako.sato"})
    with others.run_server_in_thread(user_claims=[user]) as server:
        issuer = f"http://localhost:{server.server_port}"
        async with copy_of(cluster, template, "openid") as url, await Database.open(url) as db:
            region = await make_region(db, Path(tmp_path_factory.mktemp("openid")), ("hanako",))
            settings = replace(
                region.house.settings, port=free_port(), openid_issuer=issuer, openid_client_id="kakehashi",
                openid_client_secret="s" * 32, openid_name="病院ID", openid_factor="acr:2",
            )  # fmt: skip
            async with serving(app.build(db, settings, system_clock), settings.port):
                yield Place(settings.public_url, issuer, db)


def complaints(one: Person) -> list[str]:
    """What the browser complained of, but that the provider's own page wants a style sheet from the internet."""
    return [said for said in one.complaints if "ERR_NAME_NOT_RESOLVED" not in said]


async def _by_provider(one: Person, place: Place, sub: str = SUB) -> None:
    """From our page to the provider's, and there the person says who they are."""
    await one.go("/signin")
    await one.press("病院ID でサインイン")
    await one.page.wait_for_url(f"{place.issuer}/**")
    await one.page.fill("input[name=sub]", sub)
    await one.page.locator("form:has(input[name=sub]) button").first.click()


@pytest.mark.parametrize("script", [True, False])
async def test_a_doctor_signs_in_by_the_provider_and_out_again(
    chromium: Browser, place: Place, *, script: bool
) -> None:
    account = await links.by_login(place.db, "sakura.doctor")
    await links.unlink(place.db, account, by=BY, at=system_clock())
    await links.link(place.db, place.issuer, account, SUB, by=BY, at=system_clock())
    async with Person.sitting(chromium, place.base, script=script) as one:
        await _by_provider(one, place)
        await one.page.wait_for_url(f"{place.base}/")
        assert "受付" in await one.page.inner_text("header")
        await one.press("サインアウト", "header")
        await one.page.wait_for_url(f"{place.issuer}/oauth2/end_session?**")
        await one.go("/")
        assert one.page.url == f"{place.base}/signin"
        assert complaints(one) == []


async def test_somebody_unknown_types_the_code_that_a_manager_gave(chromium: Browser, place: Place) -> None:
    account = await links.by_login(place.db, "sakura.nurse")
    code = await links.invite(place.db, place.issuer, account, by=BY, at=system_clock())
    async with Person.sitting(chromium, place.base) as one:
        await _by_provider(one, place, "u-2002")
        await one.page.wait_for_url(f"{place.base}/signin/openid/finish")
        assert "施設の管理者" in await one.words()
        assert await one.page.evaluate(RULES) == []
        await one.page.fill("#code", code)
        await one.press("結び付ける")
        await one.page.wait_for_url(f"{place.base}/")  # the sample region wants one factor
        assert "受付" in await one.page.inner_text("header") and complaints(one) == []


async def test_the_page_of_links_keeps_the_rules(chromium: Browser, place: Place) -> None:
    async with Person.sitting(chromium, place.base) as one:
        await one.go("/signin")
        await one.page.fill("#login", "operator")
        await one.page.fill("#password", PASSWORD)
        await one.page.click("form[action='/signin'] button")
        await one.go("/staff/openid?institution=1")
        assert await one.page.evaluate(RULES) == [] and complaints(one) == []
        await one.page.locator("summary").first.click()
        assert "連携コードを作る" in await one.words()
