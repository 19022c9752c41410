"""Units of time and of size, so that an index of tokens can narrow a search for a range.

A value that lies within one unit (a day, a month, a year; a power of two) leaves that unit's mark. One that does
not, and every value of a parameter that has several, leaves the mark "wide" beside it. A search for [low, high)
looks for the marks of the units that cover it, and for "wide"; the exact comparison follows on `ranges`.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from kakehashi.core.hashing import hash64
from kakehashi.fhir.indexing.dates import DAY, JST, civil, midnight

Interval = tuple[float, float]

MARKS: Final = 64  # marks one search may ask for; beyond it the index would help little
_LAST_YEAR: Final = 2060  # later years share its mark
_END: Final = midnight(_LAST_YEAR + 1, 1) - 1  # what is later has the last year's mark
_WIDE_DAY, _WIDE_MONTH, _WIDE_YEAR = hash64("day *"), hash64("month *"), hash64("year *")
_WIDE_TIMES: Final = (_WIDE_DAY, _WIDE_MONTH, _WIDE_YEAR)
_WIDE_SIZE: Final = hash64("size *")


def times(values: Sequence[Interval]) -> list[int]:
    """Return the marks of a date parameter's values."""
    if len(values) == 1:
        return _times(*values[0])
    return [*{mark for low, high in values for mark in _times(low, high)}, *_WIDE_TIMES]


def _times(low: float, high: float) -> list[int]:
    if low == -math.inf or high == math.inf:
        return list(_WIDE_TIMES)
    first, last = int((low + JST) // DAY), int((high - 0.0005 + JST) // DAY)
    day, month, year = _day_marks(first)
    if first == last:
        return [day, month, year]
    _, last_month, last_year = _day_marks(last)
    return [
        _WIDE_DAY,
        month if month == last_month else _WIDE_MONTH,
        year if year == last_year else _WIDE_YEAR,
    ]


@lru_cache(maxsize=20_000)
def _day_marks(day: int) -> tuple[int, int, int]:
    year, month = civil(day)
    return hash64(f"day {day}"), hash64(f"month {year}-{month:02}"), _year(year)


def _year(year: int) -> int:
    return hash64(f"year {min(year, _LAST_YEAR)}")


def cover_times(low: float, high: float) -> list[int] | None:
    """Return marks one of which every value that meets [low, high) has; None where they would be too many.

    Whole years and months stand for their days, so that the marks stay few. `high` may be endless: years from
    `_LAST_YEAR` on share a mark.
    """
    if low == -math.inf:
        return None
    first = int((low + JST) // DAY)
    last = int((min(high, _END) + JST) // DAY)
    marks: list[int] = []
    day = first
    while day <= last and len(marks) < MARKS:
        mark, day = _largest_unit(day, last)
        marks.append(mark)
    if high > _END:
        marks.append(_year(_LAST_YEAR))
    return [*marks, *_WIDE_TIMES] if day > last else None


def _largest_unit(day: int, last: int) -> tuple[int, int]:
    """Return the mark of the largest unit that begins with this day and ends by the last, and the day after it."""
    year, month = civil(day)
    if civil(day - 1)[0] != year and (after := _first_day(year + 1, 1)) - 1 <= last:
        return _year(year), after
    if (
        civil(day - 1) != (year, month)
        and (after := _first_day(year + month // 12, month % 12 + 1)) - 1 <= last
    ):
        return hash64(f"month {year}-{month:02}"), after
    return hash64(f"day {day}"), day + 1


def _first_day(year: int, month: int) -> int:
    return int((midnight(year, month) + JST) // DAY)


def sizes(values: Sequence[Sequence[float | str | None]]) -> list[int]:
    """Return the marks of the values of a number or quantity parameter; the first two of each are the interval."""
    found = {_size(float(v[0] or 0.0), float(v[1] or 0.0)) for v in values}
    return list(found | {_WIDE_SIZE}) if len(values) > 1 else list(found)


def _size(low: float, high: float) -> int:
    if low == -math.inf or high == math.inf:
        return _WIDE_SIZE
    step = _step(low)
    return _size_mark(step) if step == _step(math.nextafter(high, -math.inf)) else _WIDE_SIZE


def _step(number: float) -> int:
    """Number the powers of two in the order of the numbers; 0 is for 0."""
    if number == 0:
        return 0
    exponent = min(max(math.frexp(number)[1] if math.isfinite(number) else 30, -10), 30) + 11
    return exponent if number > 0 else -exponent


@lru_cache(maxsize=128)
def _size_mark(step: int) -> int:
    return hash64(f"size {step}")


def cover_sizes(low: float, high: float) -> list[int] | None:
    """Return the marks one of which every number that meets [low, high) has; None where they would be too many."""
    first, last = _step(low), _step(high)
    if last - first >= MARKS:
        return None
    return [*(_size_mark(step) for step in range(first, last + 1)), _WIDE_SIZE]
