"""One run of checks over one resource: what it found, what it has cost, and what it knows already."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from kakehashi.core.errors import Problem
from kakehashi.fhir.paths.nodes import Env, Node

MOST = 200  # problems told of one resource
STEPS = 400_000  # elements looked at, about a second's work
DEEPEST = 60  # profiles and elements within each other; parse lets through about 120 levels of elements

Problems: TypeAlias = list[Problem]


class Spent(Exception):
    """The run has cost what it may."""


class Enough(Exception):
    """There are MOST problems."""


@dataclass(slots=True)
class Run:
    """What is counted and remembered through one `check`."""

    steps: int = 0
    depth: int = 0
    verdicts: dict[tuple[int, int], Problems | None] = field(
        default_factory=dict
    )  # (value, checker); None: under way
    unknown: set[str] = field(default_factory=set)

    def spend(self, steps: int = 1) -> None:
        """Count work done. Raises Spent."""
        self.steps += steps
        if self.steps > STEPS:
            raise Spent


@dataclass(frozen=True, slots=True)
class Scope:
    """Where the walk is: the resource that holds the element, and what its references can find."""

    run: Run
    resource: Node
    root: Node  # the resource that contains it, else itself
    place: str  # of the root
    entries: dict[str, tuple[Node, str]]  # of the Bundle around it, by fullUrl and by type/id
    problems: Problems

    def say(self, problem: Problem) -> None:
        """Note a problem. Raises Enough when nobody would read on."""
        self.problems.append(problem)
        if len(self.problems) >= MOST:
            raise Enough

    def env(self, node: Node) -> Env:
        """Return what FHIRPath's variables mean here."""
        return Env(self.resource, self.root, node)

    def aside(self, problems: Problems) -> "Scope":
        """Return the same place with another list of problems."""
        return Scope(self.run, self.resource, self.root, self.place, self.entries, problems)

    def inside(self, node: Node, place: str, *, contained: bool) -> "Scope":
        """Return the scope of a resource within this one."""
        if contained:
            return Scope(self.run, node, self.root, self.place, self.entries, self.problems)
        entries = (
            entries_of(node.value, place) if node.value.get("resourceType") == "Bundle" else self.entries
        )
        return Scope(self.run, node, node, place, entries, self.problems)

    def resolved(self, reference: object) -> tuple[Node, str] | None:
        """Return the resource that a reference finds without leaving the body, with its place."""
        if not isinstance(reference, str):
            return None
        if not reference.startswith("#"):
            return self.entries.get(reference) or self.entries.get(reference.partition("/_history/")[0])
        if reference == "#":
            return self.root, self.place
        for number, one in enumerate(_listed(self.root.value.get("contained"))):
            if isinstance(one, dict) and one.get("id") == reference[1:]:
                return Node(one, "Resource"), f"{self.place}.contained[{number}]"
        return None


Check: TypeAlias = Callable[[Node, str, Scope], None]
"""Looks at one item, at its place, and says what is wrong."""


def whole(tree: dict[str, Any]) -> Scope:
    """Return the scope of a resource that stands alone."""
    kind = str(tree["resourceType"])
    node = Node(tree, kind)
    return Scope(Run(), node, node, kind, entries_of(tree, kind) if kind == "Bundle" else {}, [])


def entries_of(bundle: dict[str, Any], place: str) -> dict[str, tuple[Node, str]]:
    """Return a Bundle's resources by fullUrl and by `Type/id`.

    Source: https://hl7.org/fhir/R4/bundle.html#references.
    """
    found: dict[str, tuple[Node, str]] = {}
    for number, entry in enumerate(_listed(bundle.get("entry"))):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict):
            continue
        held = Node(resource, "Resource"), f"{place}.entry[{number}].resource"
        if isinstance(url := entry.get("fullUrl"), str):
            found.setdefault(url, held)
        if "id" in resource:
            found.setdefault(f"{resource.get('resourceType')}/{resource['id']}", held)
    return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
