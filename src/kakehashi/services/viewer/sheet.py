"""One resource as the viewer reads it, and small readers over its FHIR tree. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from kakehashi.core.kinds import Flag, Kind
from kakehashi.fhir.facts_times import TIMES
from kakehashi.services.viewer.units import unit_words
from kakehashi.store.rows import Row

Tree = Mapping[str, Any]

_EMPTY: Tree = {}
_KINDS = {kind.value: kind for kind in Kind}
_UNINFORMED, _UNDELIVERED = int(Flag.UNINFORMED), int(Flag.UNDELIVERED)  # plain numbers: flags are slow


@dataclass(slots=True, eq=False)
class Sheet:
    """A resource that the window has let through.

    `custodian` is an institution's key, `flags` a bit set of Flag, `at` UTC: when it was so or, where the resource does
    not say (`dated`), when it came in. `read` gives the tree when it is first asked for: much is only counted.
    """

    type: str
    id: str
    kind: Kind
    custodian: int
    flags: int
    at: datetime
    read: Callable[[], Tree] = field(repr=False)
    _tree: Tree | None = field(default=None, init=False, repr=False)

    @property
    def tree(self) -> Tree:
        """The decoded resource."""
        if self._tree is None:
            self._tree = self.read()
        return self._tree

    @property
    def ref(self) -> str:
        """`Type/id`."""
        return f"{self.type}/{self.id}"

    @property
    def dated(self) -> bool:
        """Whether the resource itself says when."""
        names = TIMES.get(self.type)
        return names is None or any(self.tree.get(name) for name in names)

    @property
    def uninformed(self) -> bool:
        """未告知: shown to those who treat, with its mark."""
        return bool(self.flags & _UNINFORMED)

    @property
    def undelivered(self) -> bool:
        """未提供: only who wrote it sees it, and is told that nobody else does."""
        return bool(self.flags & _UNDELIVERED)


def sheet_of(row: Row) -> Sheet:
    """Return a row as the viewer reads it: it was parsed strictly when it came in."""
    return Sheet(
        row.type,
        row.id,
        _KINDS[row.kind],
        row.custodian,
        row.flags,
        row.at,
        lambda: orjson.loads(row.body),
    )


def each(tree: Tree, *names: str) -> Iterator[Tree]:
    """Yield the objects at a path, walking into lists; what is not there yields nothing."""
    if not names:
        yield tree
        return
    found = tree.get(names[0])
    for one in found if isinstance(found, list) else (found,):
        if isinstance(one, dict):
            yield from each(one, *names[1:])


def first(tree: Tree, *names: str) -> Tree:
    """Return the first object at a path, or an empty one."""
    if len(names) == 1:  # by far the most frequent: no generator for it
        found = tree.get(names[0])
        if isinstance(found, dict):
            return found
        if not found:
            return _EMPTY
    return next(each(tree, *names), _EMPTY)


def words(concept: Tree) -> str:
    """Return what a CodeableConcept says to a reader: its text, else a display, else a code."""
    if text := concept.get("text"):
        return str(text)
    codings = list(each(concept, "coding"))
    displays = (coding["display"] for coding in codings if coding.get("display"))
    codes = (coding["code"] for coding in codings if coding.get("code"))
    return str(next(displays, None) or next(codes, "") or "")


def code_in(concept: Tree, *systems: str) -> str | None:
    """Return the code that a CodeableConcept has in the first of these systems, or None."""
    by_system = codes_of(concept)
    return next((by_system[system] for system in systems if system in by_system), None)


def codes_of(concept: Tree) -> dict[str, str]:
    """Return the codes of a CodeableConcept by their systems, the last of each; what has no code is not there."""
    codings = concept.get("coding")
    if not isinstance(codings, list):
        return {}
    return {
        str(one.get("system")): str(one["code"])
        for one in codings
        if isinstance(one, dict) and one.get("code")
    }


def has_code(concept: Tree, *codes: str) -> bool:
    """Say whether any coding has one of these codes, whatever its system."""
    return any(coding.get("code") in codes for coding in each(concept, "coding"))


def number(quantity: Tree) -> float | None:
    """Return a Quantity's value, or None."""
    value = quantity.get("value")
    return float(value) if isinstance(value, int | float) else None


def amount(quantity: Tree) -> str:
    """Return a Quantity as people write it: comparator, value, unit."""
    value = quantity.get("value")
    if not isinstance(value, int | float):
        return ""
    unit = unit_words(str(quantity.get("unit") or quantity.get("code") or ""))
    return f"{quantity.get('comparator', '')}{plain(value)} {unit}".strip()


def plain(value: float) -> str:
    """Return a number as a laboratory writes it: never with an exponent, and 7.0 stays 7.0.

    >>> plain(1234567), plain(7.0), plain(0.00001)
    ('1234567', '7.0', '0.00001')
    """
    return format(Decimal(str(value)), "f")
