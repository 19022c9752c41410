"""A provider's published keys: which of them sign what, and which one signed a token. Pure.

Its set may hold keys for other ends (Keycloak's has one for encryption) and members that are not for us: these are
passed over, and never used. Algorithms are ours to choose: no `none`, no shared secret. Sources: RFC 7517, RFC 8725.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from kakehashi.trust.oauth.jose import KID, Header, Key, NotGood
from kakehashi.trust.oauth.jwks import LARGEST_RSA, MOST_BYTES, SMALLEST_RSA, Keys

MOST_KEYS = 50
_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_CURVES = {"P-256": ("ES256",), "P-384": ("ES384",)}
ALGORITHMS = frozenset({*_RSA, *(one for some in _CURVES.values() for one in some)})


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that the provider signs with, and the algorithms that we take from it."""

    kid: str
    key: Key
    algorithms: tuple[str, ...]


def read(body: bytes) -> list[Signer]:
    """Return the keys of a JWK set that sign. Raises NotGood where there is none that we can use."""
    try:
        listed = json.loads(body)["keys"] if len(body) <= MOST_BYTES else None
    except (ValueError, KeyError, TypeError, RecursionError):
        listed = None
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise NotGood("keys")
    found = [signer for one in listed if isinstance(one, dict) and (signer := _signer(one))]
    if not found:
        raise NotGood("keys")
    return found


def of_token(signers: Sequence[Signer], header: Header) -> Keys:
    """Return the one key that a token's header names, with the token's algorithm. Raises NotGood.

    A token without `kid` is good where there is just one key for its algorithm (OpenID Connect Core 1.0, 10.1).
    """
    if header.alg not in ALGORITHMS:
        raise NotGood("alg")
    fit = [one for one in signers if header.alg in one.algorithms and header.kid in ("", one.kid)]
    if len(fit) != 1:
        raise NotGood("kid")
    return {header.kid: (fit[0].key, header.alg)}


def _signer(said: dict[str, object]) -> Signer | None:
    kid = said.get("kid", "")
    if not isinstance(kid, str) or len(kid) > KID or said.get("use", "sig") != "sig":
        return None
    try:
        found = _ec(said) if said.get("kty") == "EC" else _rsa(said)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    if found is None:
        return None
    key, algorithms = found
    own = said.get("alg")
    fitting = tuple(one for one in algorithms if own in (None, one))
    return Signer(kid, key, fitting) if fitting else None


def _ec(said: dict[str, object]) -> tuple[Key, tuple[str, ...]] | None:
    algorithms = _CURVES.get(str(said.get("crv")))
    if algorithms is None:
        return None
    return ECKey.import_key({name: str(said[name]) for name in ("kty", "crv", "x", "y")}), algorithms


def _rsa(said: dict[str, object]) -> tuple[Key, tuple[str, ...]] | None:
    if said.get("kty") != "RSA" or len(str(said["n"])) > LARGEST_RSA // 4:
        return None
    key = RSAKey.import_key({name: str(said[name]) for name in ("kty", "n", "e")})
    return (key, _RSA) if SMALLEST_RSA <= key.public_key.key_size <= LARGEST_RSA else None
