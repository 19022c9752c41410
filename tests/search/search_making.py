"""Makers of random values: a maker takes a Random and returns a value. Small makers are put together to larger ones.

Hypothesis' own strategies, when as much is drawn as for a world of resources, give the same poor values again and
again; a seed drawn by hypothesis and a plain Random do not.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

Maker = Callable[[Random], Any]
Tree = dict[str, Any]


def just(value: Any) -> Maker:
    """This value."""
    return lambda _: value


def choice(values: Sequence[Any]) -> Maker:
    """One of the values."""
    return lambda rng: rng.choice(values)


def one_of(*makers: Maker) -> Maker:
    """What one of the makers makes."""
    return lambda rng: rng.choice(makers)(rng)


def mapped(make: Callable[..., Any], *makers: Maker) -> Maker:
    """`make` of what the makers make."""
    return lambda rng: make(*(maker(rng) for maker in makers))


def few(maker: Maker) -> Maker:
    """A list of one or two."""
    return lambda rng: [maker(rng) for _ in range(rng.choice((1, 2)))]


def maybe(name: str, maker: Maker) -> Maker:
    """An element that is absent now and then."""
    return lambda rng: {name: maker(rng)} if rng.random() < 0.75 else {}


def merged(*makers: Maker) -> Maker:
    """One object of all the parts."""

    def make(rng: Random) -> Tree:
        found: Tree = {}
        for maker in makers:
            found |= maker(rng)
        return found

    return make
