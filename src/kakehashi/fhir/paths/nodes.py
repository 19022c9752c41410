"""R4 JSON as FHIRPath sees it: nodes with a type, whose members include choices by their short name."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from kakehashi.fhir.paths.costs import Budget
from kakehashi.fhir.shapes import RESOURCE, Member, Shape, shape
from kakehashi.fhir.types import NUMBER


@dataclass(frozen=True, slots=True)
class Node:
    """A value with its type. `value` is None for a primitive that has only extensions; those are in `shadow`."""

    value: Any  # decoded JSON: dict, str, int, float, bool or None
    type: str  # a primitive's name or a shape's name
    shadow: dict[str, Any] | None = None  # `_name`: id and extensions of a primitive


Nodes: TypeAlias = list[Node]


@dataclass(frozen=True, slots=True)
class Env:
    """What `%resource`, `%rootResource`, `%context` and `%rowIndex` mean; and what may still be spent."""

    resource: Node
    root: Node
    context: Node
    row: int = 0  # place among what a view's `forEach` goes over
    budget: Budget | None = None

    def at(self, row: int) -> "Env":
        """Return the same for another row."""
        return self if row == self.row else Env(self.resource, self.root, self.context, row, self.budget)


def root_node(tree: dict[str, Any]) -> Node:
    """Return a resource as a node."""
    return Node(tree, str(tree.get("resourceType", "")))


def shape_of(node: Node) -> Shape | None:
    """Return the shape of an object; None for a primitive and for a resource that R4 does not know."""
    if type(node.value) is not dict:
        return None
    if node.type == RESOURCE:
        name = node.value.get("resourceType")
        return shape(name) if name in NUMBER else None
    return shape(node.type)


def step(node: Node, name: str) -> Nodes:
    """Return the members of a node by FHIRPath name (`value` finds `valueQuantity`)."""
    known = shape_of(node)
    if known is None:
        return _shadow_step(node, name)
    if member := known.members.get(name):
        return _nodes(node.value, member)
    for member in known.choices.get(name, ()):
        if member.name in node.value or "_" + member.name in node.value:
            return _nodes(node.value, member)
    return []


def children(node: Node) -> Iterator[Node]:
    """Yield all direct members of a node, resourceType aside."""
    known = shape_of(node)
    if known is None:
        for name in ("id", "extension"):
            yield from _shadow_step(node, name)
        return
    seen = set()
    for name in node.value:
        plain = name.removeprefix("_")
        if plain not in seen and (member := known.members.get(plain)):
            seen.add(plain)
            yield from _nodes(node.value, member)


def descendants(node: Node) -> Iterator[Node]:
    """Yield all members of a node at every depth."""
    for child in children(node):
        yield child
        yield from descendants(child)


def _shadow_step(node: Node, name: str) -> Nodes:
    return (
        _nodes(node.shadow, shape("Element").members[name])
        if node.shadow and name in ("id", "extension")
        else []
    )


def _nodes(owner: dict[str, Any], member: Member) -> Nodes:
    value, shadow = owner.get(member.name), owner.get("_" + member.name)
    if not member.primitive:
        return [
            Node(one, member.shape) for one in (value if type(value) is list else [value]) if one is not None
        ]
    if type(value) is not list and type(shadow) is not list:
        return [Node(value, member.shape, shadow)] if value is not None or shadow else []
    values, shadows = value or [], shadow or []
    length = max(len(values), len(shadows))
    values, shadows = (
        [*values, *[None] * (length - len(values))],
        [*shadows, *[None] * (length - len(shadows))],
    )
    return [Node(v, member.shape, s) for v, s in zip(values, shadows, strict=True) if v is not None or s]
