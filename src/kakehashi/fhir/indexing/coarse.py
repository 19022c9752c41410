"""Units of time, so that an index of tokens can narrow a search for a range.

A value that lies within one day leaves the marks of its day and its month; a longer one the mark "longer" of each
month and year that it touches, if they are few; else, or where a parameter has several values, it leaves the mark
"wide". A search for [low, high) looks for the marks of the days and months that cover it, and for "wide"; the exact
comparison follows on `ranges`. Numbers leave no marks: half of all values are above any bound.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from kakehashi.core.hashing import hash64
from kakehashi.fhir.indexing.dates import DAY, JST, civil, midnight

Interval = tuple[float, float]

MARKS: Final = 400  # marks one search may ask for; beyond it the index would help little
_LAST_YEAR: Final = 2032  # later times share the mark "wide"; may be moved on without indexing anything again
_END: Final = midnight(_LAST_YEAR + 1, 1)
_TOUCHED: Final = 3  # months whose mark one value may leave
WIDE: Final = hash64("wide")


def times(values: Sequence[Interval]) -> list[int]:
    """Return the marks of a date parameter's values."""
    if len(values) == 1:
        return list(time_marks(*values[0]))
    return [*{mark for low, high in values for mark in time_marks(low, high)} | {WIDE}]


@lru_cache(maxsize=16_384)
def time_marks(low: float, high: float) -> tuple[int, ...]:
    """Return the marks of one interval."""
    if low == -math.inf or high > _END:
        return (WIDE,)
    first, last = int((low + JST) // DAY), int((high - 0.0005 + JST) // DAY)
    month = _month(first)
    if first == last:
        return _day_mark(first), _month_mark(month)
    final = _month(last)
    if final - month >= _TOUCHED:
        return (WIDE,)
    years = {month // 12, final // 12}
    return (*(_longer_month(one) for one in range(month, final + 1)), *map(_longer_year, years))


def _month(day: int) -> int:
    """Number the months."""
    year, month = civil(day)
    return year * 12 + month - 1


@lru_cache(maxsize=16_384)
def _day_mark(day: int) -> int:
    return hash64(f"day {day}")


@lru_cache(maxsize=4096)
def _month_mark(month: int) -> int:
    return hash64(f"month {month}")


@lru_cache(maxsize=4096)
def _longer_month(month: int) -> int:
    return hash64(f"longer {month}")


@lru_cache(maxsize=512)
def _longer_year(year: int) -> int:
    return hash64(f"longer year {year}")


def cover_times(low: float, high: float) -> list[int] | None:
    """Return marks one of which every value that meets [low, high) has; None where they would be too many.

    Whole months stand for their days, so that the marks stay few. `high` may be endless.
    """
    if low == -math.inf:
        return None
    first, last = int((low + JST) // DAY), int((min(high, _END) - 0.0005 + JST) // DAY)
    marks = [WIDE]
    for month in range(_month(first), _month(max(first, last)) + 1):
        begin, after = _first_day(month), _first_day(month + 1)
        if first <= begin and after - 1 <= last:
            marks.append(_month_mark(month))
        else:
            marks += [_day_mark(day) for day in range(max(first, begin), min(last + 1, after))]
        if len(marks) > MARKS:
            return None
    return marks + _cover_longer(first, max(first, last))


def _cover_longer(first: int, last: int) -> list[int]:
    """Return the marks of longer values that meet the days: of whole years, and of the months beside them."""
    marks, month, final = list[int](), _month(first), _month(last)
    while month <= final:
        year, of_year = divmod(month, 12)
        if of_year == 0 and month + 11 <= final:
            marks.append(_longer_year(year))
            month += 12
        else:
            marks.append(_longer_month(month))
            month += 1
    return marks


def _first_day(month: int) -> int:
    return int((midnight(month // 12, month % 12 + 1) + JST) // DAY)
