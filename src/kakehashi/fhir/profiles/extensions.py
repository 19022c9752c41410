"""Walks a resource for what has profiles of its own: extensions by URL, nested resources by meta.profile."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from kakehashi.core.errors import Problem
from kakehashi.fhir.paths.evaluate import compile_path
from kakehashi.fhir.paths.nodes import Node
from kakehashi.fhir.paths.syntax import UnknownPath
from kakehashi.fhir.profiles import says
from kakehashi.fhir.profiles.model import CORE, Context, Profile
from kakehashi.fhir.profiles.running import Scope
from kakehashi.fhir.shapes import RESOURCE, Member, Shape, is_type, shape
from kakehashi.fhir.types import NUMBER

_NAMES = ("extension", "modifierExtension")


class Holder(NamedTuple):
    """An element that extensions stand on."""

    path: str  # as definitions write it: "Patient.name.family"
    kind: str  # its type
    url: str = ""  # of the extension that it is itself
    element: str = ""  # path within its type, where that is not the resource: "Dosage.method"


class Met(NamedTuple):
    """An extension or a resource within, met on the walk."""

    node: Node
    place: str
    scope: Scope
    holder: Holder | None  # None: a resource


def met(tree: dict[str, Any], place: str, scope: Scope) -> Iterator[Met]:
    """Yield the extensions and the nested resources of a resource, at every depth."""
    kind = tree.get("resourceType")
    if isinstance(kind, str) and kind in NUMBER:
        yield from _object(tree, shape(kind), Holder(kind, kind), place, scope)


def _object(value: dict[str, Any], known: Shape, holder: Holder, place: str, scope: Scope) -> Iterator[Met]:
    scope.run.spend()
    for key, held in value.items():
        if type(held) is not dict and type(held) is not list:
            continue
        plain = key[1:] if key[:1] == "_" else key
        member = known.members.get(plain)
        if member is None:
            continue
        at = f"{place}.{plain}"
        if type(held) is dict:
            yield from _one(held, member, holder, at, scope)
        else:
            for number, one in enumerate(held):
                if type(one) is dict:
                    yield from _one(one, member, holder, f"{at}[{number}]", scope)


def _one(value: dict[str, Any], member: Member, holder: Holder, place: str, scope: Scope) -> Iterator[Met]:
    if member.shape == RESOURCE:
        inside = scope.inside(Node(value, RESOURCE), place, contained=member.name == "contained")
        yield Met(Node(value, RESOURCE), place, inside, None)
        yield from met(value, place, inside)
        return
    if member.name in _NAMES:
        yield Met(Node(value, "Extension"), place, scope, holder)
    known = shape("Element") if member.primitive else shape(member.shape)
    yield from _object(value, known, _held(value, member, holder), place, scope)


def _held(value: dict[str, Any], member: Member, holder: Holder) -> Holder:
    if member.name in _NAMES:
        return Holder("Extension", "Extension", str(value.get("url", "")))
    name = member.element.path.rpartition(".")[2]
    path = (
        member.element.content or f"{holder.path}.{name}"
    )  # Questionnaire.item.item is a Questionnaire.item
    return Holder(path, member.type.code, "", f"{holder.kind}.{name}")


def context_problem(one: Met, profile: Profile, holder: Holder) -> Problem | None:
    """Return what is wrong with where an extension stands, None where it may stand there."""
    if not profile.contexts or any(_fits(each, holder, one.scope, profile.url) for each in profile.contexts):
        return None
    listed = tuple(each.expression for each in profile.contexts)
    return says.context(one.place, listed, profile.url)


def _fits(context: Context, holder: Holder, scope: Scope, url: str) -> bool:
    expression = context.expression.removeprefix(CORE)
    if context.type == "extension":
        return expression == holder.url
    if context.type == "fhirpath":
        return _fits_path(expression, scope)
    if "." not in expression:
        return expression in ("Element", holder.path) or is_type(holder.kind, expression)
    return expression in (holder.path, holder.element)


def _fits_path(expression: str, scope: Scope) -> bool:
    """A context by FHIRPath: whether the resource has such an element; which one it is is not told by JSON."""
    try:
        return bool(compile_path(expression)([scope.resource], scope.env(scope.resource)))
    except UnknownPath:
        return True
