"""The members of an object as nodes with their places."""

from typing import Any, NamedTuple

from kakehashi.fhir.paths.nodes import Node
from kakehashi.fhir.shapes import RESOURCE, Member


class Found(NamedTuple):
    """One item of an element: where it is, what it is, and the member that holds it."""

    place: str
    node: Node
    member: Member


def items(owner: dict[str, Any], members: tuple[Member, ...], place: str) -> list[Found]:
    """Return the items that an element has in an object; `members` are the JSON names that it may be written by."""
    found: list[Found] = []
    for member in members:
        name = member.name
        if member.primitive:
            value, shadow = owner.get(name), owner.get("_" + name)
            if value is not None or shadow is not None:
                found += _primitives(value, shadow, member, f"{place}.{name}")
        elif (value := owner.get(name)) is not None:
            at = f"{place}.{name}"
            if type(value) is list:
                found += [
                    Found(f"{at}[{number}]", Node(one, member.shape), member)
                    for number, one in enumerate(value)
                    if type(one) is dict
                ]
            elif type(value) is dict:
                found.append(Found(at, Node(value, member.shape), member))
    return found


def _primitives(value: Any, shadow: Any, member: Member, at: str) -> list[Found]:
    if type(value) is not list and type(shadow) is not list:
        return [Found(at, Node(value, member.shape, shadow if type(shadow) is dict else None), member)]
    values = value if type(value) is list else []
    shadows = shadow if type(shadow) is list else []
    found = []
    for number in range(max(len(values), len(shadows))):
        one = values[number] if number < len(values) else None
        beside = shadows[number] if number < len(shadows) else None
        if one is not None or beside is not None:
            found.append(Found(f"{at}[{number}]", Node(one, member.shape, beside), member))
    return found


def kind_of(node: Node) -> str:
    """Return the type of a node; of a resource the one that it names."""
    if node.type == RESOURCE:
        return str(node.value.get("resourceType", ""))
    return node.type
