"""Which addresses of others' servers we connect to: no place in our own network is lent to anybody.

A name is resolved once, every address of it is held against what is allowed, and then we connect to that very
address: a name that changes its mind between question and connection gains nothing. Sources: RFC 6890 (addresses
for special uses), OWASP Server-Side Request Forgery Prevention Cheat Sheet.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

_NAT64 = IPv6Network("64:ff9b::/96")
Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]


class Shut(Exception):
    """An address that we do not connect to; its text is a word for the rule: "name" (none found), "network"."""


class Addresses:
    """What may be connected to: the public internet, and these networks of our own, with blanks between."""

    def __init__(self, networks: str = "", *, resolve: Resolve | None = None) -> None:
        self._own = tuple(ip_network(one) for one in networks.split())
        self._resolve = resolve or _resolved

    async def of(self, host: str, port: int) -> Address:
        """Return the address to connect to. Raises Shut when any of the host's is one that we must not ask, OSError."""
        found = [ip_address(one.partition("%")[0]) for one in await self._resolve(host, port)]
        if not found:
            raise Shut("name")
        if not all(is_public(one) or self.is_own(one) for one in found):
            raise Shut("network")
        return found[0]

    def is_own(self, address: Address) -> bool:
        """Say whether an address lies in one of the networks that were named."""
        return any(address in network for network in self._own)


def is_public(address: Address) -> bool:
    """Say whether an address is out in the public internet, and so are those that it may carry inside.

    >>> is_public(ip_address("10.0.0.1")), is_public(ip_address("64:ff9b::10.0.0.1"))
    (False, False)
    """
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return isinstance(address, IPv6Address) and address in _NAT64 and _carried_are_public(address)
    return isinstance(address, IPv4Address) or _carried_are_public(address)


def trusting() -> ssl.SSLContext:
    """Return the context for connections to others' servers: TLS 1.2 at least, the usual authorities."""
    import httpx

    context = httpx.create_ssl_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _carried_are_public(address: IPv6Address) -> bool:
    carried = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        carried.append(IPv4Address(int(address) & 0xFFFF_FFFF))
    return all(is_public(one) for one in carried if one is not None)


async def _resolved(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(where[0]) for *_, where in found]
