"""An app, and somebody at a browser who is led to it and back: what both do, in the words of SMART App Launch."""

import base64
import html
import re
import secrets
import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet

sys.path.append(str(Path(__file__).parents[1] / "web"))
from web_visitor import Visitor

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.trust.signin import setup

BASE = "http://127.0.0.1:8080"
OPERATOR = Actor("setup", Role.OPERATOR, setup.OPERATOR, Purpose.OPERATIONS, factors=2)
BACK = "https://app.example/callback"
SCOPE = "launch/patient openid fhirUser offline_access patient/*.rs"
_REFRESH = re.compile(r'http-equiv="refresh" content="0; url=([^"]+)"')
_BOXES = re.compile(r'type="checkbox" name="scope" value="([^"]*)"')


@dataclass
class Clock:
    """A clock that a test moves."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def tick(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


@dataclass
class SmartApp:
    """One app with its own ways to the server: `client` is its own, not the browser's."""

    client: httpx.AsyncClient
    id: str = "mieru"
    redirect: str = BACK
    secret: str = ""
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    token: dict[str, object] = field(default_factory=dict)

    def request(self, scope: str = SCOPE, **changed: str) -> dict[str, str]:
        """The parameters of a request to the authorize endpoint; `changed` with "" leaves one out."""
        challenge = base64.urlsafe_b64encode(sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        said = {
            "response_type": "code", "client_id": self.id, "redirect_uri": self.redirect, "scope": scope,
            "state": self.state, "aud": f"{BASE}/fhir", "code_challenge": challenge, "code_challenge_method": "S256",
            "nonce": "n-1", **changed,
        }  # fmt: skip
        return {name: value for name, value in said.items() if value != ""}

    async def send_to(self, visitor: Visitor, scope: str = SCOPE, **changed: str) -> Visitor:
        """Send a browser to the authorize endpoint from the app's own site, and let it be led on."""
        answer = await visitor.client.get(
            "/oauth/authorize",
            params=self.request(scope, **changed),
            headers={"sec-fetch-site": "cross-site"},
        )
        visitor._kept(answer)
        if onward := _REFRESH.search(visitor.page):
            await visitor.go(html.unescape(onward[1]))
        return visitor

    async def ask(self, **form: str) -> httpx.Response:
        """Ask the token endpoint."""
        proof = {"client_secret": self.secret} if self.secret else {}
        return await self.client.post("/oauth/token", data={"client_id": self.id, **proof, **form})

    async def redeem(self, code: str, **changed: str) -> httpx.Response:
        """Exchange a code; what comes back is kept."""
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect,
            "code_verifier": self.verifier, **changed,
        }  # fmt: skip
        answer = await self.ask(**form)
        if answer.status_code == 200:
            self.token = answer.json()
        return answer

    async def refresh(self, **changed: str) -> httpx.Response:
        """Use the refresh token that it has; what comes back is kept."""
        form = {"grant_type": "refresh_token", "refresh_token": str(self.token["refresh_token"]), **changed}
        answer = await self.ask(**form)
        if answer.status_code == 200:
            self.token = {**self.token, **answer.json()}
        return answer

    async def get(self, path: str) -> httpx.Response:
        """Read something with the access token that it has."""
        return await self.client.get(path, headers={"authorization": f"Bearer {self.token['access_token']}"})

    async def works(self) -> bool:
        """Whether the access token is good."""
        return (await self.get("/fhir/Practitioner?_count=1")).status_code == 200

    async def identity(self) -> dict[str, object]:
        """The claims of the ID token, verified by the published keys."""
        keys = KeySet.import_key_set((await self.client.get("/oauth/jwks")).json())
        return jwt.decode(str(self.token["id_token"]), keys, algorithms=["RS256"]).claims


def offered(visitor: Visitor) -> list[str]:
    """The scopes that the open page lets somebody tick."""
    return [html.unescape(one) for one in _BOXES.findall(visitor.page)]


async def allow(visitor: Visitor, *scopes: str, **fields: str) -> str:
    """Press 許可する on the open page, with these scopes ticked (default: all); return where the browser is sent."""
    ticked = list(scopes) or offered(visitor)
    form = {"csrf": visitor.csrf, "act": "allow", "scope": ticked, **fields}
    answer = await visitor.client.post(visitor.at, data=form)
    visitor._kept(answer)
    return answer.headers.get("location", "")


def code_in(address: str) -> str:
    """The code in an address that an app is answered at."""
    found = parse_qs(urlsplit(address).query).get("code")
    assert found, address
    return found[0]


def said_in(address: str) -> dict[str, str]:
    """What an address tells an app."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
