"""The routes of a resource type as one generated Python function: each JSON member is looked at once.

The routes of all parameters become a tree of moves; the tree becomes source text, and Python compiles it, once
for each resource type and only when the type is first met. Names in the text come from HL7's definitions and are
quoted with repr(), never from a request.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from kakehashi.fhir.indexing.expressions import Marked, Nth, PointsAt
from kakehashi.fhir.indexing.parameters import Parameter, parameters
from kakehashi.fhir.indexing.routes import Member, Move, Only, Route
from kakehashi.fhir.indexing.values import READERS, Json

Extract = Callable[[Json], dict[int, list[Any]]]


@dataclass(frozen=True, slots=True)
class Program:
    """What runs for one resource type: `extract(tree)` gives values by the parameter's place in `parameters`."""

    parameters: tuple[Parameter, ...]  # those with entries of their own
    extract: Extract
    source: str


@cache
def program(base: str) -> Program:
    """Return the compiled program of a resource type."""
    own = tuple(p for p in parameters(base).values() if p.has_entries and p.routes)
    writer = _Writer()
    tree = _Node()
    for place, parameter in enumerate(own):
        parts = [
            writer.part(f"part_{place}_{n}", part.kind, part.routes) for n, part in enumerate(parameter.parts)
        ]
        arguments = ["r" if part.of_resource else "{}" for part in parameter.parts]
        composed = ", ".join(f"{name}({argument})" for name, argument in zip(parts, arguments, strict=True))
        for route in parameter.routes:
            made = f"[({composed})]" if parts else f"{_reader(parameter.kind, route.type)}({{}})"
            tree.at(route.moves).leaves.setdefault(made, []).append(place)
    source = writer.finish(tree)
    space: dict[str, Any] = dict(_HELPERS)
    exec(compile(source, f"<search parameters of {base}>", "exec"), space)  # noqa: S102
    return Program(own, cast(Extract, space["extract"]), source)


def place_of(parameter: Parameter) -> int:
    """Return the parameter's place in its type's program."""
    return program(parameter.base).parameters.index(parameter)


@dataclass(slots=True)
class _Node:
    """A point in the tree of moves: what is made of the item here, and for which parameters."""

    leaves: dict[str, list[int]] = field(default_factory=dict)
    moves: dict[Move, "_Node"] = field(default_factory=dict)

    def at(self, moves: Iterable[Move]) -> "_Node":
        node = self
        for move in moves:
            node = node.moves.setdefault(move, _Node())
        return node


class _Writer:
    """Writes the source. Variables are numbered; indentation is the depth."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.variables = 0

    def part(self, name: str, kind: str, routes: Iterable[Route]) -> str:
        """Write the function of a composite's component; it returns its values."""
        tree = _Node()
        for route in routes:
            tree.at(route.moves).leaves[f"{_reader(kind, route.type)}({{}})"] = []
        self.lines += [f"def {name}(r):", "    found = []"]
        self._node(tree, "r", 1)
        self.lines.append("    return found")
        return name

    def finish(self, tree: _Node) -> str:
        self.lines += ["def extract(r):", "    out, own = {}, {}"]
        self._node(tree, "r", 1)
        self.lines.append("    return out")
        return "\n".join(self.lines) + "\n"

    def _node(self, node: _Node, here: str, depth: int) -> None:
        for made, places in node.leaves.items():
            self._leaf(made.replace("{}", here), places, depth)
        for move, further in node.moves.items():
            self._move(move, further, here, depth)

    def _leaf(self, made: str, places: list[int], depth: int) -> None:
        if not places:
            self._line(depth, f"found += {made}")
            return
        self._line(depth, f"x = {made}")
        self._line(depth, "if x:")
        # x may be shared; a list of our own may grow, so that time is linear in the values.
        for place in places:
            self._line(depth + 1, f"if {place} not in out: out[{place}] = x")
            self._line(depth + 1, f"elif {place} in own: own[{place}] += x")
            self._line(depth + 1, f"else: out[{place}] = own[{place}] = out[{place}] + x")

    def _move(self, move: Move, node: _Node, here: str, depth: int) -> None:
        if isinstance(move, Member):
            self._member(move, node, here, depth)
            return
        self._line(depth, f"if {_condition(move, here)}:")
        self._node(node, here, depth + 1)

    def _member(self, move: Member, node: _Node, here: str, depth: int) -> None:
        value = self._variable()
        self._line(depth, f"{value} = {here}.get({move.name!r})")
        self._line(depth, f"if {value} is not None:")
        if not move.many:
            self._node(node, value, depth + 1)
            return
        rest = _Node(node.leaves, {m: n for m, n in node.moves.items() if not isinstance(m, Nth)})
        for nth, further in node.moves.items():
            if isinstance(nth, Nth):
                self._line(depth + 1, f"if len({value}) > {nth.place}:")
                item = self._variable()
                self._line(depth + 2, f"{item} = {value}[{nth.place}]")
                self._node(further, item, depth + 2)
        if rest.leaves or rest.moves:
            item = self._variable()
            self._line(depth + 1, f"for {item} in {value}:")
            self._line(depth + 2, f"if {item} is not None:")
            self._node(rest, item, depth + 3)

    def _variable(self) -> str:
        self.variables += 1
        return f"v{self.variables}"

    def _line(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)


def _reader(kind: str, data_type: str) -> str:
    return READERS[kind][data_type].__name__


def _condition(move: Move, here: str) -> str:
    match move:
        case Only(paths=((Member(name=name, many=False),),), text=text):
            return f"{here}.get({name!r}) == {text!r}"
        case Only(paths=paths, text=text):
            ways = tuple(tuple(_names(path)) for path in paths)
            return f"leads_to({here}, {ways!r}, {text!r})"
        case PointsAt(type=name):
            return f"points_at({here}, {name!r}, r)"
        case Marked(url=url):
            return f"marked({here}, {url!r})"
        case Member() | Nth():
            return f"{here} is not None"


def _names(path: Iterable[Member]) -> list[str]:
    return [member.name for member in path]


_TYPE_OF = re.compile(
    r"(?:^|/)([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?$", re.ASCII
)


def points_at(value: Json, resource_type: str, resource: Json) -> bool:
    """Say whether a Reference is to that resource type: by its URL, by what is contained, or by its `type`.

    One that gives an identifier and nothing else is to a Patient, as facts.subject_of has it too: so resources of the
    CLINS guide may name the person (`subject.identifier`), and whoever means a Group or a Device says so.
    """
    text = value.get("reference") or ""
    if text.startswith(resource_type + "/"):
        return True
    if text.startswith("#"):
        inside = (
            one.get("resourceType") for one in resource.get("contained", ()) if one.get("id") == text[1:]
        )
        return bool(next(inside, value.get("type")) == resource_type)
    match = _TYPE_OF.search(text)
    kind = match[1] if match else value.get("type")
    if kind is None and not text and value.get("identifier"):
        kind = "Patient"
    return bool(kind == resource_type)


def leads_to(value: Json, paths: tuple[tuple[str, ...], ...], wanted: str) -> bool:
    """Say whether any of the member paths leads to the wanted text."""
    return any(_found(value, path, wanted) for path in paths)


def _found(value: Json, path: tuple[str, ...], wanted: str) -> bool:
    if isinstance(value, list):
        return any(_found(one, path, wanted) for one in value)
    if not path:
        return bool(value == wanted)
    return isinstance(value, dict) and path[0] in value and _found(value[path[0]], path[1:], wanted)


def marked(value: Json, url: str) -> bool:
    """Say whether an item carries the extension."""
    return any(one.get("url") == url for one in value.get("extension", ()))


_HELPERS: Mapping[str, Any] = {
    "points_at": points_at,
    "leads_to": leads_to,
    "marked": marked,
    **{reader.__name__: reader for by_type in READERS.values() for reader in by_type.values()},
}
