"""Fetch the key set of a client from its registered address, without lending anybody our place in the network.

Where we connect to is resolved once and held against what is allowed (trust/addresses.py). HTTPS only, no redirects, no
proxies from the environment, few bytes, little time. Source: RFC 9111 (Cache-Control).
"""

import asyncio
import re
import ssl
from typing import TYPE_CHECKING

import structlog

from kakehashi.core.errors import Unavailable
from kakehashi.trust.addresses import Addresses, Resolve, Shut, trusting
from kakehashi.trust.oauth.jwks import MOST_BYTES, Fetched

if TYPE_CHECKING:
    import httpx

SECONDS = 5.0  # for all of it: name, connection, answer
AT_ONCE = 4  # fetches of a process
_MAX_AGE = re.compile(r'(?:^|[,\s])max-age="?(\d{1,9})"?', re.ASCII | re.IGNORECASE)
_NOT_KEPT = re.compile(r"(?:^|[,\s])(?:no-store|no-cache)(?:$|[,\s=])", re.ASCII | re.IGNORECASE)

log = structlog.get_logger("kakehashi.keys")


class Unfetched(Unavailable):
    """The keys could not be had; `rule` says why, in a word."""


class Fetcher:
    """Fetches key sets. `networks`: of our own, with blanks between, in which systems may publish theirs."""

    def __init__(
        self, networks: str = "", *, resolve: Resolve | None = None, context: ssl.SSLContext | None = None
    ) -> None:
        self._addresses = Addresses(networks, resolve=resolve)
        self._context = context
        self._room = asyncio.Semaphore(AT_ONCE)

    async def fetch(self, url: str) -> Fetched:
        """Return what is published at an address. Raises Unfetched; why is logged with the host's name."""
        import httpx

        parts = httpx.URL(url)
        try:
            async with asyncio.timeout(SECONDS), self._room:
                return await self._fetch(parts)
        except (httpx.HTTPError, OSError, TimeoutError, UnicodeError) as fault:
            failure = Unfetched(rule=f"oauth.jwks.{type(fault).__name__}")
        except Unfetched as refused:
            failure = refused
        except Shut as shut:
            failure = Unfetched(rule=f"oauth.jwks.{shut}")
        log.warning("client keys not fetched", host=parts.host, rule=failure.problems[0].rule)
        raise failure

    async def _fetch(self, url: "httpx.URL") -> Fetched:
        import httpx

        if url.scheme != "https" or not url.host or url.userinfo:
            raise Unfetched(rule="oauth.jwks.scheme")
        address = await self._addresses.of(url.host, url.port or 443)
        headers = {"host": url.netloc.decode("ascii"), "accept": "application/jwk-set+json, application/json"}
        headers["accept-encoding"] = "identity"
        said = {"sni_hostname": url.host}  # the certificate is held against the name, not against the address
        async with (
            httpx.AsyncClient(verify=self._trust(), trust_env=False, timeout=SECONDS) as client,
            client.stream(
                "GET", url.copy_with(host=str(address)), headers=headers, extensions=said
            ) as answer,
        ):
            if answer.status_code != 200:
                raise Unfetched(rule="oauth.jwks.status")
            return Fetched(await _bounded(answer), _max_age(answer))

    def _trust(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = trusting()
        return self._context


async def _bounded(answer: "httpx.Response") -> bytes:
    body = bytearray()
    async for some in answer.aiter_raw():
        body += some
        if len(body) > MOST_BYTES:
            raise Unfetched(rule="oauth.jwks.size")
    return bytes(body)


def _max_age(answer: "httpx.Response") -> int:
    """Seconds that the answer may still be kept: 0 where its server says nothing, or that it may not be."""
    said = ",".join(answer.headers.get_list("cache-control"))
    found = _MAX_AGE.search(said)
    if found is None or _NOT_KEPT.search(said):
        return 0
    age = answer.headers.get("age", "0")
    return max(0, int(found[1]) - (int(age) if age.isascii() and age.isdigit() and len(age) < 10 else 0))
