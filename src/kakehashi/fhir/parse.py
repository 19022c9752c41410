"""Bytes to a resource. Refuses what is not FHIR JSON; cost is bounded by the body's length.

The bytes are kept as they came: decimals, order and signatures survive. Why a body is refused is said in
malformed.py. Source: https://hl7.org/fhir/R4/json.html, RFC 8259.
"""

import gc
import re
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
import orjson

from kakehashi.core.errors import Malformed
from kakehashi.fhir import malformed
from kakehashi.fhir.types import NUMBER

Tree: TypeAlias = dict[str, Any]  # decoded JSON: its shape is known only after validation

_LARGE = 1_000_000  # bytes
# orjson writes control characters as \b, \f or \u00XX, and everything else that FHIR allows as it is.
_MAYBE_CONTROL = (b"\\u00", b"\\b", b"\\f")  # quick; takes an escaped backslash for one
_CONTROL = re.compile(rb"(?<!\\)(?:\\\\)*\\(?:u00|[bf])")


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as received: its type, its id ("" where it has none), its bytes, and their decoded JSON."""

    type: str
    id: str
    body: bytes
    tree: Tree


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a Bundle. `body`: the exact bytes of its resource, None where it has none; else "" for absent."""

    full_url: str
    body: bytes | None
    method: str = ""
    url: str = ""
    if_match: str = ""
    if_none_match: str = ""
    if_none_exist: str = ""
    resource: Resource | None = None  # the same bytes, decoded


def parse(body: bytes) -> Resource:
    """Return the resource that the bytes say. Raises Malformed.

    A key given twice is found by counting quotes: decoding keeps one of the two, so that writing the tree
    again yields fewer quotes than came in (unless the body spells quotes as \\u0022; then it is looked at closely).
    """
    try:
        tree = _decoded(body)
    except orjson.JSONDecodeError as error:
        raise malformed.broken(body, error) from None
    try:
        again = orjson.dumps(tree)
    except orjson.JSONEncodeError:
        raise malformed.too_deep() from None
    if b"\\" in again and any(sign in again for sign in _MAYBE_CONTROL) and _CONTROL.search(again):
        raise malformed.control_character(tree)
    if (body.count(b'"') != again.count(b'"') or b"\\u0022" in body) and (
        twice := malformed.duplicate_key(body)
    ):
        raise twice
    return _resource(tree, body, "")


def entries(bundle: Resource) -> list[Entry]:
    """Return a Bundle's entries in order. Raises Malformed where one is misshapen or holds no R4 resource."""
    try:
        found = _BUNDLE.decode(bundle.body).entry
    except msgspec.ValidationError as error:
        raise Malformed(
            "Bundle.entry の形が正しくありません。",
            f"Bundle.entry is misshapen: {error}.",
            rule="fhir.structure",
            place="Bundle.entry",
        ) from None
    trees: list[Tree] = bundle.tree.get("entry") or []
    return [
        _entry(raw, tree, f"Bundle.entry[{i}]")
        for i, (raw, tree) in enumerate(zip(found, trees, strict=True))
    ]


def _decoded(body: bytes) -> object:
    """Decode JSON. A large body is decoded without the garbage collector, which would go over it again and again."""
    if len(body) < _LARGE or not gc.isenabled():
        return orjson.loads(body)
    gc.disable()
    try:
        return orjson.loads(body)
    finally:
        gc.enable()


class _Request(msgspec.Struct):
    method: str = ""
    url: str = ""
    ifMatch: str = ""  # noqa: N815 (FHIR's name)
    ifNoneMatch: str = ""  # noqa: N815
    ifNoneExist: str = ""  # noqa: N815


class _Entry(msgspec.Struct):
    fullUrl: str = ""  # noqa: N815
    resource: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    request: _Request = msgspec.field(default_factory=_Request)


class _Bundle(msgspec.Struct):
    entry: list[_Entry] = []


_BUNDLE = msgspec.json.Decoder(_Bundle)


def _entry(raw: _Entry, tree: Tree, place: str) -> Entry:
    body = None if raw.resource is msgspec.UNSET else bytes(raw.resource)
    ask = raw.request
    return Entry(
        raw.fullUrl,
        body,
        ask.method,
        ask.url,
        ask.ifMatch,
        ask.ifNoneMatch,
        ask.ifNoneExist,
        None if body is None else _resource(tree["resource"], body, f"{place}.resource"),
    )


def _resource(tree: object, body: bytes, place: str) -> Resource:
    if not isinstance(tree, dict):
        raise malformed.not_an_object(place)
    kind, name = tree.get("resourceType"), tree.get("id")
    if not isinstance(kind, str) or kind not in NUMBER:
        raise malformed.unknown_type(kind, place)
    return Resource(kind, name if isinstance(name, str) else "", body, tree)
