"""Birth dates as they are typed at a desk: from a card in the Japanese era, or in digits without any sign. Pure.

Source of the eras' first days: 元号を改める政令 (明治 1868-01-25 … 令和 2019-05-01).
"""

import re
import unicodedata
from datetime import date

_ERAS = {
    "M": date(1868, 1, 25),
    "T": date(1912, 7, 30),
    "S": date(1926, 12, 25),
    "H": date(1989, 1, 8),
    "R": date(2019, 5, 1),
}
_LETTERS = {
    "明治": "M",
    "大正": "T",
    "昭和": "S",
    "平成": "H",
    "令和": "R",
    "明": "M",
    "大": "T",
    "昭": "S",
} | {
    "平": "H",
    "令": "R",
}
_DIGITS = re.compile(r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)", re.ASCII)
_PARTS = re.compile(
    r"(?P<era>[MTSHR])?(?P<year>\d{1,4}|元)(?:年|[-/.])(?P<month>\d{1,2})(?:月|[-/.])(?P<day>\d{1,2})日?",
    re.ASCII,
)
_ERA_DIGITS = re.compile(r"(?P<era>[MTSHR])(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d)", re.ASCII)


def read_birth(text: str) -> date | None:
    """Return the day that was typed, None for what is none (a day no calendar has, or not of its era).

    >>> [str(read_birth(one)) for one in ("1962-05-14", "19620514", "S37.5.14", "昭和37年5月14日", "S370514")]
    ['1962-05-14', '1962-05-14', '1962-05-14', '1962-05-14', '1962-05-14']
    """
    said = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper()
    name = next((name for name in _LETTERS if said.startswith(name)), "")
    said = _LETTERS.get(name, "") + said.removeprefix(name)
    found = _DIGITS.fullmatch(said) or _PARTS.fullmatch(said) or _ERA_DIGITS.fullmatch(said)
    if found is None:
        return None
    parts = found.groupdict()
    era, year = parts.get("era"), 1 if parts["year"] == "元" else int(parts["year"])
    try:
        if not era:
            return date(year, int(parts["month"]), int(parts["day"])) if year > 1000 else None
        day = date(_ERAS[era].year + year - 1, int(parts["month"]), int(parts["day"]))
    except ValueError:
        return None
    return day if _ERAS[era] <= day < _end_of(era) else None


def _end_of(era: str) -> date:
    return min((first for first in _ERAS.values() if first > _ERAS[era]), default=date.max)
