"""Values to index entries: tokens that PostgreSQL's GIN index finds, and ranges and texts that are compared.

Tokens are `salt ^ hash`, salt being hash64("Type.parameter"); forms.py says what is hashed.
* token: the code and the system of each coding (`forms.coding_marks` says how they hold together), or the code
  alone where the parameter's values have no system; words for `:text` go to texts under "Type.parameter:text";
* reference: `row_key(type, id)` or hash64(url); logical ones as codings under "Type.parameter:identifier";
  a parameter that is another one's references to one type (`patient` of `subject`) leaves its literal ones to it;
* string: marks of its beginning, and of its letters where people look for parts of a text (`WITHIN`); the text as
  written under "Type.parameter:exact";
* date: marks of days and months (coarse.py), and the triple (number, low, high) in ranges;
* number, quantity: the triple.

The first number of ranges says which parameters have a value at all, for `:missing`: a bit each, by the parameter's
place in the type's program. A token each would be a quarter of all tokens.

Quantities: where all of a parameter's values have one unit, the unit is a token (under "Type.parameter:unit") and
the interval stands under the parameter's number. Where units differ, the intervals stand a second time, each under
range_key(number of the unit's form), so that number and unit are never taken from two different values.

Composites of items (`component-code-value-quantity`): a pair of codes is one token, together(first, second). A code
with a quantity is a triple under range_key(together(code's form, unit's form)), the unit's form NO_UNIT among
them, and a token of the code's form narrows. A code with two numbers (MolecularSequence) is two triples side by
side. `system|` alone is not asked of a composite. Composites of the resource itself leave nothing (parameters.py).

For `_content` all texts of the resource stand in texts, and marks of their letters in grams (words.py).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from kakehashi.core.hashing import hash64, row_key
from kakehashi.fhir.indexing import coarse, forms
from kakehashi.fhir.indexing.parameters import Parameter
from kakehashi.fhir.indexing.program import Extract, program
from kakehashi.fhir.indexing.values import Interval, Json, Quantity, Reference, Token
from kakehashi.fhir.indexing.words import text_key, words_of
from kakehashi.fhir.text import normal

PLACES = 52  # parameters of a type at most: the bits that a float holds exactly
NO_PREFIXES = frozenset(
    {"_profile", "_source"}
)  # every resource has them: marks for `:below` would cost too much
WITHIN = frozenset(
    "name family given phonetic mothersMaidenName address address-city title description publisher".split()
)  # strings whose `:contains` the token index narrows; the others' is compared with every text


@dataclass(slots=True)
class Index:
    """What the store keeps of a resource for search."""

    tokens: list[int] = field(default_factory=list)  # 64-bit signed; their order tells which system is whose
    ranges: list[float] = field(
        default_factory=list
    )  # which parameters are there; triples: number, low, high
    texts: str = ""  # for each text: U+001E, four signs of its parameter, the normalised text
    grams: Sequence[int] = ()  # 16-bit marks of the letters of all texts, each once


Encode = Callable[[list[Any], list[int], list[float], list[str]], None]


def salted(name: str) -> int:
    """Return the salt of a name such as `Observation.code` or `Patient.name:exact`."""
    return hash64(name)


def numbered(name: str) -> int:
    """Return the number of a name, as ranges use it: 32 bits."""
    return hash64(name) & 0xFFFF_FFFF


@cache
def encoders(base: str) -> tuple[Extract, tuple[tuple[int, Encode], ...]]:
    """Return a resource type's extraction; for each parameter its bit, and what turns its values into entries."""
    compiled = program(base)
    own = enumerate(compiled.parameters)
    return compiled.extract, tuple((1 << place, _ENCODERS[one.kind](one)) for place, one in own)


def entries(base: str, tree: Json) -> Index:
    """Return the index entries of a decoded resource of type `base`."""
    extract, encode = encoders(base)
    tokens: list[int] = []
    ranges = [0.0]
    texts: list[str] = []
    present = 0
    for place, values in extract(tree).items():
        bit, encoder = encode[place]
        present |= bit
        encoder(values, tokens, ranges, texts)
    ranges[0] = float(present)
    marks = words_of(tree, texts)
    return Index(tokens, ranges, "".join(dict.fromkeys(texts) if len(texts) > 1 else texts), marks)


_KEPT = 16_384  # results that each of the caches here keeps
_normal = lru_cache(maxsize=_KEPT)(normal)


Coded = tuple[tuple[int, ...], tuple[str, ...]]  # tokens, texts


def _token(parameter: Parameter) -> Encode:
    if parameter.plain:
        return _plain_codes(parameter)
    if any(route.type == "Identifier" for route in parameter.routes):
        return _identifiers(parameter)
    known = lru_cache(maxsize=_KEPT)(_codings(parameter))

    def encode(values: list[Token], tokens: list[int], _: list[float], texts: list[str]) -> None:
        found, words = known(*values)
        tokens += found
        texts += words

    return encode


def _plain_codes(parameter: Parameter) -> Encode:
    """Codes that never have a system, nor words."""
    salt = parameter.salt
    mark = lru_cache(maxsize=_KEPT)(lambda code: salt ^ forms.code_form(code))

    def encode(values: list[Token], tokens: list[int], _: list[float], __: list[str]) -> None:
        if len(values) == 1:
            tokens.append(mark(values[0][1]))
        else:
            tokens += {mark(value[1]) for value in values}

    return encode


def _identifiers(parameter: Parameter) -> Encode:
    """Values that hardly ever come again: nothing is kept of them; one alone is dealt with here."""
    salt, make = parameter.salt, _codings(parameter)

    def encode(values: list[Token], tokens: list[int], _: list[float], texts: list[str]) -> None:
        system, value, words, types = values[0]
        if len(values) == 1 and value is not None and not words and not types:
            tokens += (salt ^ forms.code_form(value), salt ^ forms.system_form(system or ""))
            return
        found, more = make(*values)
        tokens += found
        texts += more

    return encode


def _codings(parameter: Parameter) -> Callable[..., Coded]:
    """Return what makes the tokens and texts of a token parameter's values."""
    salt, words_key = parameter.salt, text_key(parameter.name + ":text")
    of_type = salted(parameter.name + ":of-type")

    def make(*values: Token) -> Coded:
        found = [salt ^ mark for mark in forms.coding_marks([value[:2] for value in values])]
        if any(value[3] for value in values):
            found += _types(of_type, values)
        return tuple(found), tuple([words_key + _normal(value[2]) for value in values if value[2]])

    return make


def _types(salt: int, values: Iterable[Token]) -> set[int]:
    return {
        salt ^ hash64(f"{system or ''}|{code}|{value}")
        for _, value, _, types in values
        if value is not None
        for system, code in types
    }


def _reference(parameter: Parameter) -> Encode:
    salt = parameter.salt
    logical = salted(parameter.name + ":identifier")
    elsewhere = bool(parameter.within)  # the tokens of literal references are another parameter's

    def encode(values: list[Reference], tokens: list[int], _: list[float], __: list[str]) -> None:
        if len(values) == 1 and not values[0][3] and values[0][1]:
            if not elsewhere:
                tokens.append(salt ^ row_key(values[0][0], values[0][1]))
            return
        found = {
            salt ^ (row_key(kind, key) if kind and key else hash64(url or ""))
            for kind, key, url, _ in values
            if (not elsewhere if kind and key else url)
        }
        tokens += found
        if identifiers := [value[3] for value in values if value[3]]:
            tokens += [logical ^ mark for mark in forms.coding_marks(identifiers)]

    return encode


def _string(parameter: Parameter) -> Encode:
    salt, key = parameter.salt, text_key(parameter.name)
    exact = salted(parameter.name + ":exact")
    within = parameter.code in WITHIN

    def encode(values: list[str], tokens: list[int], _: list[float], texts: list[str]) -> None:
        found: set[int] = set()
        for value in values:
            plain = _normal(value)
            found.add(exact ^ hash64(value))
            found |= {salt ^ mark for mark in forms.start_marks(plain)}
            if within:
                found |= {salt ^ mark for mark in forms.inner_marks(plain)}
            texts.append(key + plain)
        tokens += found

    return encode


def _date(parameter: Parameter) -> Encode:
    salt, number = parameter.salt, float(parameter.number)

    def encode(values: list[Interval], tokens: list[int], ranges: list[float], _: list[str]) -> None:
        if len(values) == 1:
            tokens += [salt ^ mark for mark in coarse.time_marks(*values[0])]
            ranges += (number, *values[0])
            return
        tokens += [salt ^ mark for mark in coarse.times(values)]
        for low, high in values:
            ranges += (number, low, high)

    return encode


def _number(parameter: Parameter) -> Encode:
    number = float(parameter.number)

    def encode(values: list[Interval], _: list[int], ranges: list[float], __: list[str]) -> None:
        for low, high in values:
            ranges += (number, low, high)

    return encode


def _quantity(parameter: Parameter) -> Encode:
    number, units = float(parameter.number), salted(parameter.name + ":unit")
    marks = lru_cache(maxsize=_KEPT)(lambda *unit: [units ^ form for form in forms.unit_forms(*unit)])

    def encode(values: list[Quantity], tokens: list[int], ranges: list[float], _: list[str]) -> None:
        uniform = len(values) == 1 or len({value[2:] for value in values}) == 1
        if uniform:
            tokens += marks(*values[0][2:])
        for low, high, *unit in values:
            ranges += (number, low, high)
            if not uniform:
                for form in forms.unit_forms(*unit):
                    ranges += (forms.range_key(units ^ form), low, high)

    return encode


def _uri(parameter: Parameter) -> Encode:
    salt = parameter.salt
    below = 0 if parameter.code in NO_PREFIXES else salted(parameter.name + ":below")

    def encode(values: list[str], tokens: list[int], _: list[float], __: list[str]) -> None:
        found = {salt ^ hash64(value) for value in values}
        if below:
            found |= {below ^ hash64(prefix) for value in values for prefix in forms.uri_prefixes(value)}
        tokens += found

    return encode


def _near(parameter: Parameter) -> Encode:
    number = float(parameter.number)

    def encode(values: list[tuple[float, float]], _: list[int], ranges: list[float], __: list[str]) -> None:
        for latitude, longitude in values:
            ranges += (number, latitude, longitude)

    return encode


def _composite(parameter: Parameter) -> Encode:
    salt = parameter.salt
    kinds = tuple(part.kind for part in parameter.parts)

    def encode(
        values: list[tuple[list[Any], ...]], tokens: list[int], ranges: list[float], _: list[str]
    ) -> None:
        found: set[int] = set()
        for first, *rest in values:
            for form in part_forms(kinds[0], first) if all(rest) else ():
                _pair(salt, form, kinds[1:], rest, found, ranges)
        tokens += found

    return encode


def _pair(
    salt: int, form: int, kinds: tuple[str, ...], rest: list[list[Any]], tokens: set[int], ranges: list[float]
) -> None:
    """Add the entries of one item of a composite for one form of its first component."""
    if kinds == ("quantity",):
        tokens.add(salt ^ form)
        for low, high, *unit in rest[0]:
            for key in unit_keys(salt, form, *unit):
                ranges += (key, low, high)
    elif kinds == ("number", "number"):
        tokens.add(salt ^ form)
        first_key, second_key = pair_keys(salt ^ form)
        for first in rest[0]:
            for second in rest[1]:
                ranges += (first_key, *first, second_key, *second)
    else:
        tokens |= {salt ^ forms.together(form, second) for second in part_forms(kinds[0], rest[0])}


@lru_cache(maxsize=_KEPT)
def unit_keys(salt: int, form: int, *unit: str | None) -> list[float]:
    """Return the numbers of the triples of a code's form with a quantity: without its unit, with each form of it."""
    of_unit = (forms.NO_UNIT, *forms.unit_forms(*unit))
    return [forms.range_key(salt ^ forms.together(form, one)) for one in of_unit]


def pair_keys(form: int) -> tuple[float, float]:
    """Return the numbers of two triples that stand side by side."""
    return forms.range_key(form), forms.range_key(forms.together(form, form))


def part_forms(kind: str, values: Iterable[Any]) -> set[int]:
    """Return the forms under which a composite's token or reference component can be asked for."""
    if kind == "reference":
        return {row_key(t, i) if t and i else hash64(url) for t, i, url, _ in values if (t and i) or url}
    return {
        form
        for system, code, *_ in values
        if code is not None
        for form in (forms.asked_coding(system or "", code), forms.asked_coding(None, code))
    }


_ENCODERS: dict[str, Callable[[Parameter], Encode]] = {
    "token": _token,
    "reference": _reference,
    "string": _string,
    "date": _date,
    "number": _number,
    "quantity": _quantity,
    "uri": _uri,
    "special": _near,
    "composite": _composite,
}
