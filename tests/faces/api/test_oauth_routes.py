"""The token endpoint over HTTP: a registered system proves itself and gets a token that the API takes."""

import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from api_words import NOON, SAKURA, Region

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.errors import Invalid
from kakehashi.trust.keys import Authority
from kakehashi.trust.oauth import assertions, certificates, clients
from kakehashi.trust.signin import setup

sys.path.append(str(Path(__file__).parents[2] / "trust" / "oauth"))
from oauth_systems import System, new_system

OPERATOR = Actor("setup", Role.OPERATOR, setup.OPERATOR, Purpose.OPERATIONS, factors=2)


@pytest.fixture(scope="module")
async def system(region: Region) -> System:
    made = new_system("sakura-emr")
    await clients.register(
        region.db,
        made.id,
        "電子カルテ",
        SAKURA,
        scope=["system/*.rs"],
        jwks=made.jwks(),
        by=OPERATOR,
        at=NOON,
    )
    return made


def form(region: Region, system: System, **changed: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials", "scope": "system/*.rs", "client_assertion_type": assertions.TYPE,
        "client_assertion": system.assertion(region.clock.now, aud=region.tokens.endpoint), **changed,
    }  # fmt: skip


async def test_a_system_gets_a_token_uses_it_and_gives_it_up(region: Region, system: System) -> None:
    granted = await region.client.post("/oauth/token", data=form(region, system))
    assert granted.status_code == 200, granted.text
    assert granted.headers["cache-control"] == "no-store"
    token = granted.json()["access_token"]
    bearer = {"authorization": f"Bearer {token}"}
    assert (await region.client.get("/fhir/Patient", headers=bearer)).status_code == 200
    assert (await region.client.post("/fhir/Patient", json={}, headers=bearer)).status_code in (400, 403)
    about = await region.client.post("/oauth/introspect", data=form(region, system, token=token))
    assert (about.json()["active"], about.json()["client_id"]) == (True, system.id)
    assert (
        await region.client.post("/oauth/revoke", data=form(region, system, token=token))
    ).status_code == 200
    region.clock.tick(2)
    assert (await region.client.get("/fhir/Patient", headers=bearer)).status_code == 401


@pytest.mark.parametrize(("changed", "error"), [
    ({"grant_type": "password"}, "unsupported_grant_type"), ({"scope": "launch"}, "invalid_scope"),
    ({"client_assertion": "a.b.c"}, "invalid_client"), ({"client_assertion": ""}, "invalid_request"),
])  # fmt: skip
async def test_a_refusal_has_its_oauth_name(
    region: Region, system: System, changed: dict[str, str], error: str
) -> None:
    answer = await region.client.post("/oauth/token", data=form(region, system, **changed))
    assert answer.json()["error"] == error
    assert answer.status_code == (401 if error == "invalid_client" else 400)


async def test_a_developer_is_told_which_scopes_are_dropped_and_why(region: Region, system: System) -> None:
    good, bad = "system/Observation.rs?category=laboratory", "system/Observation.rs?category:not=laboratory"
    got = await region.client.post(
        "/oauth/token", data=form(region, system, scope=f"{good} {bad} system/Patient.c")
    )
    assert got.json()["scope"] == good
    dropped = {one["scope"]: one["rule"] for one in got.json()["scope_dropped"]}
    assert dropped == {bad: "oauth.scope.filter", "system/Patient.c": "oauth.scope.not-allowed"}
    refused = await region.client.post("/oauth/token", data=form(region, system, scope=bad))
    assert refused.json()["error"] == "invalid_scope"
    assert refused.json()["error_description"].startswith(f"{bad}: ")
    whole = await region.client.post("/oauth/token", data=form(region, system))
    assert "scope_dropped" not in whole.json()


async def test_a_scope_that_is_not_understood_is_named_when_a_system_is_registered(region: Region) -> None:
    made, scope = new_system("typo-emr"), ["system/Observation.rs?categry=laboratory", "system/Patient.rs"]
    with pytest.raises(Invalid) as refused:
        await clients.register(
            region.db, made.id, "電子カルテ", SAKURA, scope=scope, jwks=made.jwks(), by=OPERATOR, at=NOON
        )
    [problem] = refused.value.problems
    assert (problem.rule, problem.en.split(": ")[0]) == ("oauth.scope.filter", scope[0])


async def test_an_assertion_counts_once(region: Region, system: System) -> None:
    said = form(region, system)
    assert (await region.client.post("/oauth/token", data=said)).status_code == 200
    assert (await region.client.post("/oauth/token", data=said)).status_code == 401
    assert (await region.client.post("/oauth/token", json=said)).status_code == 400


async def test_a_stranger_learns_nothing_of_a_token(region: Region, system: System) -> None:
    for door in ("/oauth/introspect", "/oauth/revoke"):
        assert (await region.client.post(door, data={"token": "x"})).status_code == 400
    about = await region.client.post("/oauth/introspect", data=form(region, system, token="nonsense"))
    assert about.json() == {"active": False}


async def test_configuration_and_keys_are_public(region: Region) -> None:
    for path in ("/.well-known/smart-configuration", "/fhir/.well-known/smart-configuration"):
        said = (await region.client.get(path)).json()
        assert said["token_endpoint"] == region.tokens.endpoint
    keys = (await region.client.get("/oauth/jwks")).json()["keys"]
    assert keys and not any("d" in one for one in keys)


async def test_a_certificate_header_is_believed_from_a_known_proxy_only(
    region: Region, system: System
) -> None:
    forged = {"client-cert": ":AAAA:", "x-proxy-secret": ""}
    answer = await region.client.post("/oauth/token", data=form(region, system), headers=forged)
    assert answer.status_code == 403


async def test_a_certificate_that_the_console_takes_out_of_use_is_no_way_in_any_more(
    region: Region, system: System
) -> None:
    """Through a trusted proxy, as mutual TLS comes in; the request that was good a second ago is refused."""
    behind = await Region.start(region.db, region.settings.home, proxy_secret="p" * 32)
    behind.clock.now = region.clock.now
    authority = Authority.make("見本認証局", at=NOON)
    mine, other = (authority.client("桜台総合病院", at=NOON).certificate for _ in range(2))
    taken = await certificates.register(region.db, mine, SAKURA, by=OPERATOR, at=NOON)
    await certificates.register(region.db, other, SAKURA, by=OPERATOR, at=NOON)
    ways = []
    async with behind.client as client:
        for one in (mine, other):
            passed_on = {"client-cert": quote(one.decode()), "x-proxy-secret": "p" * 32}
            granted = await client.post("/oauth/token", data=form(behind, system), headers=passed_on)
            ways.append(passed_on | {"authorization": f"Bearer {granted.json()['access_token']}"})

        async def statuses() -> list[int]:
            return [(await client.get("/fhir/Patient", headers=way)).status_code for way in ways]

        assert await statuses() == [200, 200]
        await certificates.revoke(region.db, taken.thumbprint, by=OPERATOR, at=behind.clock.now)
        behind.clock.tick(1)
        assert await statuses() == [401, 200]
        again = await client.post("/oauth/token", data=form(behind, system), headers=ways[0])
        assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
