"""The quick way: closures made of the definitions, one for each kind of object, that say whether all is well.

Not True, or an error on the way (a member that R4 does not have, a number where a text should be), means only
"not sure". The values of members are checked by C functions wherever one fits: a pattern, a set, `str.strip`.
"""

import threading
from collections.abc import Callable
from typing import Any, TypeAlias

from kakehashi.fhir import primitives
from kakehashi.fhir.invariants import BY_HAND, UNCHECKED, expression
from kakehashi.fhir.paths.evaluate import Path, compile_path, truth
from kakehashi.fhir.paths.nodes import Env, Node
from kakehashi.fhir.shapes import RESOURCE, Member, Shape, shape
from kakehashi.fhir.types import NUMBER
from kakehashi.fhir.validation import bundles, codes, narrative, references
from kakehashi.fhir.validation.quick import quick
from kakehashi.fhir.validation.swift import SWIFT

Check: TypeAlias = Callable[
    [Any], object
]  # takes decoded JSON; true when well, may raise what `accepts` catches

_SERVERS = frozenset({"versionId", "lastUpdated", "_versionId", "_lastUpdated", "security"})  # dom-4, dom-5
_ID = primitives.FORMS["id"].fullmatch
_MADE: dict[str, Check] = {}
_MAKING = threading.RLock()


class _Here(threading.local):
    """References within the resource at hand, while it is checked: (id, allowed types)."""

    local: list[tuple[str, tuple[str, ...]]] = []  # noqa: RUF012 (replaced before use, in `_whole`)


_here = _Here()


def accepts(tree: dict[str, Any], size: int) -> bool:
    """Say whether a resource is surely well. `size`: bytes of its body, for strings beyond their limit."""
    try:
        return bool(_any_whole(tree)) and (size <= primitives.LONGEST or not _has_long_text(tree))
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, RecursionError):
        return False


def _has_long_text(value: object) -> bool:
    if isinstance(value, str):
        return len(value) > primitives.LONGEST
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_has_long_text, inner))


def _any_whole(tree: dict[str, Any]) -> object:
    """Check a resource that stands for itself: references within it must find what they mean."""
    outer, _here.local = _here.local, []
    try:
        return _any(tree) and _local_well(tree, _here.local)
    finally:
        _here.local = outer


def _any(tree: dict[str, Any]) -> object:
    name = tree["resourceType"]
    check = _MADE.get(name)
    return check(tree) if check else name in NUMBER and _made(name)(tree)


def _local_well(tree: dict[str, Any], found: list[tuple[str, tuple[str, ...]]]) -> bool:
    """ref-1 and dom-2 to dom-5."""
    contained = tree.get("contained")
    if contained is None:
        return not found
    types = {one["id"]: one["resourceType"] for one in contained}
    return (
        len(types) == len(contained)
        and all(name in types and (not targets or types[name] in targets) for name, targets in found)
        and types.keys() <= {name for name, _ in found}
        and all("contained" not in one and _SERVERS.isdisjoint(one.get("meta", ())) for one in contained)
    )


def _made(name: str) -> Check:
    """Return the check of a shape, made when first asked for."""
    with _MAKING:
        return _MADE.get(name) or _object(name)


def _object(name: str) -> Check:
    known = shape(name)
    fields: dict[str, Check] = {}
    required = frozenset(e.name for e in known.elements if e.min and not e.choice)
    asked = tuple(
        frozenset(m.name for m in known.choices[e.name]) for e in known.elements if e.min and e.choice
    )
    group = {m.name: n for n, members in enumerate(known.choices.values()) for m in members}
    group |= {"_" + name: n for name, n in group.items()}
    rules = _rules(known)

    def check(value: dict[str, Any]) -> object:
        for key, item in value.items():
            if not fields[key](item):
                return False
        if len(value) < 2 and (not value or "id" in value):
            return False
        if required and not required <= value.keys():
            return False
        if group:
            taken = [group[key] for key in value if key in group]
            if len(taken) > 1 and len(set(taken)) < len(taken):
                return False
            if asked and any(keys.isdisjoint(value) for keys in asked):
                return False
        return not rules or all([rule(value) is True for rule in rules])  # noqa: C419

    _MADE[name] = check  # before its fields: shapes refer to one another, and to themselves
    for member in known.members.values():
        fields[member.name] = _member(member)
        if member.primitive and not member.element.array:
            fields["_" + member.name] = _made("Element")
    if known.resource:
        fields["resourceType"] = frozenset({name}).__contains__
    return check


def _rules(known: Shape) -> list[Callable[[dict[str, Any]], bool | None]]:
    rules: list[Callable[[dict[str, Any]], bool | None]] = [
        SWIFT.get(one.key) or quick(expression(one), known)
        for one in known.constraints
        if one.severity == "error" and one.key not in BY_HAND and one.key not in UNCHECKED
    ]
    if known.name == "Bundle.entry":
        rules.append(bundles.full_url_agrees)
    return rules


def _member(member: Member) -> Check:
    check = _value(member)
    own = [one for one in member.element.constraints if one.severity == "error" and one.key not in BY_HAND]
    if own and member.shape != member.element.path:
        check = _ruled(check, member, [compile_path(one.expression) for one in own])
    return _many(check) if member.element.array else check


def _value(member: Member) -> Check:
    if member.shape == RESOURCE:
        return _any if member.name == "contained" else _any_whole
    if member.shape == "Reference":
        return _reference(member.type.targets)
    if member.shape == "xhtml":
        return lambda value: narrative.wrong(value) is None
    if codes.bound(member):
        return _bound(member)
    return primitives.FAST[member.shape] if member.primitive else _made(member.shape)


def _bound(member: Member) -> Check:
    url = member.element.binding
    if member.primitive:
        return codes.code_check(url)
    check = _made(member.shape)
    return lambda value: check(value) and codes.concept_holds(url, value)


def _ruled(check: Check, member: Member, paths: list[Path]) -> Check:
    def run(value: Any) -> bool:
        node = Node(value, member.shape)
        env = Env(node, node, node)
        return bool(check(value)) and all(truth(path([node], env)) is True for path in paths)

    return run


def _many(check: Check) -> Check:
    def run(value: Any) -> object:
        if type(value) is not list:
            return False
        if len(value) == 1:
            return check(value[0])
        return len(value) > 0 and all(map(check, value))

    return run


def _reference(targets: tuple[str, ...]) -> Check:
    plain = _made("Reference")
    allowed = frozenset(targets or NUMBER)

    def run(value: dict[str, Any]) -> object:
        if not plain(value):
            return False
        if "type" in value and not references.states_well(value["type"], targets):
            return False
        text = value.get("reference")
        if text is None:
            return True
        kind, _, name = text.partition("/")
        if kind in allowed and _ID(name):
            return True
        if text[0] == "#":
            _here.local.append((text[1:], targets))
            return True
        return references.points_well(text, targets)

    return run
