"""JSON text to values, refusing what orjson alone would let pass: a name twice, control characters, depth.

All is well by a few passes at the speed of C; where it is not, malformed.py says why and where.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import orjson

from kakehashi.fhir import malformed

_LARGE = 1_000_000  # bytes
# orjson writes control characters as \b, \f or \u00XX, and everything else that FHIR allows as it is.
_CONTROLS = (b"\\u00", b"\\b", b"\\f")


class Part(NamedTuple):
    """What a text is a part of: the whole body, the part's place in it ("entry[3]"), and how deep it stands there."""

    whole: bytes
    place: str
    levels: int


def decoded(text: bytes, part: Part | None = None) -> object:
    """Return the values of a JSON text, be it a body or a part of one. Raises Malformed.

    A name given twice is found by counting quotes: decoding keeps one of the two, so that writing the values
    again yields fewer quotes than came in, and only then.
    """
    try:
        tree = orjson.loads(text) if len(text) < _LARGE else _loaded(text)
    except orjson.JSONDecodeError as error:
        raise malformed.broken(text, error, part.whole if part else text) from None
    place = part.place if part else ""
    try:
        again = orjson.dumps(_nested(tree, part.levels) if part else tree)
    except orjson.JSONEncodeError:
        raise malformed.too_deep(place) from None
    if b"\\" in again and _has_control(again):
        raise malformed.control_character(tree, text, place)
    if quotes(text) != again.count(b'"'):
        raise malformed.name_twice(text, place)
    return tree


def quotes(text: bytes) -> int:
    """Return how many quotes a JSON text holds once those that it spells \\u0022 are written as quotes."""
    plain = text.count(b'"')
    return plain + _unescaped(text).count(b"\\u0022") if b"\\u0022" in text else plain


def _has_control(again: bytes) -> bool:
    """Say whether control characters are escaped in what orjson wrote."""
    if not any(sign in again for sign in _CONTROLS):
        return False
    plain = _unescaped(again)
    return any(sign in plain for sign in _CONTROLS)


def _unescaped(text: bytes) -> bytes:
    """The text without escaped backslashes, so that each backslash left begins an escape."""
    return text.replace(b"\\\\", b"")


def _loaded(text: bytes) -> object:
    with uncollected():
        return orjson.loads(text)


@contextmanager
def uncollected() -> Iterator[None]:
    """Let the garbage collector rest: it would go over the values of a large text again and again while they come."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _nested(tree: object, levels: int) -> object:
    for _ in range(levels):
        tree = [tree]
    return tree
