"""A large body to values, in turns: a Bundle is decoded entry by entry, and refused at the first that is no good.

What a body costs is known before it is decoded: its length, and how many values it can hold for that length.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import cast

import msgspec

from kakehashi.core.errors import Malformed
from kakehashi.fhir import malformed
from kakehashi.fhir.decode import Part, decoded, quotes, uncollected
from kakehashi.fhir.turns import BIT, Turns

LARGE = 1_000_000  # bytes from which a body is taken apart
DENSEST = 10  # bytes for each value of a body beyond malformed.CLOSELY, at the least; records have 18 to 27
_NO_SIGNS = bytes(set(range(256)) - set(b",[{"))  # each value stands behind one of these signs

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENTRIES = msgspec.json.Decoder(list[msgspec.Raw])


def decoding(body: bytes) -> Turns[object]:
    """Return the values of a large body, with stops on the way. Raises Malformed."""
    _require_room(body)
    yield
    members = _members(body)
    if members is None:
        return decoded(body)
    yield
    _require_each_once(body, members)
    yield
    tree: dict[str, object] = {}
    for name, text in members.items():
        if name == "entry" and text.startswith(b"["):
            tree[name] = yield from _entries(text, body)
        else:
            tree[name] = decoded(text, Part(body, name, 1))
    return tree


def _require_room(body: bytes) -> None:
    """Refuse brackets and commas without end: fifty megabytes of them would become gigabytes of empty values."""
    if len(body) > malformed.CLOSELY and len(body.translate(None, _NO_SIGNS)) * DENSEST > len(body):
        raise malformed.too_dense(DENSEST)


def _members(body: bytes) -> dict[str, bytes] | None:
    """The members of a Bundle, undecoded; None for anything else, and for what is better looked at as a whole."""
    try:
        found = _MEMBERS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if bytes(found.get("resourceType", b"")) != b'"Bundle"':
        return None
    if not all(name.isascii() and name.isidentifier() for name in found):
        return None
    return {name: bytes(raw) for name, raw in found.items()}


def _require_each_once(body: bytes, members: dict[str, bytes]) -> None:
    """Refuse a member that the Bundle has twice: of two one was kept, so that quotes are missing."""
    if quotes(body) != sum(2 + quotes(text) for text in members.values()):
        own = body.replace(members.get("entry", b"[]"), b"[]", 1)
        raise malformed.name_twice(own, "")


def _entries(text: bytes, body: bytes) -> Turns[list[object]]:
    """Decode a Bundle's entries, some at a time."""
    found: list[object] = []
    for some in _handfuls(_ENTRIES.decode(text)):
        with uncollected():
            found += _decoded(some, len(found), body)
        yield
    return found


def _handfuls(raws: Sequence[msgspec.Raw]) -> Iterator[list[msgspec.Raw]]:
    some: list[msgspec.Raw] = []
    size = 0
    for raw in raws:
        some.append(raw)
        size += len(raw)
        if size >= BIT:
            yield some
            some, size = [], 0
    if some:
        yield some


def _decoded(some: Sequence[msgspec.Raw], first: int, body: bytes) -> list[object]:
    """Decode a handful together; where one of them is no good, one by one, so that it is told which."""
    if len(some) > 1:
        together = b"[" + b",".join(some) + b"]"
        with suppress(Malformed):
            return cast("list[object]", decoded(together, Part(body, "entry", 1)))
    return [decoded(bytes(raw), Part(body, f"entry[{n}]", 2)) for n, raw in enumerate(some, first)]
