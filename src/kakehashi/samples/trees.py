"""Small tools for JSON trees, and choices that fall out the same on every machine. Touches nothing."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

from kakehashi.core.hashing import hash64

Tree: TypeAlias = dict[str, Any]  # a FHIR resource or part of one, as json.loads makes it

T = TypeVar("T")


def drawn(below: int, *parts: str) -> int:
    """Return a number from 0 to below - 1 that these parts always lead to."""
    return hash64("\x1f".join(parts)) % below


def pick(options: Sequence[T], *parts: str) -> T:
    """Return the option that these parts always lead to."""
    return options[drawn(len(options), *parts)]


def chance(percent: int, *parts: str) -> bool:
    """Say yes for about `percent` of all parts, always the same for the same parts."""
    return drawn(100, *parts) < percent


def coding(system: str, code: str, display: str = "") -> Tree:
    """Return a Coding; without a display when that is empty."""
    return {"system": system, "code": code} | ({"display": display} if display else {})


def concept(text: str, *codings: Tree) -> Tree:
    """Return a CodeableConcept with a text and any codings."""
    return ({"coding": list(codings)} if codings else {}) | ({"text": text} if text else {})


def identifier(system: str, value: str) -> Tree:
    """Return an Identifier."""
    return {"system": system, "value": value}


def reference(target: str, display: str = "") -> Tree:
    """Return a Reference."""
    return {"reference": target} | ({"display": display} if display else {})


def codes_of(concepts: Sequence[Tree] | Tree | None) -> Iterator[str]:
    """Yield the codes of one CodeableConcept or of several."""
    for one in [concepts] if isinstance(concepts, dict) else concepts or ():
        for found in one.get("coding", ()):
            yield found.get("code", "")


def references(node: object) -> Iterator[str]:
    """Yield every literal reference in a tree."""
    if isinstance(node, dict):
        target = node.get("reference")
        if isinstance(target, str):
            yield target
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def name_of(resource: Tree) -> str:
    """Return `Type/id`."""
    return f"{resource['resourceType']}/{resource['id']}"
