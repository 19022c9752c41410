"""The realm for Keycloak that ships with the guide leads to addresses and settings that there are."""

import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import paper

from kakehashi.core.settings import Settings
from kakehashi.faces.web.routes import PAGES
from kakehashi.trust.signin.openid import keys
from kakehashi.trust.signin.openid.provider import Provider

REALM = json.loads((paper.ROOT / "docs/keycloak/realm.json").read_text("utf-8"))
(CLIENT,) = REALM["clients"]
BASE = "https://kakehashi.example.jp"


async def _no_keys(_: object) -> list[object]:
    return []


def test_its_addresses_are_routes_of_ours() -> None:
    settings = replace(
        Settings(home=Path("data")),
        base_url=BASE,
        openid_issuer="https://id.example.jp",
        openid_client_id="k",
    )
    provider = Provider.of(settings, _no_keys)  # type: ignore[arg-type]
    assert provider and CLIENT["redirectUris"] == [provider.redirect_uri]
    named = {
        "GET": [provider.redirect_uri, CLIENT["attributes"]["post.logout.redirect.uris"]],
        "POST": [CLIENT["attributes"]["backchannel.logout.url"]],
    }
    routes = {(page.method, page.path) for page in PAGES}
    for method, addresses in named.items():
        for address in addresses:
            assert address.startswith(f"{BASE}/") and (method, urlsplit(address).path) in routes


def test_it_wants_what_the_guide_says_and_holds_no_secret() -> None:
    said = CLIENT["attributes"]
    assert (
        said["pkce.code.challenge.method"] == "S256" and said["backchannel.logout.session.required"] == "true"
    )
    assert said["id.token.signed.response.alg"] in keys.ALGORITHMS
    assert json.loads(REALM["attributes"]["acr.loa.map"]) == {"1": 1, "2": 2}
    assert not REALM["editUsernameAllowed"] and "secret" not in CLIENT and "users" not in REALM


def test_its_flows_hang_together() -> None:
    flows = {flow["alias"]: flow["authenticationExecutions"] for flow in REALM["authenticationFlows"]}
    below = {step["flowAlias"] for steps in flows.values() for step in steps if step["authenticatorFlow"]}
    assert below | {REALM["browserFlow"]} == set(flows)
    configured = {
        step["authenticatorConfig"]
        for steps in flows.values()
        for step in steps
        if "authenticatorConfig" in step
    }
    assert configured == {one["alias"] for one in REALM["authenticatorConfig"]}
