"""Where in the JSON the elements stand that a FHIRPath finds.

FHIRPath gives values, and two alike cannot be told apart by looking. So the path is asked of a copy in which every
object, and beside every primitive the object of its id and extensions, is one of a kind; each is known by its identity.
"""

from typing import Any, TypeAlias

from kakehashi.fhir.paths.costs import Budget
from kakehashi.fhir.paths.evaluate import Path, compiled
from kakehashi.fhir.paths.nodes import Env, Node, root_node
from kakehashi.fhir.paths.syntax import Expression, Step, UnknownPath, parse_path
from kakehashi.fhir.shapes import RESOURCE, Member, shape

Place: TypeAlias = tuple[str | int, ...]
_LONGEST = 2_000  # characters of an expression
_STEPS = 100_000  # what evaluating one expression may spend


class Tree:
    """A resource, its places known. `tree`: decoded JSON, which is copied."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self._places: dict[int, Place] = {}
        self.tree = self._object(tree, ())

    def find(self, expression: Expression, text: str) -> list[tuple[Node, Place]]:
        """Return what an expression finds, each with its place. Raises UnknownPath, TooCostly."""
        node = root_node(self.tree)
        found = _function(expression, text)([node], Env(node, node, node, 0, Budget(_STEPS)))
        placed = [(one, self._place_of(one)) for one in found]
        if any(place is None for _, place in placed):
            raise UnknownPath(text, 0)
        return [(one, place) for one, place in placed if place is not None]

    def shape_at(self, place: Place) -> str:
        """Return the name of the shape of the object at a place. Raises KeyError where R4 knows none."""
        here: Any = self.tree
        name = str(here["resourceType"])
        for step in place:
            here = here[step]
            if isinstance(step, str):
                name = "Element" if step.startswith("_") else shape(name).members[step].shape
            if name == RESOURCE and isinstance(here, dict):
                name = str(here["resourceType"])
        return name

    def member_at(self, place: Place) -> Member:
        """Return the definition of the element at a place. Raises KeyError where R4 knows none."""
        way = place if isinstance(place[-1], str) else place[:-1]
        return shape(self.shape_at(way[:-1])).members[str(way[-1])]

    def _place_of(self, node: Node) -> Place | None:
        return self._places.get(id(node.value if isinstance(node.value, dict) else node.shadow))

    def _object(self, value: dict[str, Any], place: Place) -> dict[str, Any]:
        copy: dict[str, Any] = {}
        self._places[id(copy)] = place
        for name in dict.fromkeys(one.removeprefix("_") for one in value):
            self._member(copy, name, value.get(name), value.get("_" + name), place)
        return copy

    def _member(self, copy: dict[str, Any], name: str, value: Any, shadow: Any, place: Place) -> None:
        if isinstance(value, dict):
            copy[name] = self._object(value, (*place, name))
        elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
            copy[name] = [
                self._object(one, (*place, name, number)) if isinstance(one, dict) else one
                for number, one in enumerate(value)
            ]
        elif isinstance(value, list) or isinstance(shadow, list):
            copy[name] = values = value if isinstance(value, list) else []
            shadows = shadow if isinstance(shadow, list) else []
            copy["_" + name] = [
                self._shadow(
                    shadows[number : number + 1], (*place, "_" + name, number), (*place, name, number)
                )
                for number in range(max(len(values), len(shadows)))
            ]
        elif name == "resourceType":
            copy[name] = value
        else:
            if value is not None:
                copy[name] = value
            copy["_" + name] = self._shadow([shadow], (*place, "_" + name), (*place, name))

    def _shadow(self, found: list[Any], own: Place, of: Place) -> dict[str, Any]:
        """Return the object beside a primitive; it stands for the primitive."""
        copy = self._object(found[0] if found and isinstance(found[0], dict) else {}, own)
        self._places[id(copy)] = of
        return copy


def expression_of(text: str) -> Expression:
    """Return a path, read. Raises UnknownPath."""
    try:
        if len(text) > _LONGEST:
            raise UnknownPath(text[:100], 0)
        return parse_path(text)
    except RecursionError:
        raise UnknownPath(text[:100], 0) from None


def parts_of(expression: Expression) -> tuple[Expression | None, str]:
    """Return what stands before the last step of a path, and the step's name; "" where it does not end in one."""
    if isinstance(expression, Step):
        return expression.base, expression.name
    return None, ""


def _function(expression: Expression, text: str) -> Path:
    try:
        return compiled(expression, text)
    except RecursionError:
        raise UnknownPath(text[:100], 0) from None
