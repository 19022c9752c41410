"""`~`: whether two collections mean the same, in any order; texts without case and with blanks as one, decimals to the
digits of the less precise. Source: FHIRPath N1, "Equivalence".
"""

from decimal import Decimal
from typing import Any

from kakehashi.fhir.paths.nodes import Node, Nodes
from kakehashi.fhir.paths.numbers import is_number
from kakehashi.fhir.paths.values import equal


def alike(left: Nodes, right: Nodes) -> bool:
    """Say whether two collections are equivalent; two empty ones are."""
    if len(left) != len(right):
        return False
    rest = list(right)
    for one in left:
        found = next((number for number, other in enumerate(rest) if _alike(one, other)), None)
        if found is None:
            return False
        del rest[found]
    return True


def _alike(one: Node, other: Node) -> bool:
    a, b = one.value, other.value
    if is_number(a) and is_number(b):
        return _same_number(a, b)
    if isinstance(a, str) and isinstance(b, str):
        return " ".join(a.lower().split()) == " ".join(b.lower().split()) or equal(one, other) is True
    return equal(one, other) is True


def _same_number(a: Any, b: Any) -> bool:
    one, other = Decimal(str(a)), Decimal(str(b))
    digits = min(_digits(one), _digits(other))
    return round(one, digits) == round(other, digits)


def _digits(number: Decimal) -> int:
    """The digits after the point, without zeroes that say nothing."""
    exponent = number.normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0
