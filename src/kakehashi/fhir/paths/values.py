"""Comparing what FHIRPath compares: texts, numbers, partial dates, quantities, whole elements."""

import re
from datetime import datetime
from typing import Any

from kakehashi.fhir.paths.nodes import Node

_TIME_TYPES = frozenset({"date", "dateTime", "instant", "time"})
_PARTS = re.compile(
    r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:T(\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?)?(Z|[+-]\d\d:\d\d)?", re.ASCII
)


def key(node: Node) -> object:
    """Return a hashable that is the same for equal nodes (ids and extensions of primitives do not count)."""
    return _frozen(node.value)


def equal(left: Node, right: Node) -> bool | None:
    """Say whether two nodes are equal; None where dates are known too roughly to tell."""
    if {left.type, right.type} & _TIME_TYPES and isinstance(left.value, str) and isinstance(right.value, str):
        order = _time_order(left.value, right.value)
        return None if order is None else order == 0
    if isinstance(left.value, bool) is not isinstance(right.value, bool):
        return False
    return bool(key(left) == key(right))


def order(left: Node, right: Node) -> int | None:
    """Return -1, 0 or 1 as left is less than, equal to or greater than right; None where that cannot be told."""
    a, b = left.value, right.value
    if isinstance(a, dict) and isinstance(b, dict):
        return _quantity_order(a, b)
    if isinstance(a, str) and isinstance(b, str):
        timed = left.type in _TIME_TYPES or right.type in _TIME_TYPES
        return _time_order(a, b) if timed else (a > b) - (a < b)
    if isinstance(a, int | float) and isinstance(b, int | float):
        return (a > b) - (a < b)
    return None


def _frozen(value: Any) -> object:
    if isinstance(value, dict):
        return frozenset((name, _frozen(item)) for name, item in value.items())
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    return value


def _quantity_order(a: dict[str, Any], b: dict[str, Any]) -> int | None:
    """Quantities compare only in the same unit: converting units is a terminology's work."""
    if any(
        a.get(name) != b.get(name)
        for name in (("system", "code") if "code" in a and "code" in b else ("unit",))
    ):
        return None
    low, high = a.get("value"), b.get("value")
    return (low > high) - (low < high) if low is not None and high is not None else None


def _time_order(a: str, b: str) -> int | None:
    """Compare dates and times part by part; a part that only one has leaves the order open."""
    if "T" not in a and "T" not in b and ":" in a and ":" in b:
        return (a > b) - (a < b)
    if "T" in a and "T" in b and (exact := _instants(a, b)):
        return (exact[0] > exact[1]) - (exact[0] < exact[1])
    left, right = _PARTS.fullmatch(a), _PARTS.fullmatch(b)
    if not left or not right:
        return None
    for one, other in zip(left.groups()[:6], right.groups()[:6], strict=True):
        if one is None or other is None:
            return 0 if one is other else None
        if float(one) != float(other):
            return 1 if float(one) > float(other) else -1
    return 0


def _instants(a: str, b: str) -> tuple[datetime, datetime] | None:
    """Both as moments; None where one lacks its offset or is a leap second (23:59:60)."""
    try:
        left, right = datetime.fromisoformat(a), datetime.fromisoformat(b)
    except ValueError:
        return None
    return (left, right) if left.tzinfo and right.tzinfo else None
