"""Search values taken from a world's own resources and their neighbours: so that most searches find something."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any, get_args

from kakehashi.fhir.indexing.parameters import Parameter, parameter
from kakehashi.fhir.indexing.program import program
from kakehashi.search.memory import Held
from kakehashi.search.plan import Comparison

PREFIXES = ("", *get_args(Comparison))
_JAPAN = timezone(timedelta(hours=9))
_DAY = 86_400_000.0  # milliseconds
_CUTS = ("%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S+09:00")


def found_in(rows: Sequence[Held], base: str, code: str) -> list[tuple[Parameter, Any]]:
    """Return every value that some row of the type has for a parameter, with the parameter that it is of."""
    asked = parameter(base, code)
    members = asked.members() if asked else ()
    compiled = program(base)
    return [
        (compiled.parameters[place], value)
        for row in rows
        if row.resource.type == base
        for place, values in compiled.extract(row.resource.tree).items()
        if compiled.parameters[place] in members
        for value in values
    ]


def said(rng: Random, one: Parameter, modifier: str, value: Any) -> str | None:
    """Write a search value that this value meets or nearly meets; None where nothing can be asked of it."""
    return _WRITERS[one.kind](rng, modifier, value)


def both(rng: Random, base: str, codes: Sequence[str], rows: Sequence[Held]) -> str | None:
    """Write a search value for a composite of the resource: each component taken from one row."""
    row = rng.choice([row for row in rows if row.resource.type == base] or [None])
    parts = []
    for code in codes:
        values = found_in([row], base, code) if row else []
        text = said(rng, *rng.choice([(p, "", v) for p, v in values])) if values else None
        if text is None:
            return None
        parts.append(text)
    return "$".join(parts)


def _escaped(text: str) -> str:
    for sign in ("\\", ",", "$", "|"):
        text = text.replace(sign, "\\" + sign)
    return text


def _token(rng: Random, modifier: str, value: Any) -> str | None:
    system, code, words, types = value
    if modifier == "text":
        return _part(rng, words, from_start=True) if words else None
    if modifier == "of-type":
        kinds = [f"{_escaped(s or '')}|{_escaped(c)}|{_escaped(code)}" for s, c in types if code]
        return rng.choice(kinds) if kinds else None
    ways = []
    if code:
        ways += [_escaped(code), f"{_escaped(system or '')}|{_escaped(code)}", f"|{_escaped(code)}"]
    if system:
        ways.append(f"{_escaped(system)}|")
    return rng.choice(ways) if ways else None


def _reference(rng: Random, modifier: str, value: Any) -> str | None:
    kind, key, url, identifier = value
    if modifier == "identifier":
        return _token(rng, "", (*identifier, None, ())) if identifier else None
    if kind and key:
        return rng.choice([key, f"{kind}/{key}"]) if modifier in ("", kind) else None
    return url if url and ":" in url and not modifier else None


def _part(rng: Random, text: str, *, from_start: bool) -> str | None:
    """A piece of a text, perhaps its beginning; white space alone is not searched for."""
    if not text:
        return None
    begin = 0 if from_start else rng.randint(0, len(text) - 1)
    piece = text[begin : begin + rng.randint(1, 5)]
    return _escaped(piece) if piece.strip() else None


def _string(rng: Random, modifier: str, value: str) -> str | None:
    return (
        _escaped(value) or None
        if modifier == "exact"
        else _part(rng, value, from_start=modifier != "contains")
    )


def _uri(rng: Random, modifier: str, value: str) -> str | None:
    ways = {"": [value], "below": [value, value.rpartition("/")[0]], "above": [value, value + "/more"]}[
        modifier
    ]
    return _escaped(rng.choice([way for way in ways if way]))


def _date(rng: Random, _: str, value: Any) -> str | None:
    """A boundary of the interval or a day beside it, in any precision, with any prefix."""
    ends = [end for end in value[:2] if math.isfinite(end)]
    if not ends:
        return None
    at = rng.choice(ends) + rng.choice((-_DAY, -1.0, 0.0, 0.0, _DAY))
    moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at)
    return rng.choice(PREFIXES) + moment.astimezone(_JAPAN).strftime(rng.choice(_CUTS))


def _number(rng: Random, _: str, value: Any) -> str | None:
    ends = [end for end in value[:2] if math.isfinite(end)]
    if not ends:
        return None
    near = round(rng.choice(ends) + rng.choice((0.0, 0.0, 0.0, 0.05, -1.0, 1.0)), 6)
    return rng.choice(PREFIXES) + rng.choice(["{:.0f}", "{:.2f}", "{:.1f}", "{:.0e}"]).format(near)


def _quantity(rng: Random, _: str, value: Any) -> str | None:
    number = _number(rng, "", value)
    _, _, system, code, unit = value
    ways = [
        "",
        *([f"|{system}|{code}"] if system and code else []),
        *(f"||{one}" for one in (code, unit) if one),
    ]
    return None if number is None else number + rng.choice(ways)


def _composite(rng: Random, _: str, value: Any) -> str | None:
    """One item: its code, and its quantity."""
    codes = [one for one in value[0] if one[1]]
    if not codes or not value[1]:
        return None
    system, code, *_rest = rng.choice(codes)
    first = rng.choice([_escaped(code), f"{_escaped(system or '')}|{_escaped(code)}"])
    second = _quantity(rng, "", rng.choice(value[1]))
    return None if second is None else f"{first}${second}"


_WRITERS = {
    "token": _token, "reference": _reference, "string": _string, "uri": _uri, "date": _date, "number": _number,
    "quantity": _quantity, "composite": _composite,
}  # fmt: skip
