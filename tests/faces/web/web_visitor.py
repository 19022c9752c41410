"""A visitor with a browser that runs no script: signs in, follows links, sends forms as a page offers them."""

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pyotp
from starlette.applications import Starlette
from web_region import NOW, PASSWORD, Region

from kakehashi.faces.web import routes
from kakehashi.faces.web.visit import Desk
from kakehashi.trust.keys import Vault
from kakehashi.trust.signin.policy import Policy

_CSRF = re.compile(r'name="csrf" value="([^"]*)"')


def application(region: Region) -> Starlette:
    """The web face on a region, its clock standing at NOW."""
    house = region.house
    desk = Desk(house, Policy.of(house.settings), Vault.at(house.settings.home))
    return Starlette(routes=routes.routes(desk))


@dataclass
class Visitor:
    """One browser. `page` is the last answer's text, `status` its status, `at` its path."""

    client: httpx.AsyncClient
    page: str = ""
    status: int = 0
    at: str = ""
    headers: httpx.Headers = field(default_factory=httpx.Headers)
    body: bytes = b""

    @classmethod
    @asynccontextmanager
    async def on(cls, app: Starlette) -> AsyncIterator["Visitor"]:
        """A new browser at this application."""
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
            yield cls(client)

    async def go(self, path: str) -> "Visitor":
        """Open a page, following redirects."""
        return self._kept(await self.client.get(path, follow_redirects=True))

    async def send(self, path: str, **fields: str | list[str]) -> "Visitor":
        """Send a form with the CSRF token of the page that is open, following redirects."""
        answer = await self.client.post(path, data={"csrf": self.csrf, **fields}, follow_redirects=True)
        return self._kept(answer)

    async def sign_in(self, login: str) -> "Visitor":
        """Sign in with the password; the demo wants no second factor."""
        await self.go("/signin")
        await self.send("/signin", login=login, password=PASSWORD)
        assert self.at == "/", (self.status, self.words)
        return self

    async def prove_second(self) -> "Visitor":
        """Enrol an authenticator app, which proves a second factor."""
        await self.enrol()
        return self

    async def enrol(self) -> str:
        """Enrol an authenticator app, and return its secret."""
        await self.go("/signin/enrol")
        secret = re.search(r"<code>([A-Z2-7]+)</code>", self.page)
        assert secret, self.words
        await self.send("/signin/enrol", code=pyotp.TOTP(secret[1]).at(NOW), next="/")
        return secret[1]

    @property
    def csrf(self) -> str:
        """The token in the page that is open."""
        found = _CSRF.search(self.page)
        return found[1] if found else ""

    @property
    def words(self) -> str:
        """What the page says, without its markup."""
        return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", self.page.partition("<main")[2])))

    def link(self, beginning: str) -> str:
        """The first link of the page that begins so."""
        found = re.search(rf'(?:href|action)="({re.escape(beginning)}[^"]*)"', self.page)
        assert found, f"no link to {beginning} in: {self.words[:400]}"
        return html.unescape(found[1])

    def _kept(self, answer: httpx.Response) -> "Visitor":
        self.status, self.at, self.headers = answer.status_code, answer.url.path, answer.headers
        self.body = answer.content
        self.page = answer.text if "html" in answer.headers.get("content-type", "") else ""
        return self
