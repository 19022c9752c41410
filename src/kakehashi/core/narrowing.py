"""What a token's scopes with search filters (`Observation.rs?category=…`) leave of a window, as a value.

A filter is made of marks: numbers that a row's index entries hold (fhir/indexing/entries.py). Every mark asks that
something is there, never that it is not: a row without entries, or with entries of an older scheme, is not seen.
It becomes SQL in store/narrowing_sql.py and in the views of migration 0023; property tests hold the three equal.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import inf
from typing import Protocol


class Entries(Protocol):
    """The index entries of a row: its tokens in their order; the mask, then triples of number, low, high."""

    @property
    def tokens(self) -> Sequence[int]: ...
    @property
    def ranges(self) -> Sequence[float]: ...


@dataclass(frozen=True, slots=True)
class Span:
    """Some interval [low, high) under `number` lies within bounds: from <= low < under, and over < high <= to."""

    number: float
    low_from: float = -inf
    low_under: float = inf
    high_over: float = -inf
    high_to: float = inf

    def held(self, ranges: Sequence[float]) -> bool:
        """Say whether some interval does."""
        return any(
            self.low_from <= ranges[at + 1] < self.low_under
            and self.high_over < ranges[at + 2] <= self.high_to
            for at in range(1, len(ranges) - 2, 3)
            if ranges[at] == self.number
        )


@dataclass(frozen=True, slots=True)
class Mark:
    """What one row has: all of `tokens`, the first of `pair` right before the second, an interval as `span` says."""

    tokens: tuple[int, ...] = ()
    pair: tuple[int, int] | None = None
    span: Span | None = None

    def held(self, row: Entries) -> bool:
        """Say whether the row has it."""
        return (
            set(self.tokens) <= set(row.tokens)
            and (self.pair is None or self.pair in pairwise(row.tokens))
            and (self.span is None or self.span.held(row.ranges))
        )


Part = tuple[Mark, ...]  # one of them
Filter = tuple[Part, ...]  # all of them


@dataclass(frozen=True)
class Filters:
    """Filters by resource type: of a type that is named, a row must meet one; other types are left as they are."""

    by_type: Mapping[str, tuple[Filter, ...]] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(tuple(self.by_type))

    def __bool__(self) -> bool:
        return bool(self.by_type)

    def of(self, resource_type: str) -> tuple[Filter, ...] | None:
        """Return the filters of a type, None where it is not narrowed."""
        return self.by_type.get(resource_type)

    def leave(self, resource_type: str, row: Entries) -> bool:
        """Say whether they leave a row of this type."""
        filters = self.of(resource_type)
        return filters is None or any(_met(one, row) for one in filters)

    def both(self, other: "Filters") -> "Filters":
        """Return what leaves a row exactly when these and the others do."""
        if self == other:
            return self
        return Filters({**self.by_type, **other.by_type, **dict(_products(self.by_type, other.by_type))})


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a token's scopes leave: `reads` of what is shown, `finds` of what is searched; `now` is in force."""

    reads: Filters = Filters()
    finds: Filters = Filters()
    now: Filters = Filters()

    def leaves(self, resource_type: str, row: Entries) -> bool:
        """Say whether a row is left by what is in force."""
        return self.now.leave(resource_type, row)

    def reading(self) -> "Narrowing":
        """Return it as a read is narrowed."""
        return replace(self, now=self.reads)

    def searching(self) -> "Narrowing":
        """Return it as a search is narrowed."""
        return replace(self, now=self.finds)

    def exporting(self) -> "Narrowing":
        """Return it for what needs both rights."""
        return replace(self, now=self.reads.both(self.finds))


def _met(asked: Filter, row: Entries) -> bool:
    return all(any(mark.held(row) for mark in part) for part in asked)


def _products(
    one: Mapping[str, tuple[Filter, ...]], other: Mapping[str, tuple[Filter, ...]]
) -> Iterator[tuple[str, tuple[Filter, ...]]]:
    """For types that both narrow: each pair of filters joined to one."""
    for name in one.keys() & other.keys():
        joined = ((*mine, *theirs) for mine in one[name] for theirs in other[name])
        yield name, one[name] if one[name] == other[name] else tuple(dict.fromkeys(joined))
