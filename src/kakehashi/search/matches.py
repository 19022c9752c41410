"""Whether a parameter's values meet a condition: FHIR's rules for each kind, said plainly. No hashes, no SQL.

Values are those of fhir/indexing/values.py. Source: https://hl7.org/fhir/R4/search.html
"""

import math
from collections.abc import Sequence
from typing import Any

from kakehashi.fhir.text import normal
from kakehashi.search.plan import (
    AnyCode,
    Comparison,
    Condition,
    Exists,
    HasToken,
    HasUri,
    Item,
    Near,
    OfType,
    PointsTo,
    PointsToIdentifier,
    PointsToUrl,
    Range,
    Text,
    Words,
)


def matches(asked: Condition, values: Sequence[Any]) -> bool:
    """Say whether some value meets the condition."""
    if isinstance(asked, Exists):
        return bool(values)
    return any(_meets(asked, value) for value in values)


def _meets(asked: Condition, value: Any) -> bool:
    match asked:
        case HasToken() | AnyCode():
            return _is_token(asked, value)
        case OfType(_, system, code, wanted):
            return value[1] == wanted and (system, code) in value[3]
        case Words(_, start):
            return bool(value[2]) and normal(value[2]).startswith(start)
        case PointsTo(_, kind, key):
            return bool(value[:2] == (kind, key))
        case PointsToUrl(_, url):
            return bool(value[2] == url)
        case PointsToIdentifier(_, system, code):
            return value[3] is not None and _is_coding(value[3][0], value[3][1], system, code)
        case HasUri():
            return _is_uri(asked, value)
        case Text():
            return _is_text(asked, value)
        case Range():
            return _is_range(asked, value)
        case Near():
            return _kilometres(asked, *value) <= asked.kilometres
        case Item(_, tests):
            return all(matches(test, part) for test, part in zip(tests, value, strict=True))
    raise TypeError(type(asked).__name__)


def _is_token(asked: HasToken | AnyCode, value: Any) -> bool:
    if isinstance(asked, AnyCode):
        return value[1] in asked.codes and (value[0] or "") == asked.system
    return _is_coding(value[0], value[1], asked.system, asked.code)


def _is_coding(
    system: str | None, code: str | None, asked_system: str | None, asked_code: str | None
) -> bool:
    if asked_code is None:
        return system == asked_system
    return code == asked_code and (asked_system is None or (system or "") == asked_system)


def _is_uri(asked: HasUri, value: str) -> bool:
    match asked.how:
        case "equal":
            return value == asked.uri
        case "below":
            return _is_under(value, asked.uri)
        case "above":
            return value == asked.uri or _is_under(asked.uri, value)


def _is_under(lower: str, upper: str) -> bool:
    """A URL is under another where that one's path leads to it; anything else only where they are the same."""
    low, up = lower.rstrip("/"), upper.rstrip("/")
    return low == up or ("://" in up and "/" in up.partition("://")[2] + "/" and low.startswith(up + "/"))


def _is_text(asked: Text, value: str) -> bool:
    match asked.how:
        case "exact":
            return value == asked.text
        case "contains":
            return asked.text in normal(value)
        case "starts":
            return normal(value).startswith(asked.text)
        case "ends":
            return normal(value).endswith(asked.text)
        case "whole":
            return normal(value) == asked.text


def _is_range(asked: Range, value: Sequence[Any]) -> bool:
    if asked.unit is not None:
        system, code = asked.unit
        own_system, own_code, own_unit = value[2:5]
        by_code = own_code == code and (not system or own_system == system)
        if not by_code and (system or own_unit != code):
            return False
    return compares(asked.comparison, value[0], value[1], asked.low, asked.high)


def compares(
    comparison: Comparison, low: float, high: float | None, asked_low: float, asked_high: float
) -> bool:
    """Compare [low, high) with the interval asked for. `high` None: the value is one moment without length."""
    inside = low >= asked_low and (low < asked_high if high is None else high <= asked_high)
    above = low >= asked_high if high is None else high > asked_high
    below = low < asked_low
    match comparison:
        case "eq":
            return inside
        case "ne":
            return not inside
        case "gt":
            return above
        case "lt":
            return below
        case "ge":
            return above or inside
        case "le":
            return below or inside
        case "sa":
            return low >= asked_high
        case "eb":
            return low < asked_low if high is None else high <= asked_low
        case "ap":
            return inside if high is None else low < asked_high and high > asked_low


def _kilometres(asked: Near, latitude: float, longitude: float) -> float:
    """The distance on a sphere by the law of cosines."""
    here, there = math.radians(asked.latitude), math.radians(latitude)
    turn = math.radians(longitude - asked.longitude)
    cosine = math.sin(here) * math.sin(there) + math.cos(here) * math.cos(there) * math.cos(turn)
    return 6371.0 * math.acos(min(1.0, max(-1.0, cosine)))
