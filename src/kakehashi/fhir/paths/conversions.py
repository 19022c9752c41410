"""Conversions: `toInteger()` and its like give the value in another type, or nothing where it has none.

`convertsTo…()` says whether it has one. Source: FHIRPath N1, "Conversion".
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from kakehashi.fhir.paths.nodes import Env, Node, Nodes
from kakehashi.fhir.paths.numbers import Written, text_of
from kakehashi.fhir.primitives import LARGEST

Plain: TypeAlias = Callable[[Nodes, Env, Sequence[Nodes]], Nodes]

_TRUE = frozenset({"true", "t", "yes", "y", "1", "1.0"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "0.0"})
_WHOLE = re.compile(r"[+-]?\d{1,10}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_CLOCK = r"([01]\d|2[0-3])(:[0-5]\d(:[0-5]\d(\.\d+)?)?)?"
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?", re.ASCII)
_MOMENT = re.compile(rf"{_DATE.pattern}(T({_CLOCK})?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_TIME = re.compile(rf"T?{_CLOCK}", re.ASCII)
_QUANTITY = re.compile(
    r"(?P<value>[+-]?\d+(\.\d+)?)(\s*('(?P<code>[^']+)'|(?P<unit>years?|months?|weeks?|days?|hours?|minutes?|seconds?|"
    r"milliseconds?)))?",
    re.ASCII,
)


def _boolean(value: Any) -> Node | None:
    text = text_of(value).lower()
    return Node(text in _TRUE, "boolean") if text in _TRUE or text in _FALSE else None


def _integer(value: Any) -> Node | None:
    if isinstance(value, bool):
        return Node(int(value), "integer")
    found = _WHOLE.fullmatch(text_of(value)) if isinstance(value, int | str) else None
    return Node(int(found[0]), "integer") if found and abs(int(found[0])) <= LARGEST else None


def _decimal(value: Any) -> Node | None:
    if isinstance(value, bool):
        return Node(Written("1.0" if value else "0.0"), "decimal")
    if isinstance(value, int | float):
        return Node(value if isinstance(value, float) else Written(str(value)), "decimal")
    found = _DECIMAL.fullmatch(value) if isinstance(value, str) else None
    return Node(Written(found[0]), "decimal") if found else None


def _string(value: Any) -> Node | None:
    return None if isinstance(value, dict) else Node(text_of(value), "string")


def _quantity(value: Any) -> Node | None:
    if isinstance(value, bool):
        value = "1.0" if value else "0.0"
    if isinstance(value, dict):
        return Node(value, "Quantity") if "value" in value else None
    found = _QUANTITY.fullmatch(text_of(value))
    if not found:
        return None
    unit = {"code": found["code"] or "1"} if not found["unit"] else {"unit": found["unit"]}
    return Node({"value": Written(found["value"]), **unit}, "Quantity")


def _timed(form: re.Pattern[str], kind: str) -> Callable[[Any], Node | None]:
    def convert(value: Any) -> Node | None:
        text = value if isinstance(value, str) else ""
        text = text.partition("T")[0] if kind == "date" else text
        return Node(text.removeprefix("T"), kind) if form.fullmatch(text) else None

    return convert


_TYPES: dict[str, Callable[[Any], Node | None]] = {
    "Boolean": _boolean,
    "Integer": _integer,
    "Decimal": _decimal,
    "String": _string,
    "Quantity": _quantity,
    "Date": _timed(_DATE, "date"),
    "DateTime": _timed(_MOMENT, "dateTime"),
    "Time": _timed(_TIME, "time"),
}


def _to(convert: Callable[[Any], Node | None]) -> Plain:
    def run(nodes: Nodes, _env: Env, _arguments: Sequence[Nodes]) -> Nodes:
        found = convert(nodes[0].value) if len(nodes) == 1 and nodes[0].value is not None else None
        return [found] if found else []

    return run


def _converts(convert: Callable[[Any], Node | None]) -> Plain:
    def run(nodes: Nodes, _env: Env, _arguments: Sequence[Nodes]) -> Nodes:
        if len(nodes) != 1:
            return []
        return [Node(nodes[0].value is not None and convert(nodes[0].value) is not None, "boolean")]

    return run


CONVERSIONS: dict[str, tuple[tuple[int, ...], Plain]] = {
    **{f"to{name}": ((0,), _to(convert)) for name, convert in _TYPES.items()},
    **{f"convertsTo{name}": ((0,), _converts(convert)) for name, convert in _TYPES.items()},
}
