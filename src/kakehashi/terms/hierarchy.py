"""Which concept lies below which: a numbering in which everything nested below a concept is an interval. Pure.

A concept may have several parents. The first is the one it is nested under; to the others lead further edges.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Numbers = array[int]
else:
    Numbers = array

NONE = 0xFFFF_FFFF  # the parent of what has none


@dataclass(frozen=True, slots=True)
class Tree:
    """The hierarchy over places. ends: the place after the last one below each. parents: what each is nested under.

    Further edges stand twice: (upper, lower) sorted by the upper, and (child, over) sorted by the child.
    """

    ends: Numbers
    parents: Numbers
    upper: Numbers
    lower: Numbers
    child: Numbers
    over: Numbers

    @property
    def size(self) -> int:
        """Bytes that it takes in memory, about."""
        return 4 * sum(map(len, self.columns()))

    @property
    def flat(self) -> bool:
        """Whether nothing lies below anything."""
        return not self.upper and all(end == place + 1 for place, end in enumerate(self.ends))

    def columns(self) -> tuple[Numbers, ...]:
        """Return the arrays in the order in which they are given to the class."""
        return self.ends, self.parents, self.upper, self.lower, self.child, self.over

    def below(self, place: int) -> bytes:
        """Return the set of a concept and all below it, one byte a place."""
        mask = bytearray(len(self.ends))
        waiting = [place]
        while waiting:
            first = waiting.pop()
            if mask[first]:
                continue  # it lies in an interval that was marked, with its further edges
            end = self.ends[first]
            mask[first:end] = b"\x01" * (end - first)
            waiting += self.lower[bisect_left(self.upper, first) : bisect_left(self.upper, end)]
        return bytes(mask)

    def above(self, place: int) -> set[int]:
        """Return a concept and all above it."""
        found: set[int] = set()
        waiting = [place]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += self.parents_of(one)
        return found

    def parents_of(self, place: int) -> list[int]:
        """Return the parents of a concept, the one it is nested under first."""
        nested = [self.parents[place]] if self.parents[place] != NONE else []
        return nested + list(self.over[bisect_left(self.child, place) : bisect_right(self.child, place)])

    def children_of(self, place: int) -> list[int]:
        """Return the children of a concept in order, those nested under it first."""
        found, one = [], place + 1
        while one < self.ends[place]:
            found.append(one)
            one = self.ends[one]
        return found + list(self.lower[bisect_left(self.upper, place) : bisect_right(self.upper, place)])


def arranged(parents: Sequence[Sequence[int]]) -> tuple[list[int], Tree, list[int]]:
    """Return the concepts' numbers by their new places, the tree over the places, and who lies in or under a cycle.

    `parents`: of each concept, by number. Those in or under a cycle are left without parents.
    """
    astray = _astray(parents)
    above = [() if number in astray else tuple(dict.fromkeys(some)) for number, some in enumerate(parents)]
    children: list[list[int]] = [[] for _ in above]
    for number, some in enumerate(above):
        if some:
            children[some[0]].append(number)
    order: list[int] = []
    waiting = [number for number in reversed(range(len(above))) if not above[number]]
    while waiting:
        one = waiting.pop()
        order.append(one)
        waiting += reversed(children[one])
    return order, _tree(order, above), sorted(astray)


def _tree(order: Sequence[int], above: Sequence[Sequence[int]]) -> Tree:
    places = [0] * len(order)
    for place, number in enumerate(order):
        places[number] = place
    nested = array("I", (places[above[number][0]] if above[number] else NONE for number in order))
    ends = array("I", range(1, len(order) + 1))
    for place in reversed(range(len(order))):
        parent = nested[place]
        if parent != NONE and ends[parent] < ends[place]:
            ends[parent] = ends[place]
    edges = [(places[over], places[number]) for number, some in enumerate(above) for over in some[1:]]
    down, up = sorted(edges), sorted((lower, upper) for upper, lower in edges)
    return Tree(
        ends,
        nested,
        array("I", (upper for upper, _ in down)),
        array("I", (lower for _, lower in down)),
        array("I", (lower for lower, _ in up)),
        array("I", (upper for _, upper in up)),
    )


def _astray(parents: Sequence[Sequence[int]]) -> set[int]:
    """Return who is not reached when each is taken once all its parents were (Kahn)."""
    missing = [len(set(some)) for some in parents]
    children: list[list[int]] = [[] for _ in parents]
    for number, some in enumerate(parents):
        for one in set(some):
            children[one].append(number)
    free = [number for number, count in enumerate(missing) if not count]
    left = set(range(len(parents))) - set(free)
    while free:
        for child in children[free.pop()]:
            missing[child] -= 1
            if not missing[child]:
                free.append(child)
                left.discard(child)
    return left
