"""`_summary=true`: of a resource and of everything in it, the elements that R4 marks as summary (Σ).

Mandatory and modifying elements stay too, without which what is left would be wrong; so do `id` and extensions inside
of an element that stays: they may say which spelling of a name it is. Whatever stays keeps its bytes.
Source: https://hl7.org/fhir/R4/search.html#summary
"""

from collections.abc import Mapping
from functools import cache

import msgspec

from kakehashi.fhir.definitions import Element, load

Place = tuple[str, str]  # structure, and the path whose children are meant
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_INSIDE = frozenset({"id", "extension"})
_WHOLE = frozenset({"extension", "modifierExtension", "meta"})


def summarised(resource_type: str, members: Mapping[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
    """Return the members of a resource that its summary has, each cut to its own summary."""
    return _cut(members, _kept((resource_type, resource_type)))


def _cut(members: Mapping[str, msgspec.Raw], kept: Mapping[str, Place | None]) -> dict[str, msgspec.Raw]:
    return {
        name: _trimmed(value, kept[name.lstrip("_")]) if not name.startswith("_") else value
        for name, value in members.items()
        if name.lstrip("_") in kept
    }


def _trimmed(value: msgspec.Raw, place: Place | None) -> msgspec.Raw:
    """Return a value cut to its summary; whole where it has no parts, or nothing would be left of it."""
    if place is None:
        return value
    match bytes(value).lstrip()[:1]:
        case b"[":
            return msgspec.Raw(msgspec.json.encode([_trimmed(one, place) for one in _LIST.decode(value)]))
        case b"{":
            left = _cut(_MEMBERS.decode(value), _kept(place))
            return msgspec.Raw(msgspec.json.encode(left)) if left else value
        case _:
            return value


@cache
def _kept(place: Place) -> Mapping[str, Place | None]:
    """Return the JSON names that stay under a place, each with the place of its own children (None: it stays whole)."""
    structure, path = place
    found: dict[str, Place | None] = {}
    for element in load().structures[structure].elements:
        if element.path.rpartition(".")[0] == path and _stays(element, top=structure == path):
            found |= _named(structure, element)
    return found


def _stays(element: Element, *, top: bool) -> bool:
    resource = top and load().structures[element.path.partition(".")[0]].kind == "resource"
    inside = element.name in _INSIDE and not resource
    return bool(element.summary or element.min or element.modifier or inside)


def _named(structure: str, element: Element) -> dict[str, Place | None]:
    if element.content:
        return {element.name: (structure, element.content)}
    if element.choice:
        return {
            element.name + one.code[:1].upper() + one.code[1:]: _parts(structure, element, one.code)
            for one in element.types
        }
    return {element.name: _parts(structure, element, element.types[0].code if element.types else "")}


def _parts(structure: str, element: Element, code: str) -> Place | None:
    """Where the children of an element of this type are defined."""
    if element.name in _WHOLE:
        return None
    if code in ("BackboneElement", "Element"):
        return structure, element.path
    known = load().structures.get(code)
    return (code, code) if known is not None and known.kind == "complex-type" else None
