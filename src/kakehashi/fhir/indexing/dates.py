"""FHIR dates to half-open intervals of milliseconds since 1970 UTC.

A partial date (2024, 2024-02, 2024-02-29) covers the whole year, month or day; a time covers its last digit. FHIR
leaves the zone of a partial date to the server: here it is Japan's (UTC+9), as facts_times has it too.
Source: https://hl7.org/fhir/R4/search.html#date
"""

import math
import re
from functools import lru_cache
from typing import Final

Interval = tuple[float, float]  # [low, high)

DAY: Final = 86_400_000.0  # milliseconds
JST: Final = 32_400_000.0  # milliseconds that Japan's clocks are ahead
FOREVER: Final = math.inf

# The time may lack seconds and zone: search values may be written so, resources may not.
_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)
_MONTH_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@lru_cache(maxsize=16_384)
def interval(text: str) -> Interval | None:
    """Return the interval that a date, dateTime or instant covers; None when no calendar has it.

    >>> interval("1970-01-01T00:00:00Z")
    (0.0, 1000.0)
    """
    match = _DATE.fullmatch(text)
    if not match:
        return None
    hour, minute, second, fraction, zone = match.groups()[3:]
    if hour is None:
        return _whole(text)
    found = _whole(text[:10])
    if found is None or hour > "23" or minute > "59" or (second or "") > "60":
        return None
    low = found[0] + JST + int(hour) * 3_600_000 + int(minute) * 60_000 - _ahead(zone)
    if second is None:
        return low, low + 60_000
    low += min(int(second), 59) * 1000  # a leap second counts as the second before it
    if fraction is None:
        return low, low + 1000
    digits = fraction[:6]  # finer than the store's microseconds is cut
    low = round(low + int(digits) * 10 ** (3 - len(digits)), 3)
    return low, round(low + 10 ** (3 - len(digits)), 3)


def _ahead(zone: str | None) -> float:
    """Milliseconds that a zone is ahead of UTC; no zone is Japan's."""
    if zone is None:
        return JST
    if zone == "Z":
        return 0.0
    offset = int(zone[1:3]) * 3_600_000 + int(zone[4:6]) * 60_000
    return float(-offset if zone[0] == "-" else offset)


@lru_cache(maxsize=16_384)
def _whole(text: str) -> Interval | None:
    """The interval of YYYY, YYYY-MM or YYYY-MM-DD in Japan."""
    year, month, day = int(text[:4]), int(text[5:7] or 0), int(text[8:10] or 0)
    if year == 0 or month > 12 or (text[5:7] and month == 0) or (text[8:10] and day == 0):
        return None
    if not month:
        return midnight(year, 1), midnight(year + 1, 1)
    if not day:
        return midnight(year, month), midnight(year + month // 12, month % 12 + 1)
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if day > _MONTH_DAYS[month - 1] + leap:
        return None
    low = midnight(year, month) + (day - 1) * DAY
    return low, low + DAY


def midnight(year: int, month: int) -> float:
    """The first of a month at midnight in Japan. Days are counted as if the year began in March."""
    years = year - 1 if month <= 2 else year
    days = (
        years * 365 + years // 4 - years // 100 + years // 400 + (153 * ((month + 9) % 12) + 2) // 5 - 719_468
    )
    return days * DAY - JST


def civil(day: int) -> tuple[int, int]:
    """Return the (year, month) of a day counted from 1970-01-01."""
    era, rest = divmod(day + 719_468, 146_097)
    years = (rest - rest // 1460 + rest // 36_524 - rest // 146_096) // 365
    month = (5 * (rest - (365 * years + years // 4 - years // 100)) + 2) // 153
    return era * 400 + years + (month >= 10), month + 3 if month < 10 else month - 9
