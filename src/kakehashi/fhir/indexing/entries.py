"""Values to index entries: tokens that PostgreSQL's GIN index finds, and ranges and texts that are compared.

Tokens are `salt ^ hash`, salt being hash64("Type.parameter"); forms.py says what is hashed.
* token: each form of the coding; words for `:text` go to texts under the number of "Type.parameter:text";
* reference: `row_key(type, id)` or hash64(url); logical ones as tokens under "Type.parameter:identifier";
* string: marks of its beginning and letters; the text as written under "Type.parameter:exact";
* date, number, quantity: marks of coarse units (coarse.py), and the triple (number, low, high) in ranges.

The first triple of ranges says which parameters have a value at all (`presence`), for `:missing`: a bit each, by
the parameter's place in the type's program. A token each would be a quarter of all tokens.

Quantities: where all of a parameter's values have one unit, the unit is a token (under "Type.parameter:unit") and
the interval stands under the parameter's number. Where units differ, the intervals stand a second time, each under
range_key(number of the unit's form), so that number and unit are never taken from two different values.

Composites of items (`component-code-value-quantity`): a pair of codes is one token, together(first, second). A code
with a quantity is a triple under range_key(together(code's form, unit's form)), the unit's form NO_UNIT among
them, and a token of the code's form narrows. A code with two numbers (MolecularSequence) is two triples side by
side. `system|` alone is not asked of a composite. Composites of the resource itself leave nothing (parameters.py).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from kakehashi.core.hashing import hash64, row_key
from kakehashi.fhir.indexing import coarse, forms
from kakehashi.fhir.indexing.parameters import Parameter
from kakehashi.fhir.indexing.program import Extract, program
from kakehashi.fhir.indexing.values import Interval, Json, Quantity, Reference, Token
from kakehashi.fhir.text import normal

PLACES = 52  # parameters of a type at most: the bits that a float holds exactly
NO_PREFIXES = frozenset(
    {"_profile", "_source"}
)  # every resource has them: marks for `:below` would cost too much


@dataclass(slots=True)
class Index:
    """What the store keeps of a resource for search."""

    tokens: list[int] = field(default_factory=list)  # 64-bit signed, unique
    ranges: list[float] = field(default_factory=list)  # triples: number, low, high
    texts: list[str] = field(default_factory=list)  # "number\x1fnormalised text", unique


Encode = Callable[[list[Any], Index], None]


def salted(name: str) -> int:
    """Return the salt of a name such as `Observation.code` or `Patient.name:exact`."""
    return hash64(name)


def numbered(name: str) -> int:
    """Return the number of a name, as ranges and texts use it: 32 bits."""
    return hash64(name) & 0xFFFF_FFFF


def text_key(name: str) -> str:
    """Return what the texts of a name begin with."""
    return f"{numbered(name)}\x1f"


@cache
def encoders(base: str) -> tuple[Extract, tuple[Encode, ...]]:
    """Return a resource type's extraction, and for each parameter what turns its values into entries."""
    compiled = program(base)
    return compiled.extract, tuple(_ENCODERS[parameter.kind](parameter) for parameter in compiled.parameters)


def entries(base: str, tree: Json) -> Index:
    """Return the index entries of a decoded resource of type `base`."""
    extract, encode = encoders(base)
    there = extract(tree)
    found = Index(ranges=presence(there))
    for place, values in there.items():
        encode[place](values, found)
    found.tokens = list(set(found.tokens))
    if len(found.texts) > 1:
        found.texts = list(dict.fromkeys(found.texts))
    return found


def presence(places: Iterable[int]) -> list[float]:
    """Return the triple that says which parameters have values: 0, a bit for each place, 0."""
    bits = 0
    for place in places:
        bits |= 1 << place
    return [0.0, float(bits), 0.0]


_normal = lru_cache(maxsize=50_000)(normal)


def _token(parameter: Parameter) -> Encode:
    salt, words_key = parameter.salt, text_key(parameter.name + ":text")
    of_type = salted(parameter.name + ":of-type")

    def encode(values: list[Token], index: Index) -> None:
        add = index.tokens.append
        for system, code, words, types in values:
            for form in forms.token_forms(system, code):
                add(salt ^ form)
            if words:
                index.texts.append(words_key + _normal(words))
            for kind_system, kind_code in types:
                index.tokens.append(of_type ^ hash64(f"{kind_system or ''}|{kind_code}|{code}"))

    return encode


def _reference(parameter: Parameter) -> Encode:
    salt = parameter.salt
    logical = salted(parameter.name + ":identifier")

    def encode(values: list[Reference], index: Index) -> None:
        for kind, key, url, identifier in values:
            if kind and key:
                index.tokens.append(salt ^ row_key(kind, key))
            elif url:
                index.tokens.append(salt ^ hash64(url))
            if identifier:
                index.tokens += [logical ^ form for form in forms.token_forms(*identifier)]

    return encode


def _string(parameter: Parameter) -> Encode:
    salt, key = parameter.salt, text_key(parameter.name)
    exact = salted(parameter.name + ":exact")

    def encode(values: list[str], index: Index) -> None:
        for value in values:
            plain = _normal(value)
            index.tokens.append(exact ^ hash64(value))
            index.tokens += [salt ^ mark for mark in forms.text_marks(plain)]
            index.texts.append(key + plain)

    return encode


def _date(parameter: Parameter) -> Encode:
    salt, number = parameter.salt, float(parameter.number)

    def encode(values: list[Interval], index: Index) -> None:
        index.tokens += [salt ^ mark for mark in coarse.times(values)]
        for low, high in values:
            index.ranges += (number, low, high)

    return encode


def _number(parameter: Parameter) -> Encode:
    salt, number = parameter.salt, float(parameter.number)

    def encode(values: list[Interval], index: Index) -> None:
        index.tokens += [salt ^ mark for mark in coarse.sizes(values)]
        for low, high in values:
            index.ranges += (number, low, high)

    return encode


def _quantity(parameter: Parameter) -> Encode:
    salt, number, units = parameter.salt, float(parameter.number), salted(parameter.name + ":unit")

    def encode(values: list[Quantity], index: Index) -> None:
        index.tokens += [salt ^ mark for mark in coarse.sizes(values)]
        uniform = len(values) == 1 or len({value[2:] for value in values}) == 1
        for low, high, system, code, unit in values:
            index.ranges += (number, low, high)
            for form in forms.unit_forms(system, code, unit):
                if uniform:
                    index.tokens.append(units ^ form)
                else:
                    index.ranges += (forms.range_key(units ^ form), low, high)

    return encode


def _uri(parameter: Parameter) -> Encode:
    salt = parameter.salt
    below = 0 if parameter.code in NO_PREFIXES else salted(parameter.name + ":below")

    def encode(values: list[str], index: Index) -> None:
        for value in values:
            index.tokens.append(salt ^ hash64(value))
            if below:
                index.tokens += [below ^ hash64(prefix) for prefix in forms.uri_prefixes(value)]

    return encode


def _near(parameter: Parameter) -> Encode:
    number = float(parameter.number)

    def encode(values: list[tuple[float, float]], index: Index) -> None:
        for latitude, longitude in values:
            index.ranges += (number, latitude, longitude)

    return encode


def _composite(parameter: Parameter) -> Encode:
    salt = parameter.salt
    kinds = tuple(part.kind for part in parameter.parts)

    def encode(values: list[tuple[list[Any], ...]], index: Index) -> None:
        for first, *rest in values:
            for form in part_forms(kinds[0], first):
                _pair(salt, form, kinds[1:], rest, index)

    return encode


def _pair(salt: int, form: int, kinds: tuple[str, ...], rest: list[list[Any]], index: Index) -> None:
    """Add the entries of one item of a composite for one form of its first component."""
    if kinds == ("quantity",):
        index.tokens.append(salt ^ form)
        for low, high, *unit in rest[0]:
            for unit_form in (forms.NO_UNIT, *forms.unit_forms(*unit)):
                index.ranges += (forms.range_key(salt ^ forms.together(form, unit_form)), low, high)
    elif kinds == ("number", "number"):
        index.tokens.append(salt ^ form)
        first_key, second_key = pair_keys(salt ^ form)
        for first in rest[0]:
            for second in rest[1]:
                index.ranges += (first_key, *first, second_key, *second)
    else:
        index.tokens += [salt ^ forms.together(form, second) for second in part_forms(kinds[0], rest[0])]


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
        for form in forms.token_forms(system, code)[:2]
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
