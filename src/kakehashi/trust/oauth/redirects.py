"""Addresses of apps: where they are answered, opened and served from. Pure.

https everywhere; http on the machine's own loopback only, where a native app that registered an address without a
port may listen at any (RFC 8252 7.3). Everything else is compared sign by sign (RFC 9700 2.1).
"""

import re
from urllib.parse import SplitResult, urlencode, urlsplit

from kakehashi.core.errors import Problem

LONGEST = 1_000  # characters of an address
MOST = 20  # addresses of one app
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_LOCAL = _LOOPBACK | {"localhost"}
_LAST_PORT = 65_535
_PORT = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)


def problems_of(url: str, place: str) -> list[Problem]:
    """Say what is wrong with an address that an app registers; nothing for a good one."""
    parts = _split(url)
    if (
        parts is None
        or not parts.hostname
        or parts.username is not None
        or "#" in url
        or "*" in url
        or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL))
    ):
        ja, en = (
            "https の完全なアドレスにしてください（http は自機 127.0.0.1・localhost だけ、# と * は不可）。",
            "Give a whole https address (http on 127.0.0.1 and localhost only; no # and no *).",
        )
        return [Problem("oauth.app.address", place, ja, en)]
    return []


def is_registered(asked: str, registered: tuple[str, ...]) -> bool:
    """Say whether an app is answered at this address.

    >>> is_registered("http://127.0.0.1:4711/cb", ("http://127.0.0.1/cb",))
    True
    >>> is_registered("https://app.example/cb/", ("https://app.example/cb",))
    False
    """
    return asked in registered or any(_same_but_port(asked, one) for one in registered)


def origin_of(url: str) -> str:
    """Return the origin of an address as browsers write it, "" where it has none of its own (any port)."""
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname in _LOOPBACK and parts.port is None:
        return ""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = parts.port in (None, {"https": 443, "http": 80}.get(parts.scheme))
    return f"{parts.scheme}://{host}" + ("" if usual else f":{parts.port}")


def form_source(url: str) -> str:
    """Return what a page's policy names, so that a form on it may lead to this address."""
    parts = urlsplit(url)
    if ":" in (parts.hostname or ""):
        return f"{parts.scheme}:"  # a policy cannot name an IPv6 address
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"


def with_query(url: str, **said: str) -> str:
    """Return an address with more in its query; what it had stays."""
    return url + ("&" if "?" in url else "?") + urlencode(said)


def _same_but_port(asked: str, registered: str) -> bool:
    """Whether a native app that registered its loopback without a port is answered there at some port."""
    known = urlsplit(registered)
    if known.scheme != "http" or known.hostname not in _LOOPBACK or known.port is not None:
        return False
    host = f"http://{known.netloc}"
    if not (registered.startswith(host) and asked.startswith(f"{host}:")):
        return False
    port = asked.removeprefix(f"{host}:").removesuffix(registered.removeprefix(host))
    whole = asked == f"{host}:{port}{registered.removeprefix(host)}"
    return whole and bool(_PORT.fullmatch(port)) and int(port) <= _LAST_PORT


def _split(url: str) -> SplitResult | None:
    if not 0 < len(url) <= LONGEST or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts
