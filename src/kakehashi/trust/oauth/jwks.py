"""Public keys of clients, as JWK sets: which are taken, and the one algorithm that each is for.

Keys come by registration or from the address registered; the fetching itself is passed in (`Fetch`).
Source: https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import urlsafe_b64decode

from kakehashi.core.errors import Invalid, Problem
from kakehashi.trust.oauth.jose import KID, Key

MOST_BYTES = 65_536
MOST_KEYS = 20
SMALLEST_RSA = 2048  # bits (CRYPTREC)
LARGEST_RSA = 4096  # bits: larger only costs us time
LONGEST_KEPT = timedelta(minutes=10)  # of fetched keys, however long their server says
SHORTEST_KEPT = timedelta(seconds=30)  # so that an unknown kid cannot make us fetch without end

_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_CURVES = {"P-256": "ES256", "P-384": "ES384"}
Keys = dict[str, tuple[Key, str]]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A fetched document, and for how many seconds its server lets it be kept."""

    body: bytes
    max_age: int = 0


Fetch = Callable[[str], Awaitable[Fetched]]


def read(body: str | bytes) -> Keys:
    """Return kid to (key, algorithm) of a JWK set. Raises Invalid, naming what is wrong with which key."""
    if len(body) > MOST_BYTES:
        raise Invalid(problems=[_problem("", "鍵の一覧が大きすぎます。", "The key set is too large.")])
    try:
        listed = json.loads(body)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        listed = None
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_KEYS:
        raise Invalid(
            problems=[
                _problem("keys", f"鍵を1〜{MOST_KEYS}個入れてください。", f"Give 1 to {MOST_KEYS} keys.")
            ]
        )
    keys: Keys = {}
    for number, one in enumerate(listed):
        kid, key = _read_key(one, f"keys[{number}]")
        if kid in keys:
            raise Invalid(
                problems=[_problem(f"keys[{number}]", "kid が重複しています。", "This kid is there twice.")]
            )
        keys[kid] = key
    return keys


def require_address(url: str) -> None:
    """Raise Invalid unless keys may be fetched from here: https, a host name, no user, no odd port."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if (
        parts.scheme != "https"
        or parts.username is not None
        or parts.fragment
        or parts.port not in (None, 443)
        or "." not in host
        or _is_address(host)
        or len(url) > KID
    ):
        raise Invalid(
            problems=[
                _problem(
                    "jwks_url", "https の公開ホスト名にしてください。", "Use https and a public host name."
                )
            ]
        )


class Published:
    """Keys fetched from their addresses, kept no longer than their servers allow. One for each process.

    An address is asked at most once in SHORTEST_KEPT, whatever is claimed in its name and whether it answers or not.
    """

    def __init__(self, fetch: Fetch | None) -> None:
        self._fetch = fetch
        self._kept: dict[str, tuple[datetime, Keys]] = {}  # good until
        self._asked: dict[str, datetime] = {}
        self._one_at_a_time: dict[str, asyncio.Lock] = {}

    async def keys(self, url: str, kid: str, *, at: datetime) -> Keys:
        """Return the keys published at `url`, fetched anew when too old, or when `kid` is not among them.

        Raises Invalid for a bad key set; whatever `Fetch` raises passes through. Without `Fetch`: no keys.
        """
        if self._fetch is None:
            return {}
        if kid in (kept := self._good(url, at)):
            return kept
        async with self._one_at_a_time.setdefault(url, asyncio.Lock()):
            kept = self._good(url, at)  # another may have fetched them while we waited
            asked = self._asked.get(url)
            if kid in kept or (asked is not None and at < asked + SHORTEST_KEPT):
                return kept
            self._asked[url] = at
            found = await self._fetch(url)
            keys = read(found.body)
            age = min(max(timedelta(seconds=found.max_age), SHORTEST_KEPT), LONGEST_KEPT)
            self._kept[url] = at + age, keys
            return keys

    def _good(self, url: str, at: datetime) -> Keys:
        until, keys = self._kept.get(url, (at, {}))
        return keys if at < until else {}


def _read_key(said: object, place: str) -> tuple[str, tuple[Key, str]]:
    if not isinstance(said, dict) or said.keys() & _PRIVATE:
        raise Invalid(problems=[_problem(place, "公開鍵だけを入れてください。", "Give public keys only.")])
    kid = said.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= KID or said.get("use", "sig") != "sig":
        raise Invalid(
            problems=[
                _problem(place, "kid を付け、use は sig にしてください。", "Give a kid; use must be sig.")
            ]
        )
    try:
        found = _ec(said) if said.get("kty") == "EC" else _rsa(said)
    except (JoseError, ValueError, TypeError, KeyError):
        found = None
    if found is None or said.get("alg", found[1]) != found[1]:
        raise Invalid(
            problems=[
                _problem(
                    place,
                    "P-384 (ES384)、P-256 (ES256) または2048〜4096ビットのRSA (RS384) にしてください。",
                    "Use P-384 (ES384), P-256 (ES256) or RSA of 2048 to 4096 bits (RS384).",
                )
            ]
        )
    return kid, found


def _ec(said: dict[str, object]) -> tuple[Key, str] | None:
    curve = said.get("crv")
    if not isinstance(curve, str) or curve not in _CURVES:
        return None
    return ECKey.import_key({name: str(said[name]) for name in ("kty", "crv", "x", "y")}), _CURVES[curve]


def _rsa(said: dict[str, object]) -> tuple[Key, str] | None:
    if said.get("kty") != "RSA":
        return None
    modulus = len(urlsafe_b64decode(str(said["n"]).encode())) * 8
    if not SMALLEST_RSA <= modulus <= LARGEST_RSA + 8:
        return None
    key = RSAKey.import_key({name: str(said[name]) for name in ("kty", "n", "e")})
    return (key, "RS384") if SMALLEST_RSA <= key.public_key.key_size <= LARGEST_RSA else None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _problem(place: str, ja: str, en: str) -> Problem:
    return Problem("oauth.jwks", place, ja, en)
