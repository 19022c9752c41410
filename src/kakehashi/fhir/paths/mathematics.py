"""`abs()` to `truncate()`: functions of one number. What has no answer is empty. Source: FHIRPath N1, "Math"."""

import math
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation, Overflow, localcontext
from typing import TypeAlias

from kakehashi.fhir.paths.nodes import Env, Node, Nodes
from kakehashi.fhir.paths.numbers import EXACT, Written, is_number
from kakehashi.fhir.primitives import LARGEST

Plain: TypeAlias = Callable[[Nodes, Env, Sequence[Nodes]], Nodes]
_MOST_DIGITS = 28  # that round() keeps


def _whole(rounding: str) -> Plain:
    def run(nodes: Nodes, _env: Env, _arguments: Sequence[Nodes]) -> Nodes:
        value = _number(nodes)
        found = None if value is None else value.to_integral_value(rounding)
        return [] if found is None or abs(found) > LARGEST else [Node(int(found), "integer")]

    return run


def _absolute(nodes: Nodes, _env: Env, _arguments: Sequence[Nodes]) -> Nodes:
    value = _number(nodes)
    if value is None:
        return []
    if type(nodes[0].value) is int:
        return [Node(abs(nodes[0].value), "integer")]
    return _as_decimal(abs(value))


def _round(nodes: Nodes, _env: Env, arguments: Sequence[Nodes]) -> Nodes:
    value, digits = _number(nodes), arguments[0][0].value if arguments and arguments[0] else 0
    if value is None or type(digits) is not int or not 0 <= digits <= _MOST_DIGITS:
        return []
    return _reckoned(lambda: value.quantize(Decimal(1).scaleb(-digits), "ROUND_HALF_UP"))


def _of_one(work: Callable[[float], float]) -> Plain:
    def run(nodes: Nodes, _env: Env, _arguments: Sequence[Nodes]) -> Nodes:
        value = _number(nodes)
        return [] if value is None else _floating(lambda: work(float(value)))

    return run


def _log(nodes: Nodes, _env: Env, arguments: Sequence[Nodes]) -> Nodes:
    value, base = _number(nodes), _number(arguments[0])
    return [] if value is None or base is None else _floating(lambda: math.log(float(value), float(base)))


def _power(nodes: Nodes, _env: Env, arguments: Sequence[Nodes]) -> Nodes:
    value, exponent = _number(nodes), _number(arguments[0])
    if value is None or exponent is None:
        return []
    if type(nodes[0].value) is int and type(arguments[0][0].value) is int and exponent >= 0:
        with localcontext(EXACT):
            try:
                whole = value**exponent
            except (InvalidOperation, Overflow):
                return []
        return [Node(int(whole), "integer")] if abs(whole) <= LARGEST else []
    return _floating(lambda: math.pow(float(value), float(exponent)))


def _number(nodes: Nodes) -> Decimal | None:
    value = nodes[0].value if len(nodes) == 1 else None
    return Decimal(str(value)) if is_number(value) else None


def _floating(work: Callable[[], float]) -> Nodes:
    try:
        found = work()
    except (ValueError, ArithmeticError):
        return []
    return _as_decimal(Decimal(repr(found))) if math.isfinite(found) else []


def _reckoned(work: Callable[[], Decimal]) -> Nodes:
    with localcontext(EXACT):
        try:
            return _as_decimal(work())
        except (InvalidOperation, Overflow):
            return []


def _as_decimal(value: Decimal) -> Nodes:
    return [Node(Written(f"{value:f}"), "decimal")]


MATHEMATICS: dict[str, tuple[tuple[int, ...], Plain]] = {
    "abs": ((0,), _absolute),
    "ceiling": ((0,), _whole("ROUND_CEILING")),
    "floor": ((0,), _whole("ROUND_FLOOR")),
    "truncate": ((0,), _whole("ROUND_DOWN")),
    "round": ((0, 1), _round),
    "exp": ((0,), _of_one(math.exp)),
    "ln": ((0,), _of_one(math.log)),
    "sqrt": ((0,), _of_one(math.sqrt)),
    "log": ((1,), _log),
    "power": ((1,), _power),
}
