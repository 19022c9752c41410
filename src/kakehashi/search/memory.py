"""The reference: answers a Query over a list of resources under a Window, with neither hashes nor SQL.

It looks at extracted values (fhir/indexing/values.py) alone, so that the store's tokens, coarse marks and SQL can be
held against it. Every resource is looked at for every condition: it is for tests, for small lists, and for one resource
that many ask about (subscriptions).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kakehashi.core.hashing import row_key
from kakehashi.core.window import Window
from kakehashi.fhir import content
from kakehashi.fhir.index import Index, index
from kakehashi.fhir.indexing.parameters import Parameter
from kakehashi.fhir.indexing.program import program
from kakehashi.fhir.parse import Resource
from kakehashi.fhir.text import normal
from kakehashi.search import scores
from kakehashi.search.matches import compares, matches
from kakehashi.search.order import LAST_TEXT, endless
from kakehashi.search.plan import (
    And,
    Chain,
    Changed,
    Condition,
    Content,
    Cursor,
    HasId,
    Not,
    Or,
    PointsTo,
    Query,
    Reverse,
    SortKey,
)

Values = dict[Parameter, list[Any]]


@dataclass(frozen=True, slots=True)
class Held:
    """A resource as a store holds it. Has what core.window.Facts asks for."""

    resource: Resource
    person: int
    kind: int
    custodian: int
    addressee: int
    flags: int
    at: datetime
    changed_at: datetime

    @property
    def rid(self) -> int:
        """The key of its row."""
        return row_key(self.resource.type, self.resource.id)

    @property
    def type(self) -> str:
        """The resource type."""
        return self.resource.type

    def entries(self) -> Index:
        """Return the index entries, for a window that is narrowed."""
        return index(self.resource)


@dataclass(frozen=True, slots=True)
class Answer:
    """One page, how many there are in all, and where the next page begins."""

    rows: tuple[Held, ...]
    total: int
    next: Cursor | None


def search(query: Query, held: Iterable[Held], window: Window) -> Answer:
    """Return what the window shows of the rows that the query asks for."""
    world = _World([one for one in held if window.sees(one)], scores.words_of(query.where))
    found = [one for one in world.of_type(query.type) if world.holds(query.where, one)]
    ordered = sorted(found, key=lambda one: one.rid)
    for key in reversed(query.sort):
        ordered.sort(key=lambda one, key=key: world.sort_value(key, one), reverse=key.descending)  # type: ignore[misc]
    if query.cursor:
        ordered = [one for one in ordered if _comes_after(query, world, one)]
    page = ordered[: query.count]
    more = len(ordered) > len(page) and page
    values = tuple(world.sort_value(key, page[-1]) for key in query.sort) if more else ()
    return Answer(tuple(page), len(found), Cursor(values, page[-1].rid) if more else None)


def asking(one: Held) -> Callable[[Condition], bool]:
    """Return what says of conditions whether one resource meets them; its values are extracted once for all."""
    world = _World([one])
    return lambda where: world.holds(where, one)


def _comes_after(query: Query, world: "_World", one: Held) -> bool:
    assert query.cursor is not None
    for key, passed in zip(query.sort, query.cursor.values, strict=True):
        value = world.sort_value(key, one)
        if value != passed:
            return bool((value < passed) if key.descending else (value > passed))  # type: ignore[operator]
    return one.rid > query.cursor.rid


class _World:
    """The rows that are seen, with their values."""

    def __init__(self, rows: Sequence[Held], words: tuple[str, ...] = ()) -> None:
        self.rows = rows
        self._values: dict[int, Values] = {}
        self._texts: dict[int, list[str]] = {}
        self.words = words

    def of_type(self, resource_type: str) -> list[Held]:
        return [one for one in self.rows if one.resource.type == resource_type]

    def values(self, one: Held, parameter: Parameter) -> list[Any]:
        """Return a row's values of a parameter that has entries of its own."""
        known = self._values.get(id(one))
        if known is None:
            compiled = program(one.resource.type)
            found = compiled.extract(one.resource.tree)
            known = {compiled.parameters[place]: values for place, values in found.items()}
            self._values[id(one)] = known
        return known.get(parameter, [])

    def texts(self, one: Held) -> list[str]:
        """Return a row's texts, the narrative first."""
        known = self._texts.get(id(one))
        if known is None:
            known = self._texts[id(one)] = scores.texts_in(one.resource)
        return known

    def holds(self, asked: Condition, one: Held) -> bool:
        match asked:
            case And(parts):
                return all(self.holds(part, one) for part in parts)
            case Or(parts):
                return any(self.holds(part, one) for part in parts)
            case Not(part):
                return not self.holds(part, one)
            case HasId(ids):
                return one.resource.id in ids
            case Content(text, only):
                return any(content.holds(held, text) for held in self.texts(one)[: 1 if only else None])
            case Changed(comparison, low, high):
                return compares(comparison, _milliseconds(one.changed_at), None, low, high)
            case Chain(parameter, resource_type, where):
                return any(self._points(one, parameter, other) for other in self._those(resource_type, where))
            case Reverse(resource_type, parameter, where):
                return any(self._points(other, parameter, one) for other in self._those(resource_type, where))
            case _:
                return matches(asked, self.values(one, asked.parameter))

    def _those(self, resource_type: str, where: Condition) -> list[Held]:
        return [one for one in self.of_type(resource_type) if self.holds(where, one)]

    def _points(self, one: Held, parameter: Parameter, other: Held) -> bool:
        asked = PointsTo(parameter, other.resource.type, other.resource.id)
        return matches(asked, self.values(one, parameter))

    def sort_value(self, key: SortKey, one: Held) -> float | str:
        """Return what a row is sorted by, missing values after all others."""
        found = key.parameter
        if found.code == "_id":
            return one.resource.id
        if found.code == "_lastUpdated":
            return _milliseconds(one.changed_at)
        if found.code == scores.SCORE:
            return scores.score(self.words, self.texts(one))
        values = [value for member in found.members() for value in self.values(one, member)]
        choose = max if key.descending else min
        if found.kind == "string":
            return choose((normal(value) for value in values), default="" if key.descending else LAST_TEXT)
        if found.kind == "token":
            codes = [code for _, code, *_ in values if code in found.codes]
            return choose(codes, default="" if key.descending else LAST_TEXT)
        return choose((float(value[0]) for value in values), default=endless(key.descending))


def _milliseconds(at: datetime) -> float:
    return at.timestamp() * 1000
