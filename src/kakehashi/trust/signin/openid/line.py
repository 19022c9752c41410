"""The line to the operator's provider: few bytes, little time, no redirects, no proxies from the environment.

The operator named the issuer, so its host may lie in their own network. Any other host that its discovery document
names is connected to only where clients' keys could be fetched too (trust/addresses.py).
"""

import asyncio
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from kakehashi.core.errors import Unavailable
from kakehashi.trust.addresses import Addresses, Shut, trusting

if TYPE_CHECKING:
    import httpx

SECONDS = 5.0  # for all of it: name, connection, answer
MOST_BYTES = 131_072  # of an answer
AT_ONCE = 8  # requests of a process: a provider that hangs holds up sign-in and nothing else
_PORTS = {"https": 443, "http": 80}

log = structlog.get_logger("kakehashi.openid")


class NoAnswer(Unavailable):
    """The provider could not be asked, or its answer not be used; `rule` says why, in a word."""

    def __init__(self, why: str) -> None:
        super().__init__(
            "サインインのプロバイダーにつながりません。しばらくしてからやり直すか、運用担当者に連絡してください。",
            "The sign-in provider does not answer. Try again shortly, or speak to the operator.",
            rule=f"signin.openid.{why}",
        )


class Line:
    """Asks the provider. `trusted`: further certificate authorities, where that file is there (a PEM file)."""

    def __init__(self, issuer: str, networks: str, trusted: Path) -> None:
        import httpx

        self._host = httpx.URL(issuer).host
        self._addresses = Addresses(networks)
        self._trusted = trusted
        self._context: ssl.SSLContext | None = None
        self._room = asyncio.Semaphore(AT_ONCE)

    async def get(self, url: str) -> bytes:
        """Return what is published at an address. Raises NoAnswer."""
        status, body = await self._ask("GET", url, None, {})
        if status != 200:
            raise _told(url, "status")
        return body

    async def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Send a form, and return status and body of the answer. Raises NoAnswer."""
        return await self._ask("POST", url, form, headers)

    async def _ask(
        self, method: str, url: str, form: Mapping[str, str] | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        import httpx

        try:
            async with asyncio.timeout(SECONDS), self._room:
                return await self._asked(method, httpx.URL(url), form, headers)
        except (httpx.HTTPError, OSError, TimeoutError, UnicodeError) as fault:
            why = type(fault).__name__
        except Shut as shut:
            why = str(shut)
        raise _told(url, why)

    async def _asked(
        self, method: str, url: "httpx.URL", form: Mapping[str, str] | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        import httpx

        said = {**headers, "accept": "application/json", "accept-encoding": "identity"}
        said["host"] = url.netloc.decode("ascii")
        name = {"sni_hostname": url.host}  # the certificate is held against the name, not against the address
        async with (
            httpx.AsyncClient(verify=self._trust(), trust_env=False, timeout=SECONDS) as client,
            client.stream(method, await self._place(url), data=form, headers=said, extensions=name) as answer,
        ):
            body = bytearray()
            async for some in answer.aiter_raw():
                body += some
                if len(body) > MOST_BYTES:
                    raise Shut("size")
            return answer.status_code, bytes(body)

    async def _place(self, url: "httpx.URL") -> "httpx.URL":
        """Return where to connect: the provider's own host as it is, another one only by an address that is allowed."""
        if url.host == self._host:
            return url
        return url.copy_with(host=str(await self._addresses.of(url.host, url.port or _PORTS[url.scheme])))

    def _trust(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = trusting()
            if self._trusted.exists():
                self._context.load_verify_locations(self._trusted)
        return self._context


def _told(url: str, why: str) -> NoAnswer:
    import httpx

    log.warning("sign-in provider not reached", host=httpx.URL(url).host, rule=why)
    return NoAnswer(why)
