"""What type a FHIRPath gives, as far as that can be told from R4's definitions without looking at data.

None is "cannot be told" (choices without `ofType`, contained resources). Elements that R4 does not have are gathered:
such a path is not wrong, but it finds nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kakehashi.fhir import definitions, primitives
from kakehashi.fhir.paths.syntax import (
    Binary,
    Call,
    Empty,
    Expression,
    Index,
    Literal,
    Negative,
    Step,
    Variable,
)
from kakehashi.fhir.shapes import RESOURCE, shape

Type = str | None

_LITERALS = {bool: "boolean", int: "integer", float: "decimal", str: "string"}
_SAME = frozenset(
    "where first last tail skip take distinct intersect exclude lowBoundary highBoundary".split()
)
_FIXED = {
    **dict.fromkeys(
        "exists empty not all hasValue isDistinct startsWith endsWith contains matches subsetOf is".split(),
        "boolean",
    ),
    **dict.fromkeys("count length indexOf toInteger".split(), "integer"),
    **dict.fromkeys(
        "toString substring replace replaceMatches lower upper join getResourceKey getReferenceKey".split(),
        "string",
    ),
    "extension": "Extension",
}
_TRUTHS = frozenset("and or xor implies = != < <= > >= in contains is".split())
_NUMBERS = frozenset({"integer", "decimal", "positiveInt", "unsignedInt"})


@dataclass(slots=True)
class Typing:
    """The types of a view's expressions: its resource, its constants' types, and the elements that R4 lacks."""

    resource: str
    constants: Mapping[str, str]
    missing: list[str] = field(default_factory=list)

    def of(self, expression: Expression, focus: Type) -> Type:
        """Return the type that an expression gives on a focus."""
        match expression:
            case Literal(value):
                return _LITERALS[type(value)]
            case Empty():
                return None
            case Variable(name):
                return self._variable(name, focus)
            case Step(None, name) if name[:1].isupper():
                return named(name)
            case Step(base, name):
                return self._member(focus if base is None else self.of(base, focus), name)
            case Index(base, number):
                self.of(number, focus)
                return self.of(base, focus)
            case Negative(operand):
                return self.of(operand, focus)
            case Binary(sign, left, right):
                return self._binary(sign, left, right, focus)
            case Call(base, name, arguments):
                return self._call(name, focus if base is None else self.of(base, focus), arguments)

    def _variable(self, name: str, focus: Type) -> Type:
        if name == "this":
            return focus
        if name == "rowIndex":
            return "integer"
        if name in ("resource", "rootResource", "context"):
            return self.resource
        return self.constants.get(name, "string")

    def _member(self, owner: Type, name: str) -> Type:
        if owner is None or owner == RESOURCE:
            return None
        if owner in primitives.NAMES:
            owner = "Element"
        known = shape(owner)
        if member := known.members.get(name):
            return None if member.shape == RESOURCE else member.shape
        if name not in known.choices and name != "resourceType":
            self.missing.append(f"{owner}.{name}")
        return None

    def _call(self, name: str, base: Type, arguments: tuple[Expression, ...]) -> Type:
        if name in ("ofType", "as", "is", "getReferenceKey"):
            kind = named(arguments[0].name) if arguments and isinstance(arguments[0], Step) else None
            return kind if name in ("ofType", "as") else _FIXED[name]
        found = [self.of(one, base) for one in arguments]
        if name in _SAME:
            return base
        if name in _FIXED:
            return _FIXED[name]
        if name in ("select", "repeat"):
            return found[0] if found else None
        if name in ("combine", "union"):
            return _common(base, *found)
        return _common(*found[1:]) if name == "iif" and len(found) > 2 else None

    def _binary(self, sign: str, left: Expression, right: Expression, focus: Type) -> Type:
        first = self.of(left, focus)
        if sign in ("is", "as"):
            wanted = named(str(right.value)) if isinstance(right, Literal) else None
            return "boolean" if sign == "is" else wanted
        second = self.of(right, focus)
        if sign in _TRUTHS:
            return "boolean"
        if sign == "|":
            return _common(first, second)
        return _reckoned(sign, first, second)


def named(name: str) -> Type:
    """Return R4's type of a name: `Quantity`, `string`, also `String` of FHIRPath; None where R4 has none."""
    lower = name[:1].lower() + name[1:]
    if name in primitives.NAMES or lower in primitives.NAMES:
        return name if name in primitives.NAMES else lower
    return name if name in definitions.load().structures else None


def _common(*types: Type) -> Type:
    return types[0] if len(set(types)) == 1 else None


def _reckoned(sign: str, first: Type, second: Type) -> Type:
    if sign == "&":
        return "string"
    if first not in _NUMBERS or second not in _NUMBERS:
        return first if sign == "+" and first == second else None
    if sign == "/" or (sign != "div" and "decimal" in (first, second)):
        return "decimal"
    return "integer"
