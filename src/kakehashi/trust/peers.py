"""Who is at the other end of the connection, as far as that can be trusted.

One rule for whatever depends on it: the throttle of sign-in, /metrics, client certificates. A proxy is believed when
it speaks from the loopback or a listed address *and* knows the secret. What anybody else says in a header about where
it comes from counts for nothing. Pure.
"""

import hmac
from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from kakehashi.core.settings import SHORTEST_SECRET, Settings

SECRET_HEADER = "x-proxy-secret"  # noqa: S105 - the header's name
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "x-forwarded-host", "x-forwarded-proto", "via")
_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network


def is_proxy(peer: str, secret: str, settings: Settings) -> bool:
    """Say whether the connection from `peer` is a trusted proxy's, by its place and the secret that it showed.

    >>> is_proxy("127.0.0.1", "", Settings())
    False
    """
    wanted = settings.proxy_secret
    knows = len(wanted) >= SHORTEST_SECRET and hmac.compare_digest(
        secret.encode("utf-8", "replace"), wanted.encode()
    )
    return knows and _is_listed(_read(peer), settings)


def client_address(peer: str, secret: str, forwarded: Sequence[str], settings: Settings) -> str:
    """Return the client's address: the connection's own, or the one that a trusted proxy says it comes from.

    `forwarded`: values of X-Forwarded-For in their order. Each proxy adds at the end, so it is read from there, past
    listed proxies; what cannot be read ends the reading. Text that is no address ("" or a test's name) stays as it is.
    """
    if not is_proxy(peer, secret, settings):
        return _shown(peer)
    nearest = peer
    for said in reversed([part.strip() for value in forwarded for part in value.split(",")]):
        address = _read(said)
        if address is None:
            break
        nearest = said
        if not _is_listed(address, settings):
            break
    return _shown(nearest)


def is_here(peer: str, headers: Mapping[str, str], settings: Settings) -> bool:
    """Say whether the caller certainly is on this machine.

    That is so where the connection comes from the loopback, no header tells of a proxy, and no public address is set:
    a server with a public address has a proxy in front, and that one may say nothing of whom it speaks for.
    """
    address = _read(peer)
    local = address is not None and address.is_loopback
    return local and not settings.base_url and not any(headers.get(name) for name in _FORWARDED)


def _is_listed(address: _Address | None, settings: Settings) -> bool:
    if address is None:
        return False
    return address.is_loopback or any(address in one for one in _networks(settings.proxies))


@lru_cache(maxsize=16)
def _networks(text: str) -> tuple[_Network, ...]:
    return tuple(ip_network(one) for one in text.split())


def _read(text: str) -> _Address | None:
    """Read an address, with or without port and brackets; IPv4 written as IPv6 is IPv4."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _shown(text: str) -> str:
    address = _read(text)
    return text if address is None else str(address)
