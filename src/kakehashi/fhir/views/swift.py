"""Simple paths made quick: from JSON to JSON, without a node for each step, where the types are known beforehand.

Steps, `ofType`, `extension`, `where` with codes, `first`, an index, keys, `join`, `exists` on what has elements, and
comparing a code with texts: most of what views are written in. Anything else is None here, and run by fhir/paths; a
property test holds the two equal. As in validation/quick.py, what is not sound R4 may raise instead of finding nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from kakehashi.fhir import primitives
from kakehashi.fhir.paths.costs import bounded
from kakehashi.fhir.paths.keys import key_of_reference, key_of_resource
from kakehashi.fhir.paths.syntax import Binary, Call, Expression, Index, Literal, Step
from kakehashi.fhir.shapes import RESOURCE, Member, is_type, shape
from kakehashi.fhir.types import NUMBER
from kakehashi.fhir.views.typing import Type, named

Get: TypeAlias = Callable[[Any], Any]

_TIMES = frozenset({"date", "dateTime", "instant", "time"})  # compared by what they mean, not by their text
_NUMBERS = frozenset({"boolean", "decimal", "integer", "positiveInt", "unsignedInt"})


@dataclass(frozen=True, slots=True)
class Swift:
    """A quick path: `get` gives a value or None, or a sequence of values where it is `many`."""

    get: Get
    type: str
    many: bool = False


def swift(expression: Expression, focus: Type) -> Swift | None:
    """Return the quick path of an expression on objects of a type, None where there is none."""
    if focus is None or focus == RESOURCE or focus in primitives.NAMES:
        return None
    match expression:
        case Literal(str() as text):
            return Swift(lambda _value: text, "string")
        case Step(None, name) if not name[:1].isupper():
            return _member(Swift(_itself, focus), name)
        case Step(base, name) if base is not None and (owner := swift(base, focus)):
            return _member(owner, name)
        case Index(base, Literal(int() as place)) if place >= 0 and (owner := swift(base, focus)):
            return _at(owner, place)
        case Binary(("=" | "in") as sign, left, right) if tested := _test(sign, left, right, focus):
            return Swift(tested, "boolean")
        case Call(base, name, arguments):
            return _call(base, name, arguments, focus)
    return None


def _member(owner: Swift, name: str) -> Swift | None:
    if owner.type in primitives.NAMES or owner.type == RESOURCE:
        return None
    member = shape(owner.type).members.get(name)
    return _taken(owner, member) if member and member.shape != RESOURCE else None


def _taken(owner: Swift, member: Member) -> Swift:
    get, name, array = owner.get, member.name, member.element.array
    if owner.many and array:
        return Swift(
            lambda value: [x for one in get(value) for x in one.get(name, ())], member.shape, many=True
        )
    if owner.many:
        return Swift(lambda value: [one[name] for one in get(value) if name in one], member.shape, many=True)
    if array:
        return Swift(_from(get, name, ()), member.shape, many=True)
    return Swift(_from(get, name, None), member.shape)


def _itself(value: Any) -> Any:
    return value


def _from(get: Get, name: str, absent: object) -> Get:
    if get is _itself:
        return lambda value: value.get(name, absent)

    def run(value: Any) -> Any:
        owner = get(value)
        return absent if owner is None else owner.get(name, absent)

    return run


def _at(owner: Swift, place: int) -> Swift:
    get = owner.get
    if not owner.many:
        return owner if place == 0 else Swift(lambda _value: None, owner.type)

    def run(value: Any) -> Any:
        found = get(value)
        return found[place] if len(found) > place else None

    return Swift(run, owner.type)


def _call(base: Expression | None, name: str, arguments: tuple[Expression, ...], focus: str) -> Swift | None:
    match name, arguments:
        case "ofType", (Step(None, wanted),):
            return _of_type(base, wanted, focus)
        case "getResourceKey", () if base is None and focus in NUMBER:
            return Swift(lambda value: key_of_resource(value) or None, "string")
    owner = Swift(_itself, focus) if base is None else swift(base, focus)
    if owner is None:
        return None
    match name, arguments:
        case "first", ():
            return _at(owner, 0)
        case "where", (condition,):
            return _where(owner, condition)
        case "extension", (Literal(str() as url),):
            return _extension(owner, url)
        case "exists", () if owner.type not in primitives.NAMES:
            get = owner.get
            return Swift(lambda value: bool(get(value)), "boolean")
        case "join", () | (Literal(str()),) if owner.many and owner.type not in _NUMBERS:
            return _joined(owner, _between(arguments))
        case "getReferenceKey", () | (Step(None, _),) if owner.type == "Reference":
            return _reference(
                owner, arguments[0].name if arguments and isinstance(arguments[0], Step) else ""
            )
    return None


def _between(arguments: tuple[Expression, ...]) -> str:
    return str(arguments[0].value) if arguments and isinstance(arguments[0], Literal) else ""


def _of_type(base: Expression | None, wanted: str, focus: str) -> Swift | None:
    """`value.ofType(Quantity)` is the member `valueQuantity`, where only one of the choices is of that type."""
    kind = named(wanted)
    if not isinstance(base, Step) or kind is None:
        return None
    owner = Swift(_itself, focus) if base.base is None else swift(base.base, focus)
    if owner is None or owner.type in primitives.NAMES or owner.type == RESOURCE:
        return None
    choices = shape(owner.type).choices.get(base.name, ())
    fitting = [one for one in choices if is_type(one.shape, kind)]
    return _taken(owner, fitting[0]) if len(fitting) == 1 else None


def _where(owner: Swift, condition: Expression) -> Swift | None:
    if owner.type in primitives.NAMES:
        return None
    test = swift(condition, owner.type)
    if test is None or test.many or test.type != "boolean" or isinstance(condition, Step):
        return None
    get, holds = owner.get, test.get
    if owner.many:
        return Swift(lambda value: [one for one in get(value) if holds(one)], owner.type, many=True)

    def run(value: Any) -> Any:
        found = get(value)
        return found if found is not None and holds(found) else None

    return Swift(run, owner.type)


def _test(sign: str, left: Expression, right: Expression, focus: str) -> Get | None:
    """A code or text against one text, or several: `system = 'x'`, `status in ('a' | 'b')`."""
    known = swift(left, focus)
    wanted = _texts(right)
    if known is None or known.many or known.type in _TIMES | _NUMBERS or known.type not in primitives.NAMES:
        return None
    if not wanted or (sign == "=" and len(wanted) > 1):
        return None
    get = known.get

    def run(value: Any) -> bool | None:
        found = get(value)
        return None if found is None else found in wanted

    return run


def _texts(expression: Expression) -> frozenset[str]:
    match expression:
        case Literal(str() as text):
            return frozenset({text})
        case Binary("|", left, right) if (a := _texts(left)) and (b := _texts(right)):
            return a | b
    return frozenset()


def _extension(owner: Swift, url: str) -> Swift | None:
    if owner.type in primitives.NAMES:
        return None
    extensions = _member(owner, "extension")
    if extensions is None:
        return None
    get = extensions.get
    return Swift(lambda value: [one for one in get(value) if one.get("url") == url], "Extension", many=True)


def _joined(owner: Swift, between: str) -> Swift:
    get = owner.get
    return Swift(lambda value: bounded(between.join(x for x in get(value) if x is not None)), "string")


def _reference(owner: Swift, wanted: str) -> Swift:
    get = owner.get
    if owner.many:
        return Swift(
            lambda value: [key for one in get(value) if (key := key_of_reference(one, wanted))],
            "string",
            many=True,
        )

    def run(value: Any) -> Any:
        found = get(value)
        return None if found is None else key_of_reference(found, wanted) or None

    return Swift(run, "string")
