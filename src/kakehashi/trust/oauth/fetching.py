"""Fetch the key set of a client from its registered address, without lending anybody our place in the network.

Where we connect to is resolved first, held against what is allowed, and then connected to by that very address: a
name that changes its mind between question and connection gains nothing. HTTPS only, no redirects, no proxies from
the environment, few bytes, little time. Sources: RFC 9111 (Cache-Control), RFC 6890 (addresses for special uses),
OWASP Server-Side Request Forgery Prevention Cheat Sheet.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import httpx
import structlog

from kakehashi.core.errors import Unavailable
from kakehashi.trust.oauth.jwks import MOST_BYTES, Fetched

SECONDS = 5.0  # for all of it: name, connection, answer
AT_ONCE = 4  # fetches of a process
_MAX_AGE = re.compile(r'(?:^|[,\s])max-age="?(\d{1,9})"?', re.ASCII | re.IGNORECASE)
_NOT_KEPT = re.compile(r"(?:^|[,\s])(?:no-store|no-cache)(?:$|[,\s=])", re.ASCII | re.IGNORECASE)
_NAT64 = IPv6Network("64:ff9b::/96")
Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]

log = structlog.get_logger("kakehashi.keys")


class Unfetched(Unavailable):
    """The keys could not be had; `rule` says why, in a word."""


class Fetcher:
    """Fetches key sets. `networks`: of our own, with blanks between, in which systems may publish theirs."""

    def __init__(
        self, networks: str = "", *, resolve: Resolve | None = None, context: ssl.SSLContext | None = None
    ) -> None:
        self._own = tuple(ip_network(one) for one in networks.split())
        self._resolve = resolve or _resolved
        self._context = context
        self._room = asyncio.Semaphore(AT_ONCE)

    async def fetch(self, url: str) -> Fetched:
        """Return what is published at an address. Raises Unfetched; why is logged with the host's name."""
        parts = httpx.URL(url)
        try:
            async with asyncio.timeout(SECONDS), self._room:
                return await self._fetch(parts)
        except (httpx.HTTPError, OSError, TimeoutError, UnicodeError) as fault:
            failure = Unfetched(rule=f"oauth.jwks.{type(fault).__name__}")
        except Unfetched as refused:
            failure = refused
        log.warning("client keys not fetched", host=parts.host, rule=failure.problems[0].rule)
        raise failure

    async def _fetch(self, url: httpx.URL) -> Fetched:
        if url.scheme != "https" or not url.host or url.userinfo:
            raise Unfetched(rule="oauth.jwks.scheme")
        address = await self._address(url.host, url.port or 443)
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

    async def _address(self, host: str, port: int) -> Address:
        """Return the address to connect to. Raises Unfetched when any of the host's is one that we must not ask."""
        found = [ip_address(one.partition("%")[0]) for one in await self._resolve(host, port)]
        if not found:
            raise Unfetched(rule="oauth.jwks.name")
        if not all(is_public(one) or any(one in network for network in self._own) for one in found):
            raise Unfetched(rule="oauth.jwks.network")
        return found[0]

    def _trust(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = httpx.create_ssl_context()
            self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        return self._context


def is_public(address: Address) -> bool:
    """Say whether an address is out in the public internet, and so are those that it may carry inside.

    >>> is_public(ip_address("10.0.0.1")), is_public(ip_address("64:ff9b::10.0.0.1"))
    (False, False)
    """
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return isinstance(address, IPv6Address) and address in _NAT64 and _carried_are_public(address)
    return isinstance(address, IPv4Address) or _carried_are_public(address)


def _carried_are_public(address: IPv6Address) -> bool:
    carried = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        carried.append(IPv4Address(int(address) & 0xFFFF_FFFF))
    return all(is_public(one) for one in carried if one is not None)


async def _resolved(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(where[0]) for *_, where in found]


async def _bounded(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for some in answer.aiter_raw():
        body += some
        if len(body) > MOST_BYTES:
            raise Unfetched(rule="oauth.jwks.size")
    return bytes(body)


def _max_age(answer: httpx.Response) -> int:
    """Seconds that the answer may still be kept: 0 where its server says nothing, or that it may not be."""
    said = ",".join(answer.headers.get_list("cache-control"))
    found = _MAX_AGE.search(said)
    if found is None or _NOT_KEPT.search(said):
        return 0
    age = answer.headers.get("age", "0")
    return max(0, int(found[1]) - (int(age) if age.isascii() and age.isdigit() and len(age) < 10 else 0))
