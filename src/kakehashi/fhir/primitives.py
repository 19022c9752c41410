"""R4's primitive types: the form of each, as JSON writes it. Source: https://hl7.org/fhir/R4/datatypes.html.

`FAST[type](value)` is true only if the value is good; where it is not true, or raises TypeError, `wrong` decides and
says why. R4's `\\s` and `\\S` are ASCII: U+3000 between a family and a given name is no space to it.
"""

import binascii
import re
from collections.abc import Callable
from typing import Any

LARGEST = 2**31 - 1  # integer, positiveInt, unsignedInt
LONGEST = 1_048_576  # characters of a string: "SHALL NOT exceed 1MB"

_YEAR = r"(?!0000)[0-9]{4}"
_LEAP = r"(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_DAY = (
    rf"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    rf"|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP}-02-29)"
)
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_MONTH = rf"{_YEAR}(?:-(?:0[1-9]|1[0-2]))?"

FORMS: dict[str, re.Pattern[str]] = {
    name: re.compile(form, re.ASCII)
    for name, form in {
        "date": rf"{_DAY}|{_MONTH}",
        "dateTime": rf"{_DAY}(?:T{_CLOCK}{_ZONE})?|{_MONTH}",
        "instant": rf"{_DAY}T{_CLOCK}{_ZONE}",
        "time": _CLOCK,
        "code": r"[^\s]+(?:\s[^\s]+)*",
        "id": r"[A-Za-z0-9\-.]{1,64}",
        "oid": r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+",
        "uuid": r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "uri": r"\S+",
        "url": r"\S+",
        "canonical": r"\S+",
    }.items()
}
"""Types whose values are strings of a form."""

_INTEGERS = {"integer": (-(2**31), LARGEST), "positiveInt": (1, LARGEST), "unsignedInt": (0, LARGEST)}
_TEXTS = frozenset({"string", "markdown", "xhtml"})

_WANTED: dict[str, tuple[str, str]] = {
    "date": ("YYYY、YYYY-MM、YYYY-MM-DD の形の、実在する日付", "a real date as YYYY, YYYY-MM or YYYY-MM-DD"),
    "dateTime": (
        "実在する日付、または 2026-11-21T09:30:00+09:00 の形の、時差 (タイムゾーン) の付いた日時",
        "a real date, or a time with its offset such as 2026-11-21T09:30:00+09:00",
    ),
    "instant": (
        "2026-11-21T09:30:00+09:00 の形の、時差の付いた日時",
        "a time with its offset such as 2026-11-21T09:30:00+09:00",
    ),
    "time": ("09:30:00 の形の時刻", "a time of day such as 09:30:00"),
    "code": ("前後や途中に余分な空白のないコード", "a code without leading, trailing or doubled spaces"),
    "id": ("半角英数字、- と . の 1–64 文字", "1 to 64 of A-Z, a-z, 0-9, - and ."),
    "oid": ("urn:oid:1.2.392… の形の OID", "an OID such as urn:oid:1.2.392"),
    "uuid": ("urn:uuid: に続く小文字の UUID", "urn:uuid: and a UUID in lower case"),
    "uri": ("空白のない URI", "a URI without spaces"),
    "url": ("空白のない URL", "a URL without spaces"),
    "canonical": ("空白のない URL", "a URL without spaces"),
    "boolean": ("true または false (引用符なし)", "true or false, without quotes"),
    "decimal": ("数値 (引用符なし)", "a number, without quotes"),
    "integer": ("-2147483648 から 2147483647 の整数", "a whole number from -2147483648 to 2147483647"),
    "positiveInt": ("1 から 2147483647 の整数", "a whole number from 1 to 2147483647"),
    "unsignedInt": ("0 から 2147483647 の整数", "a whole number from 0 to 2147483647"),
    "base64Binary": ("Base64 の文字列", "Base64 text"),
    "string": ("1 文字以上の文字列", "text of at least one character"),
    "markdown": ("1 文字以上の文字列", "text of at least one character"),
    "xhtml": ("XHTML の文字列", "XHTML as a string"),
}

NAMES = frozenset(_WANTED)
"""Every primitive type."""


def is_number(value: object) -> bool:
    """Say whether JSON wrote a number."""
    kind = type(value)
    return kind is float or kind is int


def is_base64(value: object) -> bool:
    """Say whether the text is Base64 in groups of four; white space between is allowed."""
    if type(value) is not str or not value:
        return False
    try:
        plain = value.encode("ascii").translate(None, b" \t\r\n")
        binascii.a2b_base64(plain, strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        return False
    return len(plain) > 0


def _whole(low: int, high: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and low <= value <= high


FAST: dict[str, Callable[[Any], object]] = {
    **{name: form.fullmatch for name, form in FORMS.items()},
    **{name: _whole(*span) for name, span in _INTEGERS.items()},
    **dict.fromkeys(_TEXTS, str.strip),
    "boolean": bool.__repr__,
    "decimal": is_number,
    "base64Binary": is_base64,
}


def wrong(name: str, value: object) -> tuple[str, str] | None:
    """Return what a value of the type must look like (Japanese, English), or None if this one does."""
    return None if _good(name, value) else _WANTED[name]


def _good(name: str, value: object) -> bool:
    if name in _TEXTS:
        return isinstance(value, str) and len(value) > 0 and (name == "xhtml" or len(value) <= LONGEST)
    try:
        return bool(FAST[name](value))
    except TypeError:
        return False
