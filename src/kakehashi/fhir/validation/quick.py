"""Invariants made quick: the truth of an expression straight from a JSON object, without nodes where that is possible.

`quick(text, shape)` answers True, False or None (empty), as FHIRPath does on an object whose structure is sound.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from kakehashi.fhir.paths.evaluate import both, compiled, differ, either, implies, truth
from kakehashi.fhir.paths.nodes import Env, Node
from kakehashi.fhir.paths.syntax import Binary, Call, Expression, Literal, Step, parse_path
from kakehashi.fhir.shapes import Shape

Object: TypeAlias = dict[str, Any]
Quick: TypeAlias = Callable[[Object], bool | None]

_NEEDS_ROOT = ("%resource", "%rootResource", "resolve(")  # what a function of one object cannot know
_TIMES = frozenset({"date", "dateTime", "instant", "time"})
_LOGIC = {"and": both, "or": either, "implies": implies, "xor": differ}


def quick(text: str, shape: Shape) -> Quick:
    """Return the function of an invariant on objects of a shape. Where it cannot tell, it answers None."""
    return _truth(parse_path(text), shape, text)


def _truth(expression: Expression, shape: Shape, text: str) -> Quick:
    return _simple(expression, shape, text) or _general(expression, shape, text)


def _general(expression: Expression, shape: Shape, text: str) -> Quick:
    if not shape.resource and any(mark in text for mark in _NEEDS_ROOT):
        return lambda _value: None
    path = compiled(expression, text)

    def run(value: Object) -> bool | None:
        node = Node(value, shape.name)
        return truth(path([node], Env(node, node, node)))

    return run


def _simple(expression: Expression, shape: Shape, text: str) -> Quick | None:
    match expression:
        case Call(Step(None, name), ("exists" | "empty" | "hasValue") as function, ()):
            return _presence(name, function, shape)
        case Call(base, "not", ()) if base is not None and (inner := _simple(base, shape, text)):
            return _negated(inner)
        case Binary(("and" | "or" | "implies" | "xor") as sign, left, right):
            return _joined(_LOGIC[sign], _truth(left, shape, text), _truth(right, shape, text))
        case Binary(("=" | "!=") as sign, left, right):
            return _compared(sign, left, right, shape, text)
        case Binary("in", Step(None, name), right) if (values := _texts(right)) and _is_code(name, shape):
            return lambda value: value[name] in values if name in value else None
    return None


def _presence(name: str, function: str, shape: Shape) -> Quick | None:
    keys = _keys(name, shape, shadows=function != "hasValue")
    if not keys:
        return None
    wanted = function != "empty"
    if len(keys) == 1:
        (key,) = keys
        return (lambda value: key in value) if wanted else (lambda value: key not in value)
    return lambda value: keys.isdisjoint(value) is not wanted


def _keys(name: str, shape: Shape, *, shadows: bool) -> frozenset[str]:
    members = (shape.members[name],) if name in shape.members else shape.choices.get(name, ())
    if not shadows and (len(members) != 1 or not members[0].primitive or members[0].element.array):
        return frozenset()
    shadowed = {"_" + member.name for member in members if member.primitive and shadows}
    return frozenset({member.name for member in members} | shadowed)


def _negated(inner: Quick) -> Quick:
    def run(value: Object) -> bool | None:
        answer = inner(value)
        return None if answer is None else not answer

    return run


def _joined(
    logic: Callable[[bool | None, Callable[[], bool | None]], bool | None], left: Quick, right: Quick
) -> Quick:
    return lambda value: logic(left(value), lambda: right(value))


def _compared(sign: str, left: Expression, right: Expression, shape: Shape, text: str) -> Quick | None:
    wanted = sign == "="
    match left, right:
        case Step(None, name), Literal(str() as literal) if _is_code(name, shape):
            return lambda value: (value[name] == literal) is wanted if name in value else None
    if not isinstance(left, Call) or not isinstance(right, Call):
        return None
    one, other = _simple(left, shape, text), _simple(right, shape, text)
    if one is None or other is None:
        return None
    return lambda value: (one(value) is other(value)) is wanted


def _is_code(name: str, shape: Shape) -> bool:
    member = shape.members.get(name)
    return bool(member and member.primitive and not member.element.array and member.shape not in _TIMES)


def _texts(expression: Expression) -> frozenset[str]:
    """The texts of `'a' | 'b'`; empty for anything else."""
    match expression:
        case Literal(str() as text):
            return frozenset({text})
        case Binary("|", left, right) if (a := _texts(left)) and (b := _texts(right)):
            return a | b
    return frozenset()
