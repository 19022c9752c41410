"""`lowBoundary()` and `highBoundary()`: the least and the greatest value that a value of some precision can mean.

A time without an offset can be anywhere on earth: +14:00 at the earliest, -12:00 at the latest. A Period has the
boundaries of its ends. Source: FHIRPath 3.0.0 (draft), "Utility functions"; https://hl7.org/fhir/R4/fhirpath.html.
"""

import calendar
import re
from decimal import Decimal

from kakehashi.fhir.paths.nodes import Node, Nodes
from kakehashi.fhir.paths.numbers import Written

_FIRST_ZONE, _LAST_ZONE = "+14:00", "-12:00"
_MOMENT = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII
)
_TIME = re.compile(r"(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?", re.ASCII)
_MILLISECONDS = 3  # digits


def boundary(nodes: Nodes, *, low: bool) -> Nodes:
    """Return the boundary of a single value; empty for what has none."""
    if len(nodes) != 1:
        return []
    node = nodes[0]
    value = node.value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return [Node(_number(str(value), low), "decimal")]
    if isinstance(value, dict):
        return _of_period(node, low)
    if not isinstance(value, str):
        return []
    found = _of_text(value, node.type, low)
    return [Node(found, node.type)] if found else []


def _of_period(node: Node, low: bool) -> Nodes:
    end = node.value.get("start" if low else "end") if node.type == "Period" else None
    return boundary([Node(end, "dateTime")], low=low) if end else []


def _number(text: str, low: bool) -> Written:
    value = Decimal(text)
    exponent = value.as_tuple().exponent
    half = Decimal(5).scaleb(int(exponent) - 1)
    return Written(f"{value - half if low else value + half:f}")


def _of_text(value: str, kind: str, low: bool) -> str:
    if kind == "time":
        found = _TIME.fullmatch(value)
        return _clock(*found.groups(), low=low) if found else ""
    found = _MOMENT.fullmatch(value)
    if not found or kind not in ("date", "dateTime", "instant"):
        return ""
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    whole = _day(year, month, day, low)
    if kind == "date" or not whole:
        return whole
    offset = zone or (_FIRST_ZONE if low else _LAST_ZONE)
    return f"{whole}T{_clock(hour, minute, second, fraction, low=low)}{offset}"


def _day(year: str, month: str | None, day: str | None, low: bool) -> str:
    month = month or ("01" if low else "12")
    if not day:
        if not 1 <= int(month) <= 12 or int(year) == 0:
            return ""
        day = "01" if low else f"{calendar.monthrange(int(year), int(month))[1]:02}"
    return f"{year}-{month}-{day}"


def _clock(
    hour: str | None, minute: str | None, second: str | None, fraction: str | None, *, low: bool
) -> str:
    full = (fraction or "").ljust(_MILLISECONDS, "0" if low else "9")
    if low:
        return f"{hour or '00'}:{minute or '00'}:{second or '00'}.{full}"
    return f"{hour or '23'}:{minute or '59'}:{second or '59'}.{full}"
