"""The slow way: walk a resource beside its definitions and list everything that is wrong, each with its place."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, TypeAlias

from kakehashi.core.errors import Problem
from kakehashi.fhir import primitives
from kakehashi.fhir.definitions import Constraint
from kakehashi.fhir.invariants import checked
from kakehashi.fhir.paths.evaluate import truth
from kakehashi.fhir.paths.nodes import Env, Node
from kakehashi.fhir.shapes import RESOURCE, Member, Shape, shape
from kakehashi.fhir.types import NUMBER
from kakehashi.fhir.validation import bundles, codes, narrative, references, says
from kakehashi.fhir.validation.accept import accepts
from kakehashi.fhir.validation.contained import Link, contained_problems

Object: TypeAlias = dict[str, Any]

MOST = 200  # problems told of one body
LARGEST = 50_000  # objects looked at, about a second's work
_LINKING = frozenset(
    {"uri", "url", "canonical"}
)  # primitives that may point at a contained resource, as dom-3 has it


class _Enough(Exception):
    """Ends the walk: a body of fifty megabytes may hold a million problems, and nobody reads a million."""


@dataclass(slots=True)
class _Walk:
    """What one walk has found, and how far it has gone."""

    warnings: bool
    problems: list[Problem] = field(default_factory=list)
    objects: int = 0

    def say(self, problem: Problem) -> None:
        if len(self.problems) == MOST:
            self.problems.append(says.too_many(problem.place, MOST))
            raise _Enough
        self.problems.append(problem)

    def enter(self, place: str) -> None:
        self.objects += 1
        if self.objects > LARGEST:
            self.problems.append(says.too_large(place, LARGEST))
            raise _Enough


@dataclass(slots=True)
class _Whole:
    """One resource that stands for itself, and the references within it met on the way."""

    root: Node
    walk: _Walk
    links: list[Link] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _At:
    """Where the walk is."""

    whole: _Whole
    resource: Node  # the resource, maybe contained, that holds the element
    inside: int | None = None  # which contained resource

    def env(self, node: Node) -> Env:
        return Env(self.resource, self.whole.root, node)

    def say(self, problem: Problem) -> bool:
        """Note a problem; returns False, "not sound"."""
        self.whole.walk.say(problem)
        return False


def explained(tree: Object, *, warnings: bool = True) -> list[Problem]:
    """Return the problems of a resource: the first MOST, found among its first LARGEST objects.

    Without warnings, the entries of a Bundle that the quick way accepts are passed over.
    """
    walk = _Walk(warnings)
    with suppress(_Enough):
        _whole(tree, str(tree["resourceType"]), walk)
    return walk.problems


def _whole(tree: Object, place: str, walk: _Walk) -> bool:
    node = Node(tree, str(tree["resourceType"]))
    whole = _Whole(node, walk)
    at = _At(whole, node)
    sound = _object(tree, shape(node.type), place, at)
    for problem in contained_problems(tree, place, whole.links):
        at.say(problem)
    return sound


def _object(value: Object, known: Shape, place: str, at: _At) -> bool:
    """Walk one object; says whether it is sound enough for its invariants to make sense."""
    at.whole.walk.enter(place)
    if not known.resource and not value.keys() - {"id"}:
        return at.say(says.empty(place))
    sound = True
    for key in value:
        plain = key.removeprefix("_")
        member = known.members.get(plain)
        if member is None or (key != plain and not member.primitive):
            if not (known.resource and key == "resourceType"):
                sound = at.say(says.unknown(place, key, known))
        elif key == plain or plain not in value:
            sound = _member(value, member, f"{place}.{plain}", at) and sound
    sound = _present(value, known, place, at) and sound
    if sound:
        _invariants(Node(value, known.name), known.constraints, place, at)
        if known.name == "Bundle.entry" and not bundles.full_url_agrees(value):
            at.say(says.full_url(f"{place}.fullUrl"))
    return sound


def _present(value: Object, known: Shape, place: str, at: _At) -> bool:
    sound = True
    for element in known.elements:
        names = [member.name for member in known.named(element)] if element.max != 0 else []
        given = [name for name in names if name in value or "_" + name in value]
        if len(given) > 1:
            sound = at.say(says.several(place, given))
        elif element.min and not given:
            sound = at.say(says.missing(place, names))
    return sound


def _invariants(node: Node, constraints: tuple[Constraint, ...], place: str, at: _At) -> None:
    env = at.env(node)
    for constraint, path in checked(constraints):
        if (at.whole.walk.warnings or constraint.severity == "error") and truth(
            path([node], env)
        ) is not True:
            at.say(says.invariant(place, constraint))


def _member(owner: Object, member: Member, place: str, at: _At) -> bool:
    if member.primitive:
        return _primitives(owner, member, place, at)
    value = owner[member.name]
    if member.element.array:
        if type(value) is not list:
            return at.say(says.empty(place) if value is None else says.array_wanted(place))
        if not value:
            return at.say(says.empty(place))
        return _every(_complex(one, member, f"{place}[{i}]", i, at) for i, one in enumerate(value))
    return _complex(value, member, place, None, at)


def _complex(value: object, member: Member, place: str, number: int | None, at: _At) -> bool:
    if value is None or value == []:
        return at.say(says.empty(place))
    if isinstance(value, list):
        return at.say(says.single_wanted(place))
    if not isinstance(value, dict):
        return at.say(says.object_wanted(place, member))
    if member.shape == RESOURCE:
        return _nested(value, member, place, number, at)
    if not _object(value, shape(member.shape), place, at):
        return False
    if codes.bound(member) and not codes.concept_holds(member.element.binding, value):
        at.say(_code(place, value, member))
    if member.shape == "Reference":
        _reference(value, member, place, at)
    if member.shape != member.element.path:
        _invariants(Node(value, member.shape), member.element.constraints, place, at)
    return True


def _nested(value: Object, member: Member, place: str, number: int | None, at: _At) -> bool:
    name = value.get("resourceType")
    if not isinstance(name, str) or name not in NUMBER:
        return at.say(says.resource_type(place))
    if member.name != "contained":
        if not at.whole.walk.warnings and accepts(value, primitives.LONGEST + 1):
            return True
        return _whole(value, place, at.whole.walk)
    return _object(value, shape(name), place, _At(at.whole, Node(value, name), number))


def _reference(value: Object, member: Member, place: str, at: _At) -> None:
    targets = member.type.targets
    if "type" in value and not references.states_well(value["type"], targets):
        at.say(says.reference_target(f"{place}.type", value["type"], targets))
    text = value.get("reference")
    if text is None:
        return
    at_text = f"{place}.reference"
    if not references.syntax(text):
        at.say(says.reference_form(at_text))
    elif text.startswith("#"):
        at.whole.links.append(Link(text[1:], targets, at_text, at.inside))
    elif not references.points_well(text, targets):
        at.say(says.reference_target(at_text, references.target_type(text), targets))


def _primitives(owner: Object, member: Member, place: str, at: _At) -> bool:
    value, shadow = owner.get(member.name), owner.get("_" + member.name)
    if member.element.array:
        return _listed(owner, member, place, at)
    if member.name in owner and value is None:
        return at.say(says.empty(place))
    if "_" + member.name in owner and shadow is None:
        return at.say(says.empty(f"{place}.extension"))
    return _primitive(value, shadow, member, place, at)


def _listed(owner: Object, member: Member, place: str, at: _At) -> bool:
    """A primitive that repeats: its values, and beside them their extensions, padded with null where there is none."""
    given: dict[str, list[Any]] = {
        name: owner[name] for name in (member.name, "_" + member.name) if name in owner
    }
    for one in given.values():
        if type(one) is not list:
            return at.say(says.empty(place) if one is None else says.array_wanted(place))
        if not one:
            return at.say(says.empty(place))
    pairs = enumerate(zip_longest(given.get(member.name, ()), given.get("_" + member.name, ())))
    return _every(_primitive(one, beside, member, f"{place}[{i}]", at) for i, (one, beside) in pairs)


def _every(answers: Iterable[bool]) -> bool:
    """Ask all, also after the first False: each answer notes its own problems."""
    return False not in list(answers)


def _primitive(value: object, shadow: object, member: Member, place: str, at: _At) -> bool:
    sound = True
    if shadow is not None:
        sound = _shadow(shadow, place, at)
    if value is None:
        return at.say(says.empty(place)) if shadow is None else sound
    if value in ("", [], {}):
        return at.say(says.empty(place))
    if isinstance(value, list):
        return at.say(says.single_wanted(place))
    if wanted := primitives.wrong(member.shape, value):
        return at.say(says.primitive(place, member.shape, wanted))
    return _primitive_rules(value, member, place, at) and sound


def _primitive_rules(value: object, member: Member, place: str, at: _At) -> bool:
    if codes.bound(member) and not codes.code_check(member.element.binding)(value):
        at.say(_code(place, value, member))
    if member.shape == "xhtml":
        if wrong := narrative.wrong(str(value)):
            at.say(says.narrative(place, wrong))
        return True
    if member.shape in _LINKING and isinstance(value, str) and value.startswith("#"):
        at.whole.links.append(Link(value[1:], None, place, at.inside))
    _invariants(Node(value, member.shape), member.element.constraints, place, at)
    return True


def _shadow(shadow: object, place: str, at: _At) -> bool:
    if not isinstance(shadow, dict):
        return at.say(says.empty(f"{place}.extension"))
    return _object(shadow, shape("Element"), place, at)


def _code(place: str, value: object, member: Member) -> Problem:
    url = member.element.binding
    if isinstance(value, dict):
        coding = next(iter(value.get("coding", ())), value)
        value = "|".join(str(coding[name]) for name in ("system", "code") if name in coding)
    return says.code(place, value, url, codes.some(url))
