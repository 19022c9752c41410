"""Concepts in columns: a hundred thousand of them are a few byte strings and arrays, no object each. Pure.

A concept is known by its place. Places are numbered so that whatever is nested below a concept comes right after it.
"""

import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from kakehashi.terms.hierarchy import Tree

if TYPE_CHECKING:
    Numbers = array[int]
else:
    Numbers = array

Detail = dict[str, Any]  # display, definition, designation, property of a concept, as its resource has them
_DETAIL = msgspec.json.Decoder(dict[str, Any])


@dataclass(frozen=True, slots=True)
class Texts:
    """Byte strings one after another; text n is `whole[starts[n]:starts[n + 1]]`."""

    whole: bytes
    starts: Numbers

    @classmethod
    def of(cls, texts: Iterable[bytes]) -> "Texts":
        """Return the texts as one."""
        listed = list(texts)
        starts, at = array("I", [0]), 0
        for one in listed:
            at += len(one)
            starts.append(at)
        return cls(b"".join(listed), starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, place: int) -> bytes:
        return self.whole[self.starts[place] : self.starts[place + 1]]

    def place_at(self, offset: int, after: int = 0) -> int:
        """Return which text an offset in `whole` lies in; `after`: it is this one or a later one."""
        return bisect_right(self.starts, offset, after) - 1


@dataclass(frozen=True, slots=True)
class Concepts:
    """Concepts of one code system, or the codes that a value set lists.

    words: what a filter looks through, folded, each ending in a newline. order: places sorted by code. inactive,
    abstract: one byte each, 0 or 1. exact: whether the case of a code matters.
    """

    codes: Texts
    details: Texts
    words: Texts
    order: Numbers
    tree: Tree
    inactive: bytes
    abstract: bytes
    exact: bool = True

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def size(self) -> int:
        """Bytes that it takes in memory, about."""
        texts = sum(len(one.whole) + 4 * len(one.starts) for one in (self.codes, self.details, self.words))
        return texts + 4 * len(self.order) + self.tree.size + 2 * len(self)

    def code(self, place: int) -> str:
        """Return the code of a concept, as written."""
        return self.codes[place].decode()

    def detail(self, place: int) -> Detail:
        """Return what is said of a concept."""
        return _DETAIL.decode(self.details[place])

    def find(self, code: str) -> int | None:
        """Return the place of a code, None when it is not here."""
        wanted = sorting_key(code, self.exact)
        low, high = 0, len(self.order)
        while low < high:
            middle = (low + high) // 2
            if self._key(self.order[middle]) < wanted:
                low = middle + 1
            else:
                high = middle
        if low < len(self.order) and self._key(self.order[low]) == wanted:
            return self.order[low]
        return None

    def _key(self, place: int) -> bytes:
        code = self.codes[place]
        return code if self.exact else code.decode().lower().encode()

    def sections(self) -> list[bytes | bool]:
        """Return the columns as bytes, for `of_sections`."""
        return [
            *(part for one in (self.codes, self.details, self.words) for part in (one.whole, _packed(one.starts))),
            _packed(self.order),
            *map(_packed, self.tree.columns()),
            self.inactive,
            self.abstract,
            self.exact,
        ]  # fmt: skip

    @classmethod
    def of_sections(cls, parts: Sequence[Any]) -> "Concepts":
        """Return the concepts that gave these sections."""
        codes, details, words = (Texts(parts[n], _unpacked(parts[n + 1])) for n in (0, 2, 4))
        *columns, inactive, abstract, exact = parts[7:]
        tree = Tree(*map(_unpacked, columns))
        return cls(codes, details, words, _unpacked(parts[6]), tree, inactive, abstract, exact)


def in_order(codes: Sequence[str], *, exact: bool) -> Numbers:
    """Return the places of codes sorted as `Concepts.find` looks for them."""
    keys = [sorting_key(code, exact) for code in codes]
    return array("I", sorted(range(len(codes)), key=keys.__getitem__))


def sorting_key(code: str, exact: bool) -> bytes:
    """Return what codes are compared by."""
    return code.encode() if exact else code.lower().encode()


def _packed(numbers: Numbers) -> bytes:
    return _little(numbers).tobytes()


def _unpacked(body: bytes) -> Numbers:
    numbers = array("I")
    numbers.frombytes(body)
    return _little(numbers)


def _little(numbers: Numbers) -> Numbers:
    """Return the numbers with their lowest byte first, or what was kept so as this machine wants it."""
    if sys.byteorder == "little":
        return numbers
    turned = numbers[:]
    turned.byteswap()
    return turned
