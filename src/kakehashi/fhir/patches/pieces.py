"""A JSON text that is opened only along the paths that are asked for: what nobody opens keeps its bytes.

Source: RFC 6901 (JSON Pointer), for what stands where.
"""

import json
import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

import msgspec

Piece: TypeAlias = msgspec.Raw | dict[str, "Piece"] | list["Piece"]
Step: TypeAlias = str | int
NULL = msgspec.Raw(b"null")
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])


class NoSuchPlace(Exception):
    """Nothing stands where a step leads to."""


class Document:
    """A JSON text. `root`: what of it is open by now."""

    def __init__(self, body: bytes) -> None:
        self.root: Piece = msgspec.Raw(body)

    @property
    def body(self) -> bytes:
        """The text as it is now."""
        return written(self.root)

    def at(self, steps: Sequence[Step]) -> Piece:
        """Return what stands at the end of the steps, opened where it is an object or an array. Raises NoSuchPlace."""
        self.root = here = opened(self.root)
        for step in steps:
            match here:
                case dict() if step in here:
                    child = here[str(step)] = opened(here[str(step)])
                case list():
                    number = place_in(len(here) - 1, step)
                    child = here[number] = opened(here[number])
                case _:
                    raise NoSuchPlace
            here = child
        return here


def place_in(most: int, step: Step) -> int:
    """Return a step as the place in an array, `most` at most. Raises NoSuchPlace."""
    number = step if isinstance(step, int) else int(step) if _INDEX.fullmatch(step) else -1
    if not 0 <= number <= most:
        raise NoSuchPlace
    return number


def opened(piece: Piece) -> Piece:
    """Return an object or array with its members as they were written; anything else as it is."""
    if not isinstance(piece, msgspec.Raw):
        return piece
    match bytes(memoryview(piece)[:1]):
        case b"{":
            return dict(_OBJECT.decode(piece))
        case b"[":
            return list(_ARRAY.decode(piece))
        case _:
            return piece


def member(owner: dict[str, Piece], name: str) -> Piece | None:
    """Return a member of an object, opened in its place; None where there is none."""
    if name not in owner:
        return None
    found = owner[name] = opened(owner[name])
    return found


def says_nothing(piece: Piece) -> bool:
    """Say whether a piece is null."""
    return isinstance(piece, msgspec.Raw) and bytes(piece) == b"null"


def written(piece: Piece) -> bytes:
    """Return a piece as JSON."""
    return bytes(piece) if isinstance(piece, msgspec.Raw) else msgspec.json.encode(piece)


def same(one: bytes, other: bytes) -> bool:
    """Say whether two JSON texts mean the same: numbers by their value, objects in any order (RFC 6902, 4.6)."""
    return _alike(_decoded(one), _decoded(other))


def _decoded(text: bytes) -> object:
    return json.loads(text, parse_float=_number, parse_int=_number)


def _number(text: str) -> object:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent beyond what any machine counts with
        return (text,)


def _alike(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    match one:
        case dict():
            return one.keys() == other.keys() and all(_alike(one[name], other[name]) for name in one)
        case list():
            return len(one) == len(other) and all(map(_alike, one, other))
        case _:
            return bool(one == other)
