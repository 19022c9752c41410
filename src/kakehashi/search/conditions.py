"""One search value of one parameter to a condition, by the parameter's kind and the modifier.

Source: https://hl7.org/fhir/R4/search.html (sections on each type, modifiers, prefixes)
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kakehashi.fhir.definitions import load
from kakehashi.fhir.indexing.entries import NO_PREFIXES
from kakehashi.fhir.indexing.parameters import Parameter, parameter
from kakehashi.fhir.text import normal
from kakehashi.search import measures
from kakehashi.search.plan import (
    And,
    Condition,
    HasToken,
    HasUri,
    Item,
    Near,
    OfType,
    Or,
    PointsTo,
    PointsToIdentifier,
    PointsToUrl,
    Range,
    Terms,
    Text,
    Words,
)
from kakehashi.search.refusals import bad_modifier, bad_value, unsupported
from kakehashi.search.split import plain, split

MODIFIERS: Final[dict[str, tuple[str, ...]]] = {
    "token": ("text", "not", "of-type", "missing", "above", "below", "in", "not-in"),
    "reference": ("identifier", "missing", "above", "below", "[type]"),
    "string": ("exact", "contains", "missing"),
    "uri": ("above", "below", "missing"),
    "date": ("missing",),
    "number": ("missing",),
    "quantity": ("missing",),
    "composite": ("missing",),
    "special": ("missing",),
}
_LITERAL = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?", re.ASCII)
_VALUE_SET = re.compile(r"ValueSet/[A-Za-z0-9\-.]{1,64}", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_DEGREES = re.compile(r"-?\d{1,3}(\.\d{1,12})?", re.ASCII)
_LENGTH = re.compile(r"\d{1,6}(\.\d{1,6})?", re.ASCII)
_KILOMETRES: Final = {"km": 1.0, "m": 0.001, "[mi_i]": 1.609344, "": 1.0}
_NEAR_DEFAULT: Final = "10"  # kilometres, where a search gives no distance


@dataclass(frozen=True, slots=True)
class Asked:
    """How a parameter is asked for: its modifier, the moment (ms), and the base URL whose references are local."""

    modifier: str = ""
    now: float = 0.0
    base_url: str = ""


def condition(one: Parameter, asked: Asked, text: str) -> Condition:
    """Return the condition that one value (no commas) sets. Raises BadSearchValue, NotSupported."""
    if one.union:
        return Or(tuple(condition(named(one, code), asked, text) for code in one.union))
    allowed = MODIFIERS[one.kind]
    if asked.modifier and asked.modifier not in allowed and not _is_type(one, asked.modifier):
        raise bad_modifier(one.code, asked.modifier, allowed)
    return _KINDS[one.kind](one, asked, text)


def named(one: Parameter, code: str) -> Parameter:
    found = parameter(one.base, code)
    assert found is not None, f"{one.base}.{code}"
    return found


def _is_type(one: Parameter, name: str) -> bool:
    return one.kind == "reference" and name in load().structures and name[:1].isupper()


def _token(one: Parameter, asked: Asked, text: str) -> Condition:
    if asked.modifier == "in":
        return _in_set(one, plain(text))
    if asked.modifier in ("above", "below"):
        system, code = _system_and_code(one, text)
        if not system or code is None:
            raise bad_value(f"{one.code}:{asked.modifier}", "token")
        return Terms(one, "below" if asked.modifier == "below" else "above", code, system)
    if asked.modifier == "text":
        return Words(one, _words(one, text))
    parts = [plain(part) for part in split(text, "|")]
    if asked.modifier == "of-type":
        if len(parts) != 3 or not parts[1] or not parts[2]:
            raise bad_value(
                f"{one.code}:of-type",
                "token",
                example="http://terminology.hl7.org/CodeSystem/v2-0203|MR|446053",
            )
        return OfType(one, *parts)
    return has_token(one, *_system_and_code(one, text))


def _in_set(one: Parameter, value: str) -> Condition:
    """A value set by its URL, or by `ValueSet/id`."""
    if not (_VALUE_SET.fullmatch(value) or ":" in value):
        raise bad_value(f"{one.code}:in", "uri")
    return Terms(one, "in", value)


def _system_and_code(one: Parameter, text: str) -> tuple[str | None, str | None]:
    """Read `code`, `system|code`, `|code` or `system|`."""
    parts = [plain(part) for part in split(text, "|")]
    if len(parts) == 1 and parts[0]:
        return None, parts[0]
    if len(parts) == 2 and any(parts):
        return parts[0], parts[1] or None
    raise bad_value(one.code, "token")


def has_token(one: Parameter, system: str | None, code: str | None) -> Condition:
    """Return the test for a coding. A plain code is of the systems of its value set, without saying so."""
    asked = HasToken(one, system, code)
    if system and system in one.systems:
        return Or((asked, HasToken(one, "", code) if code else _any_plain(one)))
    return asked


def _any_plain(one: Parameter) -> Condition:
    """Any plain code at all: those that the value set has, one by one."""
    return Or(tuple(HasToken(one, "", code) for code in one.codes))


def _words(one: Parameter, text: str) -> str:
    words = normal(plain(text))
    if not words:
        raise bad_value(one.code, "string")
    return words


def _reference(one: Parameter, asked: Asked, text: str) -> Condition:
    if asked.modifier == "identifier":
        return PointsToIdentifier(one, *_system_and_code(one, text))
    value = plain(text)
    if asked.base_url and value.startswith(asked.base_url + "/"):
        value = value[len(asked.base_url) + 1 :]
    if match := _LITERAL.fullmatch(value):
        if asked.modifier and asked.modifier != match[1]:
            raise bad_value(f"{one.code}:{asked.modifier}", "reference", example=f"{asked.modifier}/123")
        return PointsTo(one, match[1], match[2])
    if _ID.fullmatch(value):
        return _of_any_type(one, asked.modifier, value)
    if ":" in value and not asked.modifier:
        return PointsToUrl(one, value)
    raise bad_value(one.code, "reference")


def _of_any_type(one: Parameter, modifier: str, value: str) -> Condition:
    types = (modifier,) if modifier else one.targets or tuple(load().resource_types())
    return Or(tuple(PointsTo(one, name, value) for name in types))


def _string(one: Parameter, asked: Asked, text: str) -> Condition:
    if asked.modifier == "exact":
        if not text:
            raise bad_value(one.code, "string")
        return Text(one, plain(text), "exact")
    return Text(one, _words(one, text), "contains" if asked.modifier == "contains" else "starts")


def _uri(one: Parameter, asked: Asked, text: str) -> Condition:
    value = plain(text)
    if not value:
        raise bad_value(one.code, "uri")
    if asked.modifier == "above":
        return HasUri(one, value, "above")
    if asked.modifier == "below":
        if one.code in NO_PREFIXES:
            raise unsupported(
                f"{one.code}:below", "前方一致の索引がありません。", "there is no index of URL prefixes."
            )
        return HasUri(one, value, "below")
    return HasUri(one, value, "equal")


def _date(one: Parameter, asked: Asked, text: str) -> Condition:
    found = measures.date(plain(text), now=asked.now)
    if found is None:
        raise bad_value(one.code, "date")
    return Range(one, found.comparison, found.low, found.high)


def _number(one: Parameter, asked: Asked, text: str) -> Condition:
    found = measures.number(plain(text))
    if found is None:
        raise bad_value(one.code, "number")
    return Range(one, found.comparison, found.low, found.high)


def _quantity(one: Parameter, asked: Asked, text: str) -> Condition:
    parts = [plain(part) for part in split(text, "|")]
    found = measures.number(parts[0])
    named = any(parts[1:])  # `5.4||`, as HAPI's client writes it, names no unit
    if found is None or len(parts) not in (1, 3) or (named and not parts[2]):
        raise bad_value(one.code, "quantity")
    unit = (parts[1], parts[2]) if named else None
    return Range(one, found.comparison, found.low, found.high, unit)


def _near(one: Parameter, asked: Asked, text: str) -> Condition:
    parts = [plain(part) for part in split(text, "|")]
    parts += ["", "", _NEAR_DEFAULT, "km"][len(parts) :]
    latitude, longitude, distance, unit = parts[:4]
    readable = _DEGREES.fullmatch(latitude) and _DEGREES.fullmatch(longitude) and _LENGTH.fullmatch(distance)
    if not readable or unit not in _KILOMETRES or len(parts) > 4:
        raise bad_value(one.code, "special")
    return Near(one, float(latitude), float(longitude), float(distance) * _KILOMETRES[unit])


def _composite(one: Parameter, asked: Asked, text: str) -> Condition:
    values = split(text, "$")
    if one.both:
        if len(values) != len(one.both):
            raise bad_value(one.code, "composite")
        plain_asked = Asked("", asked.now, asked.base_url)
        return And(
            tuple(condition(named(one, c), plain_asked, v) for c, v in zip(one.both, values, strict=True))
        )
    if len(values) != len(one.parts):
        raise bad_value(one.code, "composite")
    return Item(
        one, tuple(_test(one, part.kind, value, asked) for part, value in zip(one.parts, values, strict=True))
    )


def _test(one: Parameter, kind: str, text: str, asked: Asked) -> Condition:
    """One component of a composite of items: a code with its value, a literal reference, a number or quantity."""
    if kind == "token":
        system, code = _system_and_code(one, text)
        if code is None:
            raise bad_value(one.code, "composite", example="http://loinc.org|8480-6$gt140")
        return HasToken(one, system, code)
    if kind == "reference":
        value = plain(text)
        match = _LITERAL.fullmatch(value)
        return PointsTo(one, match[1], match[2]) if match else PointsToUrl(one, value)
    return (_quantity if kind == "quantity" else _number)(one, asked, text)


_KINDS: Final[dict[str, Callable[[Parameter, Asked, str], Condition]]] = {
    "token": _token, "reference": _reference, "string": _string, "uri": _uri, "date": _date, "number": _number,
    "quantity": _quantity, "special": _near, "composite": _composite,
}  # fmt: skip
