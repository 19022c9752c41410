"""Search values with a prefix: numbers with the precision they are written in, and dates.

Source: https://hl7.org/fhir/R4/search.html#prefix, #number, #date
"""

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import cast, get_args

from kakehashi.fhir.indexing import dates
from kakehashi.search.plan import Comparison

_PREFIXED = re.compile(f"({'|'.join(get_args(Comparison))})?(.*)", re.ASCII | re.DOTALL)
_NUMBER = re.compile(r"[+-]?(\d{1,40}(\.\d{1,40})?|\.\d{1,40})([eE][+-]?\d{1,2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Measure:
    """A comparison with [low, high)."""

    comparison: Comparison
    low: float
    high: float


def prefixed(text: str) -> tuple[Comparison, str]:
    """Return the prefix (`eq` where there is none) and the rest."""
    match = _PREFIXED.fullmatch(text)
    assert match is not None
    return cast(Comparison, match[1] or "eq"), match[2]


def number(text: str) -> Measure | None:
    """Return a number as it is asked for; None when it cannot be read.

    `eq`, `ne` mean the written precision (5.4 is [5.35, 5.45)), `ap` a tenth more or less; the others compare with
    the number itself.
    """
    comparison, rest = prefixed(text)
    if not _NUMBER.fullmatch(rest):
        return None
    value = Decimal(rest)
    exponent = int(value.as_tuple().exponent)
    if comparison in ("eq", "ne"):
        # HL7's table: 100 is ±0.5, 100.00 is ±0.005, and 1e2 is ±5.
        half = Decimal(5).scaleb(exponent - (1 if exponent <= 0 else 2))
        return Measure(comparison, float(value - half), float(value + half))
    if comparison == "ap":
        tenth = abs(value) / 10
        return Measure(comparison, float(value - tenth), math.nextafter(float(value + tenth), math.inf))
    return Measure(comparison, float(value), math.nextafter(float(value), math.inf))


def date(text: str, *, now: float) -> Measure | None:
    """Return a date as it is asked for; None when it cannot be read. `now`: milliseconds, for `ap`.

    `ap` reaches a tenth of the distance from now to either side.
    """
    comparison, rest = prefixed(text)
    found = dates.interval(rest)
    if found is None:
        return None
    low, high = found
    if comparison == "ap":
        reach = abs(now - low) / 10
        low, high = low - reach, high + reach
    return Measure(comparison, low, high)
