"""A selection of everything that a resource says, and what an answer to it is held against."""

from typing import Any

from kakehashi.fhir.shapes import RESOURCE, shape


def without_resources(value: Any, name: str) -> Any:
    """The same without resources inside it: two of them may have members of one name and different types."""
    if isinstance(value, list):
        return [without_resources(one, name) for one in value]
    if not isinstance(value, dict):
        return value
    known = shape(name).members
    kept = {}
    for member, one in value.items():
        found = known.get(member.removeprefix("_"))
        if found is None:
            kept[member] = one
        elif found.shape != RESOURCE:
            inner = "Element" if member.startswith("_") else found.shape
            kept[member] = (
                one if found.primitive and not member.startswith("_") else without_resources(one, inner)
            )
    return kept


def selected(values: list[Any]) -> str:
    """The members that some of the objects have, as a selection; "" for what is no object."""
    members: dict[str, list[Any]] = {}
    for one in values:
        for name, value in (one or {}).items():
            members.setdefault(name, []).extend(value if isinstance(value, list) else [value])
    return " ".join(
        f"{name} {{ {inner} }}"
        if (inner := selected([one for one in some if isinstance(one, dict)]))
        else name
        for name, some in members.items()
        if not any(isinstance(one, dict) and not one for one in some)
    )


def said(value: Any) -> Any:
    """A value without members that are null or empty objects."""
    if isinstance(value, list):
        return [said(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: inner for name, one in value.items() if (inner := said(one)) not in (None, {})}
