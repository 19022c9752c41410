"""Numbers as FHIRPath reckons with them: exactly, and with decimals that remember how they were written.

What has no answer is empty: a division by 0, a whole number beyond 32 bits, operands that are no numbers.
Source: FHIRPath N1, "Math".
"""

from collections.abc import Callable
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext

from kakehashi.fhir.paths.costs import bounded
from kakehashi.fhir.paths.nodes import Node, Nodes
from kakehashi.fhir.primitives import LARGEST

_DIGITS = 28  # of a result; FHIRPath asks for 18 at least
EXACT = Context(prec=_DIGITS)


class Written(float):
    """A decimal that keeps the text it was written in: `1.50` compares as 1.5 and is shown as 1.50."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> "Written":
        """Return the number that a JSON number or a Decimal's text writes."""
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


def text_of(value: object) -> str:
    """Return a value as FHIR writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def sum_of(left: Nodes, right: Nodes) -> Nodes:
    """`+`: the sum of two numbers, or two texts one after the other."""
    if not left or not right:
        return []
    a, b = left[0].value, right[0].value
    if isinstance(a, str) and isinstance(b, str):
        return [Node(bounded(a + b), left[0].type)]
    return _reckoned(left, right, lambda x, y: x + y)


def difference(left: Nodes, right: Nodes) -> Nodes:
    """`-`."""
    return _reckoned(left, right, lambda x, y: x - y)


def product(left: Nodes, right: Nodes) -> Nodes:
    """`*`."""
    return _reckoned(left, right, lambda x, y: x * y)


def quotient(left: Nodes, right: Nodes) -> Nodes:
    """`/`: always a decimal."""
    return _reckoned(left, right, lambda x, y: x / y, whole=False)


def whole_quotient(left: Nodes, right: Nodes) -> Nodes:
    """`div`: what is left of the quotient without its fraction."""
    return _reckoned(left, right, lambda x, y: (x / y).to_integral_value("ROUND_DOWN"), whole=True)


def remainder(left: Nodes, right: Nodes) -> Nodes:
    """`mod`."""
    return _reckoned(left, right, lambda x, y: x % y)


def negative(nodes: Nodes) -> Nodes:
    """`-` before an operand."""
    return _reckoned([Node(0, "integer")], nodes, lambda x, y: x - y)


def _reckoned(
    left: Nodes, right: Nodes, work: Callable[[Decimal, Decimal], Decimal], whole: bool | None = None
) -> Nodes:
    """`whole`: whether the result is a whole number; None: when both operands are."""
    if not left or not right:
        return []
    a, b = left[0].value, right[0].value
    if not is_number(a) or not is_number(b):
        return []
    with localcontext(EXACT):
        try:
            result = work(Decimal(str(a)), Decimal(str(b)))
        except (DivisionByZero, InvalidOperation, Overflow):
            return []
    if whole if whole is not None else type(a) is int and type(b) is int:
        return [Node(int(result), "integer")] if abs(result) <= LARGEST else []
    return [Node(Written(f"{result:f}"), "decimal")]


def is_number(value: object) -> bool:
    """Say whether a value is a number; a truth value is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)
