"""Lay a search parameter's expression on R4's structures: which JSON members lead to values, of which type.

A route is what a parameter reads: JSON members to follow, items to leave out on the way, and the data type at
the end. Choices (`value[x]`) become one route for each type.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from kakehashi.fhir.definitions import Element, load
from kakehashi.fhir.indexing.expressions import As, Child, Equals, Marked, Nth, PointsAt, Step


@dataclass(frozen=True, slots=True)
class Member:
    """Follow a JSON member; `many`: it holds an array."""

    name: str
    many: bool


@dataclass(frozen=True, slots=True)
class Only:
    """Keep an item only if one of the member paths leads to this text."""

    paths: tuple[tuple[Member, ...], ...]
    text: str


Move = Member | Only | PointsAt | Marked | Nth


@dataclass(frozen=True, slots=True)
class Route:
    """The moves from a starting point (the resource, or a composite's item) to values of one data type."""

    moves: tuple[Move, ...]
    type: str  # data type at the end: "CodeableConcept", "dateTime", …; "Resource" for an inline resource
    binding: str = ""  # required value set of the last element, else ""


@dataclass(frozen=True, slots=True)
class _Here:
    """A point on the way: the moves so far, and where the structure goes on."""

    moves: tuple[Move, ...]
    type: str
    shape: str  # path under which the children stand: "Observation.component" or a data type's name
    binding: str


@cache
def _shapes() -> Mapping[str, Mapping[str, Element]]:
    """Children by name, of every structure and every element that has children of its own."""
    found: dict[str, dict[str, Element]] = {}
    for structure in load().structures.values():
        for element in structure.elements[1:]:
            parent = element.path.rpartition(".")[0]
            found.setdefault(parent, {})[element.name] = element
    return found


def start(base: str) -> _Here:
    """Return the point where the routes of a resource type begin."""
    return _Here((), base, base, "")


def walk(here: _Here, steps: Iterable[Step]) -> list[_Here]:
    """Return every point that the steps lead to; none where the structure has no such element."""
    points = [here]
    for step in steps:
        points = [further for point in points for further in _move(point, step)]
    return points


def ends(points: Iterable[_Here]) -> tuple[Route, ...]:
    """Return the routes that end at these points; an extension stands for its value."""
    found: list[Route] = []
    for point in points:
        last = walk(point, (Child("value"),)) if point.type == "Extension" else [point]
        found += [Route(end.moves, end.type, end.binding) for end in last]
    return tuple(dict.fromkeys(found))


def _move(point: _Here, step: Step) -> list[_Here]:
    match step:
        case Child(name):
            return _children(point, name)
        case As(wanted):
            return [point] if point.type.lower() == wanted.lower() else []
        case Equals(path, text):
            ways = tuple(
                tuple(m for m in end.moves if isinstance(m, Member))
                for end in walk(_Here((), point.type, point.shape, ""), path)
            )
            return [_with(point, Only(ways, text))]
        case PointsAt() | Marked() | Nth():
            return [_with(point, step)]


def _with(point: _Here, move: Move) -> _Here:
    return _Here((*point.moves, move), point.type, point.shape, point.binding)


def _children(point: _Here, name: str) -> list[_Here]:
    element = _shapes().get(point.shape, {}).get(name)
    if element is None:
        return []
    if element.content:
        return [_Here((*point.moves, Member(name, element.array)), "BackboneElement", element.content, "")]
    binding = element.binding if element.strength == "required" else ""
    found = []
    for kind in element.types:
        own = kind.code in ("BackboneElement", "Element")
        member = name + kind.code[0].upper() + kind.code[1:] if element.choice else name
        shape = element.path if own else kind.code
        found.append(_Here((*point.moves, Member(member, element.array)), kind.code, shape, binding))
    return found
