"""The difference of two resources of one type, as the FHIRPath Patch that makes the one into the other.

Lists keep what is alike at their beginning and end; in between, items are changed in their places, then cut or added.
What is only moved is told as changed. Source: https://hl7.org/fhir/R4/fhirpatch.html
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import msgspec

from kakehashi.core.errors import TooCostly
from kakehashi.fhir.parse import Tree
from kakehashi.fhir.shapes import RESOURCE, Member, shape

MOST = 1_000  # operations: more is no difference, but another resource
_DATA_TYPES = frozenset({"BackboneElement", "Element"})  # these have no `value[x]` of their own
Part: TypeAlias = dict[str, Any]


def decoded(body: bytes) -> Tree:
    """Return JSON with its numbers as they are written, so that 1.0 is not 1.00."""
    tree: Tree = json.loads(body, parse_float=_number, parse_int=_number)
    return tree


def difference(old: Tree, new: Tree, *, skip: frozenset[str] = frozenset()) -> bytes:
    """Return the Parameters that make `old` into `new`: both of `decoded`. `skip`: members at the top left aside.

    Raises TooCostly.
    """
    kind = str(old["resourceType"])
    found: list[Part] = []
    for one in _object(_without(old, skip), _without(new, skip), kind, kind):
        found.append({"name": "operation", "part": one})
        if len(found) > MOST:
            raise _too_much()
    said: Part = {"resourceType": "Parameters"}
    return msgspec.json.encode(said | ({"parameter": found} if found else {}))


def _without(tree: Tree, skip: frozenset[str]) -> Tree:
    return {name: value for name, value in tree.items() if name != "resourceType" and name not in skip}


def _number(text: str) -> msgspec.Raw:
    return msgspec.Raw(text)


def _object(old: Tree, new: Tree, owner: str, path: str) -> Iterator[list[Part]]:
    """Yield the operations that turn one object into another. Members are those of the shape `owner`."""
    known = shape(owner)
    names = dict.fromkeys(one.removeprefix("_") for one in (*old, *new))
    changed = [name for name in names if _both(old, name) != _both(new, name)]
    for name in changed:
        member = known.members.get(name)
        if member is None:
            continue
        here = f"{path}.{member.element.name}"
        if member.element.array:
            yield from _list(_items(old, name), _items(new, name), member, path)
        elif not _there(new, name):
            if not any(_there(new, one.name) for one in known.named(member.element)):
                yield _said("delete", here)
        elif _there(old, name):
            yield from _changed(_both(old, name), _both(new, name), member, here)
        elif any(_there(old, one.name) for one in known.named(member.element)):
            yield _said("replace", here, _value("value", _both(new, name), member))
        else:
            yield _said(
                "add",
                path,
                ("name", "valueString", member.element.name),
                _value("value", _both(new, name), member),
            )


_Both: TypeAlias = tuple[Any, Any]  # a value, and its `_name`


def _both(owner: Tree, name: str) -> _Both:
    return owner.get(name), owner.get("_" + name)


def _there(owner: Tree, name: str) -> bool:
    return name in owner or "_" + name in owner


def _items(owner: Tree, name: str) -> list[_Both]:
    values, shadows = owner.get(name) or [], owner.get("_" + name) or []
    length = max(len(values), len(shadows))
    return list(
        zip(
            [*values, *[None] * (length - len(values))], [*shadows, *[None] * (length - len(shadows))], strict=True
        )
    )  # fmt: skip


def _changed(old: _Both, new: _Both, member: Member, path: str) -> Iterator[list[Part]]:
    """Yield what changes one value: inside of it where it has parts, else a new value."""
    before, after = old[0], new[0]
    if isinstance(before, dict) and isinstance(after, dict) and member.shape != RESOURCE:
        yield from _object(before, after, member.shape, path)
    else:
        yield _said("replace", path, _value("value", new, member))


def _list(old: Sequence[_Both], new: Sequence[_Both], member: Member, path: str) -> Iterator[list[Part]]:
    here = f"{path}.{member.name}"
    first = _alike(old, new)
    last = _alike(old[first:][::-1], new[first:][::-1])
    middle, wanted = old[first : len(old) - last], new[first : len(new) - last]
    for number, (before, after) in enumerate(zip(middle, wanted, strict=False), first):
        if before != after:
            yield from _changed(before, after, member, f"{here}[{number}]")
    both = first + min(len(middle), len(wanted))
    for number in reversed(range(both, first + len(middle))):
        yield _said("delete", f"{here}[{number}]")
    for number in range(both, first + len(wanted)):
        value = _value("value", wanted[number - first], member)
        if last:
            yield _said("insert", here, ("index", "valueInteger", number), value)
        else:
            yield _said("add", path, ("name", "valueString", member.name), value)


def _alike(old: Sequence[_Both], new: Sequence[_Both]) -> int:
    """Return how many items two lists have in common from their beginning on."""
    return next(
        (number for number, (a, b) in enumerate(zip(old, new, strict=False)) if a != b),
        min(len(old), len(new)),
    )


def _said(kind: str, path: str, *parts: tuple[str, str, object] | Part) -> list[Part]:
    told: list[Part] = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": path}]
    for one in parts:
        told.append(one if isinstance(one, dict) else {"name": one[0], one[1]: one[2]})
    return told


def _value(name: str, both: _Both, member: Member) -> Part:
    """Return a part that carries a value: as `value[x]`, as a resource, or in parts where its type is R4's own."""
    value, shadow = both
    if member.shape == RESOURCE:
        return {"name": name, "resource": value}
    if member.type.code in _DATA_TYPES:
        return {"name": name, "part": list(_parts(value, member.shape))}
    suffix = "String" if "/" in member.type.code or member.type.code == "xhtml" else member.type.code
    suffix = suffix[:1].upper() + suffix[1:]
    part: Part = {"name": name}
    if value is not None:
        part["value" + suffix] = value
    if shadow is not None:
        part["_value" + suffix] = shadow
    return part


def _parts(value: Tree, owner: str) -> Iterator[Part]:
    known = shape(owner)
    for name in dict.fromkeys(one.removeprefix("_") for one in value):
        member = known.members.get(name)
        if member is None:
            continue
        if member.element.array:
            yield from (_value(name, one, member) for one in _items(value, name))
        else:
            yield _value(member.element.name, _both(value, name), member)


def _too_much() -> TooCostly:
    return TooCostly(
        f"違いが {MOST} か所を超えています。別のリソースとして比べてください。",
        f"There are more than {MOST} differences; these are two different resources.",
        rule="diff.size",
    )
