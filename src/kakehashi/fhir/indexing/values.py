"""A data type's JSON to search values: what each kind of parameter sees in it. No tokens, no hashes.

Values are plain tuples, since millions are made:
* token: (system, code, words, types): `system` None where the data type has none; `words` for `:text`;
  `types` are the (system, code) pairs of an Identifier's type, else ();
* reference: (type, id, url, identifier): a literal `Type/id`, or a URL, or a logical (system, value) pair;
* string: the text as written; date, number: [low, high); quantity: (low, high, system, code, unit);
* uri: the text; composite: one tuple of component values for each item; near: (latitude, longitude).

A number stands for itself alone: [x, next float). Resources are expected to be valid; what cannot be read as a
value leaves none. Source: https://hl7.org/fhir/R4/search.html
"""

import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

from kakehashi.fhir.indexing.dates import FOREVER, interval

Json: TypeAlias = Any  # a decoded JSON value of the data type that the function is for
Pair = tuple[str | None, str | None]
Token = tuple[str | None, str | None, str | None, tuple[Pair, ...]]
Reference = tuple[str | None, str | None, str | None, Pair | None]
Quantity = tuple[float, float, str | None, str | None, str | None]
Interval = tuple[float, float]

_LITERAL = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?", re.ASCII)

_DECIMAL = re.compile(r"-?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,3})?", re.ASCII)


def codeable_concept(value: Json) -> list[Token]:
    """Every coding; the concept's own text as a value without a code."""
    found: list[Token] = [
        (c.get("system"), c.get("code"), c.get("display"), ()) for c in value.get("coding", ())
    ]
    if text := value.get("text"):
        found.append((None, None, text, ()))
    return found


def coding(value: Json) -> list[Token]:
    """The coding."""
    return [(value.get("system"), value.get("code"), value.get("display"), ())]


def identifier(value: Json) -> list[Token]:
    """The identifier, with its type for `:of-type` and `:text`."""
    kind = value.get("type")
    if kind is None:
        return [(value.get("system"), value.get("value"), None, ())]
    types = tuple((c.get("system"), c.get("code")) for c in kind.get("coding", ()))
    return [(value.get("system"), value.get("value"), kind.get("text"), types)]


def contact_point(value: Json) -> list[Token]:
    """The address or number itself."""
    return [(None, value.get("value"), None, ())]


def plain_code(value: Json) -> list[Token]:
    """A code, id, string or URI that stands for itself."""
    return [(None, value, None, ())]


def truth(value: Json) -> list[Token]:
    """A boolean, as `true` or `false`."""
    return [(None, "true" if value else "false", None, ())]


def deceased(value: Json) -> list[Token]:
    """Of a Patient: true where a time of death is given or it is said so; else false."""
    return truth("deceasedDateTime" in value or value.get("deceasedBoolean", False))


def name_token(value: Json) -> list[Token]:
    """A name searched as a token: each of its parts as it is written."""
    return [(None, part, None, ()) for part in _name_parts(value)]


def reference(value: Json) -> list[Reference]:
    """A Reference: literal, by URL, or logical. One that only names what it means, or is contained, points nowhere."""
    logical = value.get("identifier")
    pair = (logical.get("system"), logical.get("value")) if logical else None
    text = value.get("reference")
    if text is None:
        return [(value.get("type"), None, None, pair)]
    if found := _literal(text):
        return [(found[0][0], found[0][1], None, pair)] if pair else found
    return [(value.get("type"), None, None if text.startswith("#") else text, pair)]


@lru_cache(maxsize=16_384)
def _literal(text: str) -> list[Reference]:
    """A reference within the server, such as Patient/1; none where it is another. Shared: nobody changes the list."""
    match = _LITERAL.fullmatch(text)
    return [(match[1], match[2], None, None)] if match else []


def canonical(value: Json) -> list[Reference]:
    """A canonical URL: with its version, and without."""
    url = value.partition("#")[0]
    bare = url.partition("|")[0]
    return [(None, None, one, None) for one in dict.fromkeys((url, bare)) if one]


def link(value: Json) -> list[Reference]:
    """A URI that a reference parameter reads."""
    return [(None, None, value, None)]


def inline(value: Json) -> list[Reference]:
    """A resource inside the resource (Bundle.entry.resource), as a reference to it."""
    return [(value.get("resourceType"), value.get("id"), None, None)] if value.get("id") else []


def text(value: Json) -> list[str]:
    """A string."""
    return [value]


def _name_parts(value: Json) -> list[str]:
    parts = [value.get("text"), value.get("family"), *value.get("given", ()), *value.get("prefix", ())]
    return [part for part in (*parts, *value.get("suffix", ())) if part]


def human_name(value: Json) -> list[str]:
    """The parts of a name; its text also word by word, and the full name as one word (山田太郎)."""
    parts = _name_parts(value)
    whole = value.get("text") or ""
    given = "".join(part for part in value.get("given", ()) if part)
    joined = (value.get("family") or "") + given
    return list(dict.fromkeys([*parts, *whole.split(), "".join(whole.split()), joined])) if parts else []


def address(value: Json) -> list[str]:
    """The parts of an address."""
    names = ("text", "district", "city", "state", "postalCode", "country")
    parts = [*(value.get(name) for name in names), *value.get("line", ())]
    return list(dict.fromkeys(part for part in parts if part))


def date(value: Json) -> list[Interval]:
    """A date, dateTime or instant."""
    found = interval(value)
    return [found] if found else []


def period(value: Json) -> list[Interval]:
    """A Period; an end that is not given is open."""
    low, high = value.get("start"), value.get("end")
    first = interval(low) if low else (-FOREVER, -FOREVER)
    last = interval(high) if high else (FOREVER, FOREVER)
    return [(first[0], last[1])] if first and last and (low or high) and first[0] < last[1] else []


def timing(value: Json) -> list[Interval]:
    """A Timing: each of its events, and the period that bounds its repetition."""
    found = [one for event in value.get("event", ()) if event and (one := interval(event))]
    bounds = value.get("repeat", {}).get("boundsPeriod")
    return found + (period(bounds) if bounds else [])


def exact(number: float) -> Interval:
    """The smallest half-open interval that holds a number."""
    return number, math.nextafter(number, math.inf)


def number(value: Json) -> list[Interval]:
    """An integer or decimal."""
    return [exact(float(value))]


def number_range(value: Json) -> list[Interval]:
    """A Range read as a number."""
    return [found[0][:2]] if (found := range_(value)) else []


_BELOW: Final = {"<": False, "<=": True}
_ABOVE: Final = {">": False, ">=": True}


def quantity(value: Json) -> list[Quantity]:
    """A Quantity (Age, Duration, …); a comparator (`<`, `>=`) opens the interval to its side."""
    given = value.get("value")
    if given is None:
        return []
    low = float(given)
    high = math.nextafter(low, math.inf)
    if sign := value.get("comparator"):
        if sign in _BELOW:
            low, high = -math.inf, high if _BELOW[sign] else low
        elif sign in _ABOVE:
            low, high = low if _ABOVE[sign] else high, math.inf
    return [(low, high, value.get("system"), value.get("code"), value.get("unit"))]


def money(value: Json) -> list[Quantity]:
    """Money: the currency is the code."""
    given = value.get("value")
    return (
        [] if given is None else [(*exact(float(given)), "urn:iso:std:iso:4217", value.get("currency"), None)]
    )


def range_(value: Json) -> list[Quantity]:
    """A Range, from its low to its high; a side that is not given is open."""
    low, high = value.get("low", {}), value.get("high", {})
    first, last = low.get("value"), high.get("value")
    if first is None and last is None:
        return []
    unit = low if first is not None else high
    begin = -math.inf if first is None else float(first)
    end = math.inf if last is None else exact(float(last))[1]
    return [(begin, end, unit.get("system"), unit.get("code"), unit.get("unit"))] if begin < end else []


def sampled(value: Json) -> list[Quantity]:
    """SampledData, searched by the bounds of its values. `E`, `U` and `L` are no values."""
    origin = value.get("origin", {})
    zero, factor = float(origin.get("value", 0)), float(value.get("factor", 1))
    points = [zero + factor * float(one) for one in value.get("data", "").split() if _DECIMAL.fullmatch(one)]
    if not points:
        return []
    return [
        (min(points), exact(max(points))[1], origin.get("system"), origin.get("code"), origin.get("unit"))
    ]


def uri(value: Json) -> list[str]:
    """A URI; a canonical with its version also without."""
    return [value, value.partition("|")[0]] if "|" in value else [value]


def position(value: Json) -> list[tuple[float, float]]:
    """Location.position: latitude and longitude in degrees (WGS 84)."""
    return [(float(value["latitude"]), float(value["longitude"]))] if "longitude" in value else []


Reader = Callable[[Json], list[Any]]

_PLAIN: Final = ("code", "string", "id", "uri", "oid", "uuid", "canonical", "url", "markdown")
PLAIN: Final = frozenset((*_PLAIN, "boolean", "Patient", "ContactPoint", "HumanName"))
"""Data types that a token parameter reads and that have no system."""

READERS: Final[Mapping[str, Mapping[str, Reader]]] = {
    "token": {
        "CodeableConcept": codeable_concept,
        "Coding": coding,
        "Identifier": identifier,
        "ContactPoint": contact_point,
        "HumanName": name_token,
        "boolean": truth,
        "Patient": deceased,
        **dict.fromkeys(_PLAIN, plain_code),
    },
    "reference": {
        "Reference": reference,
        "canonical": canonical,
        "Resource": inline,
        **dict.fromkeys(("uri", "url", "oid", "uuid"), link),
    },
    "string": {
        "HumanName": human_name,
        "Address": address,
        **dict.fromkeys(("string", "markdown", "code"), text),
    },
    "date": {**dict.fromkeys(("date", "dateTime", "instant"), date), "Period": period, "Timing": timing},
    "number": {
        **dict.fromkeys(("integer", "decimal", "positiveInt", "unsignedInt"), number),
        "Range": number_range,
    },
    "quantity": {
        **dict.fromkeys(("Quantity", "Age", "Duration", "Count", "Distance"), quantity),
        "Money": money,
        "Range": range_,
        "SampledData": sampled,
    },
    "uri": dict.fromkeys(("uri", "url", "oid", "uuid", "canonical"), uri),
    "special": {"BackboneElement": position},
}
"""What each kind of parameter can read of each data type; other types say nothing to it."""
