"""The pages of signing in by the operator's own provider, against an OpenID provider that others wrote."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock as others
import pytest
from starlette.applications import Starlette
from web_region import Region
from web_visitor import Visitor

from kakehashi.core.clock import system_clock
from kakehashi.core.settings import Settings
from kakehashi.faces.cli import doctor_openid, openid_commands
from kakehashi.faces.web import routes
from kakehashi.faces.web.visit import Desk
from kakehashi.store import accounts
from kakehashi.trust.keys import Vault
from kakehashi.trust.oauth import signing_keys
from kakehashi.trust.signin.openid import links
from kakehashi.trust.signin.openid.provider import Provider
from kakehashi.trust.signin.policy import Policy

HERE = "http://127.0.0.1:8080"
SAMPLE = {"sub": "u-1001", "preferred_username": "hanako.sato", "acr": "2"}


@pytest.fixture
def issuer() -> Iterator[str]:
    """A provider that holds one synthetic user, whose word is that of two factors."""
    user = others.User(sub=SAMPLE["sub"], claims={name: SAMPLE[name] for name in SAMPLE if name != "sub"})
    with others.run_server_in_thread(user_claims=[user]) as server:
        yield f"http://localhost:{server.server_port}"


def settings_of(region: Region, issuer: str, **other: object) -> Settings:
    return replace(
        region.house.settings, openid_issuer=issuer, openid_client_id="kakehashi", openid_client_secret="s" * 32,
        openid_name="病院ID", openid_factor="acr:2", **other,
    )  # fmt: skip


@asynccontextmanager
async def visiting(region: Region, issuer: str, **other: object) -> AsyncIterator[Visitor]:
    """Somebody at a browser, where the operator has a provider of their own. The clock is the provider's."""
    settings = settings_of(region, issuer, **other)
    house = replace(region.house, settings=settings, clock=system_clock)
    vault = Vault.at(settings.home)
    provider = Provider.of(settings, lambda at: signing_keys.ready(house.db, vault, at=at))
    desk = Desk(house, Policy.of(settings), vault, provider)
    async with Visitor.on(Starlette(routes=routes.routes(desk))) as one:
        yield one


async def come_by(
    visitor: Visitor, sub: str = SAMPLE["sub"], start: str = "/signin/openid"
) -> httpx.Response:
    """Leave for the provider, say there who one is, and open the address that it sends one back to."""
    there = (await visitor.client.get(start)).headers["location"]
    async with httpx.AsyncClient() as provider:
        back = (await provider.post(there, data={"sub": sub})).headers["location"]
    assert back.startswith(f"{HERE}/signin/openid/return?")
    return await visitor.client.get(back)


async def signed_in(visitor: Visitor, sub: str = SAMPLE["sub"], start: str = "/signin/openid") -> Visitor:
    """The same, and follow the page that leads on."""
    answer = await come_by(visitor, sub, start)
    assert 'http-equiv="refresh" content="0; url=/signin/openid/finish"' in answer.text
    return await visitor.go("/signin/openid/finish")


async def linked(region: Region, issuer: str, login: str = "sakura.doctor") -> str:
    """Link an account by the provider's `sub`, as the operator does at the prompt; return the account."""
    house = replace(region.house, settings=settings_of(region, issuer))
    await openid_commands.linked(house, login, SAMPLE["sub"], "")
    return await links.by_login(house.db, login)


async def test_who_is_linked_signs_in_and_out_by_the_provider(region: Region, issuer: str) -> None:
    await linked(region, issuer)
    async with visiting(region, issuer) as visitor:
        await visitor.go("/signin")
        assert "病院ID でサインイン" in visitor.words
        await signed_in(visitor)
        assert visitor.at == "/" and "受付" in visitor.page
        await visitor.go("/account")
        assert "プロバイダー（二要素）" in visitor.words
        await visitor.send("/signout")
        there = re.search(r'url=([^"]+)"', visitor.page)
        assert (
            there
            and there[1].startswith(f"{issuer}/oauth2/end_session?")
            and "サインアウトしました" in visitor.words
        )
        await visitor.go("/")
        assert visitor.at == "/signin"


async def test_what_we_ask_the_provider_for(region: Region, issuer: str) -> None:
    async with visiting(region, issuer) as visitor:
        answer = await visitor.client.get("/signin/openid?again=1")
        asked = {
            name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()
        }
        assert asked.keys() >= {"state", "nonce", "code_challenge"}
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert (asked["max_age"], asked["prompt"], asked["acr_values"]) == ("0", "login", "2")
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie and "Path=/signin/openid" in cookie and "SameSite=lax" in cookie
        assert asked["nonce"] not in cookie and asked["state"] not in cookie  # it is sealed


async def test_somebody_unknown_is_told_whom_to_ask_and_gets_in_with_a_code(
    region: Region, issuer: str
) -> None:
    async with visiting(region, issuer) as manager, visiting(region, issuer) as visitor:
        await signed_in(visitor)
        assert visitor.status == 403 and visitor.at == "/signin/openid/finish"
        assert "施設の管理者" in visitor.words and "連携コード" in visitor.words
        await visitor.send("/signin/openid/link", code="guess")
        assert visitor.status == 401 and "連携コードが違うか" in visitor.words

        await manager.sign_in("operator")
        sakura = region.sites["sakura"]
        await manager.go(f"/staff/openid?institution={sakura.key}")
        account = await links.by_login(region.house.db, "sakura.doctor")
        await manager.send(f"/staff/openid/{account}", institution=str(sakura.key), way="code")
        code = re.search(r'<code class="secret">([^<]+)</code>', manager.page)
        assert code, manager.words

        await visitor.send("/signin/openid/link", code=code[1])
        assert visitor.at == "/" and "受付" in visitor.page
        await manager.go(f"/staff/openid?institution={sakura.key}")
        assert "連携済み" in manager.words
        await manager.send(f"/staff/openid/{account}", institution=str(sakura.key), way="unlink")
        assert "保存しました" in manager.words and "連携済み" not in manager.words
        await visitor.go("/")
        assert visitor.at == "/signin"


async def test_a_manager_prepares_by_name_at_their_own_institution_only(region: Region, issuer: str) -> None:
    chuo = region.sites["chuo"]
    async with visiting(region, issuer) as manager:
        await manager.sign_in("chuo.clerk")
        await manager.go(f"/staff/openid?institution={region.sites['sakura'].key}")
        assert chuo.name in manager.words and region.sites["sakura"].name not in manager.words
        own = await links.by_login(region.house.db, "chuo.doctor2")
        other = await links.by_login(region.house.db, "sakura.doctor")
        await manager.send(
            f"/staff/openid/{own}", institution=str(chuo.key), way="username", username="hanako.sato"
        )
        assert "準備済み" in manager.words and "hanako.sato" in manager.words
        for way in ("code", "username", "subject", "unlink"):
            await manager.send(f"/staff/openid/{other}", way=way, username="x", subject="x")
            assert manager.status == 403, way
            await manager.go("/staff/openid")
    async with visiting(region, issuer) as visitor:
        await signed_in(visitor)
        assert visitor.at == "/" and "受付" in visitor.page


async def test_another_browser_cannot_use_the_answer(region: Region, issuer: str) -> None:
    """A link that somebody else's sign-in ends in signs nobody in (login CSRF)."""
    await linked(region, issuer)
    async with visiting(region, issuer) as visitor, visiting(region, issuer) as victim:
        there = (await visitor.client.get("/signin/openid")).headers["location"]
        async with httpx.AsyncClient() as provider:
            back = (await provider.post(there, data={"sub": SAMPLE["sub"]})).headers["location"]
        await victim.go(back.removeprefix(HERE))
        assert victim.status == 401 and "やり直してください" in victim.words
        await victim.go("/signin/openid")  # they begin one of their own; the answer is still not theirs
        await victim.go(back.removeprefix(HERE))
        assert victim.status == 401
        assert (await victim.client.get("/signin/openid/finish")).headers["location"] == "/signin"


async def test_declining_there_leads_back_to_signing_in(region: Region, issuer: str) -> None:
    async with visiting(region, issuer) as visitor:
        there = (await visitor.client.get("/signin/openid")).headers["location"]
        async with httpx.AsyncClient() as provider:
            back = (await provider.post(there, data={"action": "deny"})).headers["location"]
        state = parse_qs(urlsplit(there).query)["state"][0]
        await visitor.go(f"{back.removeprefix(HERE)}&state={state}")
        assert visitor.status == 401 and "やり直してください" in visitor.words and "利用者ID" in visitor.words


async def test_a_provider_that_is_away_is_said_to_be_and_passwords_go_on(region: Region, issuer: str) -> None:
    async with visiting(region, "http://localhost:1") as visitor:
        await visitor.go("/signin/openid")
        assert visitor.status == 503 and "病院ID につながりません" in visitor.words
        assert "利用者IDとパスワードでサインインできます" in visitor.words
        await visitor.sign_in("sakura.doctor")
    async with visiting(region, "http://localhost:1", openid_only=True) as visitor:
        await visitor.go("/signin/openid")
        assert "緊急コード" in visitor.words and "パスワードでサインインできます" not in visitor.words
        await visitor.sign_in("operator")  # the reserve: linked to nobody there
        await visitor.send("/signout")
        await visitor.go("/signin")
        await visitor.send("/signin", login="sakura.doctor", password="wrong")
        assert visitor.status == 401


async def test_the_page_that_was_wanted_follows_and_no_other_site(region: Region, issuer: str) -> None:
    await linked(region, issuer)
    async with visiting(region, issuer) as visitor:
        await signed_in(visitor, start="/signin/openid?next=/reception")
        assert visitor.at == "/reception"
        await signed_in(visitor, start="/signin/openid?next=https://evil.example/")
        assert visitor.at == "/"


async def test_a_grave_act_has_two_factors_proven_anew_at_the_provider(region: Region, issuer: str) -> None:
    """Who has no factor of their own here is sent there, and the session that runs goes on."""
    await linked(region, issuer, "chuo.clerk")
    async with visiting(region, issuer) as visitor:
        await signed_in(visitor)
        answer = await visitor.client.get("/stepup?next=/staff")
        assert answer.headers["location"] == "/signin/openid?again=1&next=/staff"
        await signed_in(visitor, start=answer.headers["location"])
        assert visitor.at == "/staff" and visitor.status == 200


async def test_the_providers_server_may_not_say_anything_unsigned(region: Region, issuer: str) -> None:
    async with visiting(region, issuer) as visitor:
        for said in ({}, {"logout_token": ""}, {"logout_token": "a.b.c"}, {"logout_token": "x" * 200_000}):
            answer = await visitor.client.post("/signin/openid/logout", data=said)
            assert answer.status_code == 400 and answer.json() == {"error": "invalid_request"}
            assert answer.headers["cache-control"] == "no-store"


async def test_without_a_provider_there_are_no_such_pages(visitor: Visitor) -> None:
    for path in ("/signin/openid", "/signin/openid/return?code=x&state=y", "/signin/openid/finish"):
        assert (await visitor.client.get(path)).headers["location"] == "/signin"
    assert (await visitor.client.post("/signin/openid/logout", data={})).status_code == 400
    await visitor.sign_in("operator")
    assert (await visitor.go("/staff/openid")).status == 404
    assert "/staff/openid" not in (await visitor.go("/staff")).page


async def test_the_doctor_says_how_the_provider_is(region: Region, issuer: str) -> None:
    async def found(**settings: object) -> dict[str, bool]:
        house = replace(region.house, settings=settings_of(region, **{"issuer": issuer, **settings}))
        return {one.en.partition(" (")[0]: one.good for one in await doctor_openid.examine(house)}

    good = await found()
    assert good.pop(f"provider {issuer}") is False  # plain http
    assert all(good.values()) and len(good) == 4
    for wrong in (f"{issuer}/", "http://localhost:1"):
        assert (await found(issuer=wrong))["the OpenID provider's description and keys can be read"] is False
    async with region.house.db.transaction() as tx:
        operator = await accounts.by_login(tx, "operator")
        assert operator
        await tx.execute("UPDATE account SET disabled_at = now() WHERE id = $1", operator.id)
    assert (await found())["operators who are linked to no provider"] is False
    assert await doctor_openid.examine(region.house) == []


async def test_the_prompt_links_by_code_name_or_sub_and_unlinks(region: Region, issuer: str) -> None:
    house = replace(region.house, settings=settings_of(region, issuer))
    assert re.search(
        r": [0-9a-z]{4}(-[0-9a-z]{4}){3}$", await openid_commands.linked(house, "sakura.doctor", "", "")
    )
    assert "hanako" in await openid_commands.linked(house, "sakura.doctor", "", "hanako")
    assert "結び付けました" in await openid_commands.linked(house, "sakura.doctor", "u-1", "")
    assert "外しました" in await openid_commands.unlinked(house, "sakura.doctor")
    for wrong in ((house, "u-1", "hanako"), (region.house, "", "")):
        with pytest.raises(openid_commands.BadRequest):
            await openid_commands.linked(wrong[0], "sakura.doctor", *wrong[1:])
