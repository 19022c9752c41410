"""Bytes to a resource. Refuses what is not FHIR JSON; cost is bounded by the body's length.

The bytes are kept as they came: decimals, order and signatures survive. Why a body is refused is said in
malformed.py. Source: https://hl7.org/fhir/R4/json.html, RFC 8259.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from kakehashi.core.errors import Malformed
from kakehashi.fhir import large, malformed
from kakehashi.fhir.decode import decoded
from kakehashi.fhir.turns import Turns, at_once
from kakehashi.fhir.types import NUMBER

Tree: TypeAlias = dict[str, Any]  # decoded JSON: its shape is known only after validation


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
    """Return the resource that the bytes say. Raises Malformed."""
    if len(body) < large.LARGE:
        return _resource(decoded(body), body, "")
    return at_once(parsing(body))


def parsing(body: bytes) -> Turns[Resource]:
    """Do what parse() does, with stops on the way where the body is large."""
    tree = decoded(body) if len(body) < large.LARGE else (yield from large.decoding(body))
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
