"""What may stand inside each kind of XML element, and what it becomes in JSON: closures made of the definitions.

A field is `(order, after, open)`: its place among its siblings, the least place of what may follow, and the function
that puts it into its owner and tells what may stand inside of it. Made when first asked for, once for each shape.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from kakehashi.fhir.shapes import RESOURCE, Member, shape
from kakehashi.fhir.types import NUMBER
from kakehashi.fhir.xml.names import FHIR, SCHEMA_LOCATION, Unfit
from kakehashi.fhir.xml.values import CONVERT, Convert

Object: TypeAlias = dict[str, Any]
Attributes: TypeAlias = Sequence[str]  # name, value, name, value, …
Open: TypeAlias = Callable[[Any, Attributes], "tuple[Fields, Any]"]
Fields: TypeAlias = dict[str, tuple[int, int, Open]]  # by "namespace name", as expat says it

_MADE: dict[str, Fields] = {}
_MAKING = threading.RLock()
_ID = frozenset({"id"})
_ID_AND_URL = frozenset({"id", "url"})
_NONE: frozenset[str] = frozenset()


def fields_of(name: str) -> Fields:
    """Return what may stand inside an element of a shape, or of RESOURCE. An XHTML `div` is not among it."""
    with _MAKING:
        if name not in _MADE:
            _MADE[name] = made = {}  # before it is filled: shapes hold one another, and themselves
            made.update(_resources() if name == RESOURCE else _children(name))
        return _MADE[name]


def _children(name: str) -> Fields:
    known = shape(name)
    found: Fields = {}
    for place, element in enumerate(known.elements):
        order = place * 2
        for member in known.named(element) if element.max != 0 else ():
            if not _is_attribute(member, resource=known.resource) and member.shape != "xhtml":
                found[f"{FHIR} {member.name}"] = order, order if element.array else order + 1, _open(member)
    return found


def _is_attribute(member: Member, *, resource: bool) -> bool:
    """Ids of elements and urls of extensions are attributes in XML."""
    return member.element.path == "Extension.url" or (member.name == "id" and not resource)


def _resources() -> Fields:
    return {f"{FHIR} {name}": (0, 1, _resource(name)) for name in NUMBER}


def _open(member: Member) -> Open:
    many = member.element.array
    if member.primitive:
        return _primitive(member.name, many, CONVERT.get(member.shape))
    allowed = _NONE if member.shape == RESOURCE else _ID_AND_URL if member.shape == "Extension" else _ID
    return _complex(member.name, many, fields_of(member.shape), allowed)


def _resource(name: str) -> Open:
    inside: list[Fields] = []

    def opened(target: Object, attributes: Attributes) -> tuple[Fields, Object]:
        if not inside:
            inside.append(fields_of(name))  # not before it is met: there are 146 types
        target["resourceType"] = name
        if attributes:
            _take(target, attributes, _NONE)
        return inside[0], target

    return opened


def _complex(key: str, many: bool, inside: Fields, allowed: frozenset[str]) -> Open:
    def opened(owner: Object, attributes: Attributes) -> tuple[Fields, Object]:
        made: Object = {}
        if many:
            owner.setdefault(key, []).append(made)
        else:
            owner[key] = made
        if attributes:
            _take(made, attributes, allowed)
        return inside, made

    return opened


def _take(made: Object, attributes: Attributes, allowed: frozenset[str]) -> None:
    """Turn attributes into members. Raises Unfit for one that is not FHIR's."""
    for name, value in zip(attributes[::2], attributes[1::2], strict=True):
        if name in allowed:
            made[name] = value
        elif name != SCHEMA_LOCATION:
            raise Unfit("attribute", name)


def _primitive(key: str, many: bool, convert: Convert | None) -> Open:
    put = _put_many if many else _put_one

    def opened(owner: Object, attributes: Attributes) -> tuple[Fields, tuple[Object, str, bool]]:
        if len(attributes) == 2 and attributes[0] == "value" and not many:
            owner[key] = convert(attributes[1]) if convert else attributes[1]
            return _SHADOW, (owner, key, False)
        said: Object = {}
        _take(said, attributes, _VALUE)
        if convert and "value" in said:
            said["value"] = convert(said["value"])
        put(owner, key, said)
        return _SHADOW, (owner, key, many)

    return opened


_VALUE = frozenset({"id", "value"})


def _put_one(owner: Object, key: str, said: Object) -> None:
    """Put a value, and beside it its id. What has no value must have something beside it: at first nothing."""
    if "value" in said:
        owner[key] = said["value"]
    if "id" in said or "value" not in said:
        owner["_" + key] = {"id": said["id"]} if "id" in said else {}


def _put_many(owner: Object, key: str, said: Object) -> None:
    """Put one of several: JSON fills up with null, and leaves out a list that would hold nothing else."""
    values, shadows = owner.get(key), owner.get("_" + key)
    before = max(len(values or ()), len(shadows or ()))
    if "value" in said and values is None:
        values = owner[key] = [None] * before
    if values is not None:
        values.append(said.get("value"))
    beside = {"id": said["id"]} if "id" in said else None if "value" in said else {}
    if beside is not None and shadows is None:
        shadows = owner["_" + key] = [None] * before
    if shadows is not None:
        shadows.append(beside)


def _shadow(owner: Object, key: str, many: bool) -> Object:
    """Return what stands beside the primitive that was put last, made now if need be."""
    beside: Object
    if not many:
        beside = owner.setdefault("_" + key, {})
        return beside
    shadows = owner.setdefault("_" + key, [None] * len(owner.get(key, ())))
    if shadows[-1] is None:
        shadows[-1] = {}
    beside = shadows[-1]
    return beside


def _extension(target: tuple[Object, str, bool], attributes: Attributes) -> tuple[Fields, Object]:
    """Open an extension of a primitive."""
    made: Object = {}
    _shadow(*target).setdefault("extension", []).append(made)
    _take(made, attributes, _ID_AND_URL)
    return fields_of("Extension"), made


_SHADOW: Fields = {f"{FHIR} extension": (0, 0, _extension)}
"""What may stand inside a primitive."""
