"""Copy a JSON tree with its references resolved anew. Pure."""

from collections.abc import Callable

from kakehashi.samples.trees import Tree

NEEDED = ("condition", "actor")  # a backbone element that lost this reference goes with it
Resolve = Callable[[str], Tree | None]


def rewrite(node: Tree, resolve: Resolve) -> Tree:
    """Return a copy with every reference resolved; what resolves to nothing is left out, and what then is empty."""
    made: Tree = {}
    for member, value in node.items():
        if (new := _value(value, resolve)) is not None:
            made[member] = new
    return made


def _value(value: object, resolve: Resolve) -> object:
    if isinstance(value, list):
        kept = [new for one in value if (new := _value(one, resolve)) is not None]
        return kept or None
    if not isinstance(value, dict):
        return value
    target = value.get("reference")
    if isinstance(target, str) and not target.startswith("#"):
        return resolve(target)
    new = rewrite(value, resolve)
    lost = any(member in value and member not in new for member in NEEDED)
    return None if lost or not new else new
