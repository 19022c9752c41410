"""The narrow door to JSON Web Tokens: explicit keys, explicit algorithms, small sizes, nothing from the
header.

A header may say `alg`, `kid`, `typ` (and `jku`, if it is the very address registered); every other
member is refused, known to the library or not: `jwk`, `x5u`, `x5c`, `crit`, `b64`, `zip`. What is said
twice is refused. Sources: RFC 8725 (best current practices), RFC 7515, RFC 9068.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, cast

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import urlsafe_b64decode

LONGEST = 8_192  # characters of a whole token: ours have about 800, an RS384 assertion about 900
KID = 200  # characters
Key = ECKey | RSAKey
Claims = dict[str, object]

_HEADER = frozenset({"alg", "kid", "typ"})


class NotGood(Exception):
    """A token that is refused; `why` is for tests and counters, never for the caller."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Header:
    """What a token says of itself before anything is proven; good for choosing a key only."""

    alg: str
    kid: str
    typ: str
    jku: str = ""


def read_header(text: str) -> Header:
    """Read the header of a compact JWS. Raises NotGood for anything unusual."""
    if len(text) > LONGEST or not text.isascii() or text.count(".") != 2:
        raise NotGood("shape")
    said = _object(text.split(".", 1)[0])
    if not set(said) <= _HEADER | {"jku"}:
        raise NotGood("header")
    if not all(isinstance(value, str) and len(value) <= KID for value in said.values()):
        raise NotGood("header")
    words = cast(dict[str, str], said)
    return Header(words.get("alg", ""), words.get("kid", ""), words.get("typ", ""), words.get("jku", ""))


def claimed(text: str) -> Claims:
    """Return the claims of a token of which nothing is proven: good for looking up its keys only."""
    return _object(text.split(".")[1])


def verified(text: str, header: Header, keys: Mapping[str, tuple[Key, str]], *, typ: Sequence[str]) -> Claims:
    """Return the claims of a token signed by the key that `kid` names, with that key's own algorithm.

    `keys`: kid to (key, its one algorithm). `typ`: the types allowed. Raises NotGood.
    """
    if header.typ.lower().removeprefix("application/") not in typ:
        raise NotGood("typ")
    if header.kid not in keys:
        raise NotGood("kid")
    key, algorithm = keys[header.kid]
    if header.alg != algorithm:
        raise NotGood("alg")
    try:
        jws.deserialize_compact(text, key, [algorithm])
    except (JoseError, ValueError, TypeError):
        raise NotGood("signature") from None
    return claimed(text)


def signed(claims: Mapping[str, object], key: Key, *, kid: str, algorithm: str, typ: str) -> str:
    """Return a compact JWS of the claims."""
    payload = json.dumps(claims, separators=(",", ":"), ensure_ascii=False).encode()
    return jws.serialize_compact({"alg": algorithm, "kid": kid, "typ": typ}, payload, key, [algorithm])


def text_claim(claims: Claims, name: str, *, longest: int = 1_000) -> str:
    """Return a claim that must be a text, not empty. Raises NotGood."""
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise NotGood(name)
    return value


def time_claim(claims: Claims, name: str) -> int:
    """Return a claim that must be a time in whole seconds. Raises NotGood."""
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 1 << 40:
        raise NotGood(name)
    return value


def _object(part: str) -> Claims:
    try:
        found = json.loads(
            urlsafe_b64decode(part.encode()), object_pairs_hook=_once, parse_constant=_no_constant
        )
    except (ValueError, RecursionError):
        raise NotGood("json") from None
    if not isinstance(found, dict):
        raise NotGood("json")
    return found


def _once(pairs: list[tuple[str, object]]) -> Claims:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("said twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
