"""`getResourceKey()` and `getReferenceKey([type])`: what rows of different views are joined by.

A key is `Type/id`: it says what it is the key of, and equals the reference as it is written. Only relative references
have one: of an absolute, logical or contained one it is not known which row it means.
Source: SQL on FHIR v2, "Required Additional Functions".
"""

import re

from kakehashi.fhir.paths.nodes import Node, Nodes
from kakehashi.fhir.types import NUMBER

_RELATIVE = re.compile(
    r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?", re.ASCII
)


def resource_key(nodes: Nodes) -> Nodes:
    """Return the key of the resource that is looked at."""
    return [Node(key, "string") for one in nodes if (key := key_of_resource(one.value))]


def reference_key(nodes: Nodes, wanted: str = "") -> Nodes:
    """Return the keys of references. `wanted`: only of those to this type."""
    return [Node(key, "string") for one in nodes if (key := key_of_reference(one.value, wanted))]


def key_of_resource(value: object) -> str:
    """Return `Type/id`, "" for what is no resource with an id."""
    if not isinstance(value, dict):
        return ""
    kind, name = value.get("resourceType"), value.get("id")
    return f"{kind}/{name}" if isinstance(kind, str) and isinstance(name, str) else ""


def key_of_reference(value: object, wanted: str = "") -> str:
    """Return the key that a Reference points at, "" where it has none or points at another type."""
    text = value.get("reference") if isinstance(value, dict) else None
    if not isinstance(text, str) or not (found := _RELATIVE.fullmatch(text)) or found[1] not in NUMBER:
        return ""
    return f"{found[1]}/{found[2]}" if wanted in ("", found[1]) else ""
