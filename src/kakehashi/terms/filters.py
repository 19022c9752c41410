"""Filters of a value set: which concepts of a code system they choose. Pure.

`regex` is matched as a whole, by RE2: linear in the text. Source: https://hl7.org/fhir/R4/valueset-filter-operator.html
"""

from collections.abc import Callable, Iterable
from functools import reduce

import re2

from kakehashi.terms import masks
from kakehashi.terms.code_system import CodeSystem, values_of
from kakehashi.terms.masks import Mask
from kakehashi.terms.refusals import bad_filter, cyclic_codes
from kakehashi.terms.value_set import Filter

_ITSELF = ("concept", "code")
_FAMILY = ("parent", "child")
_HIERARCHY = ("is-a", "descendent-of", "is-not-a", "generalizes")
_TEXTS = ("display", "definition")
_LONGEST_PATTERN = 1000  # characters


def chosen(system: CodeSystem, filters: Iterable[Filter]) -> Mask:
    """Return the concepts that every filter chooses. Raises Invalid."""
    found = (_one(system, one) for one in filters)
    return reduce(masks.both, found, masks.every(len(system.concepts)))


def cost(system: CodeSystem, asked: Filter) -> int:
    """Return how many concepts a filter looks at one by one."""
    quick = asked.op in _HIERARCHY or (
        asked.op in ("=", "in", "not-in") and asked.property in (*_ITSELF, *_FAMILY)
    )
    return asked.value.count(",") + 1 if quick else len(system.concepts)


def below(system: CodeSystem, place: int) -> Mask:
    """Return a concept and all below it. Raises Invalid where the hierarchy runs in a circle."""
    _require_tree(system)
    return system.concepts.tree.below(place)


def above(system: CodeSystem, place: int) -> Mask:
    """Return a concept and all above it. Raises Invalid where the hierarchy runs in a circle."""
    _require_tree(system)
    return masks.of_places(system.concepts.tree.above(place), len(system.concepts))


def _require_tree(system: CodeSystem) -> None:
    if system.cyclic:
        raise cyclic_codes(system.url, system.cyclic)


def _one(system: CodeSystem, asked: Filter) -> Mask:
    if asked.op in _HIERARCHY:
        return _of_hierarchy(system, asked)
    if asked.property in _ITSELF:
        return _of_codes(system, asked)
    if asked.property in _FAMILY:
        return _of_family(system, asked)
    if asked.property not in _TEXTS and asked.property not in system.properties:
        raise bad_filter(
            system.url, asked.property, asked.op,
            "コード体系にその property はありません。", "the code system has no such property.",
        )  # fmt: skip
    return _of_property(system, asked)


def _of_hierarchy(system: CodeSystem, asked: Filter) -> Mask:
    if asked.property not in (*_ITSELF, *_FAMILY):
        raise bad_filter(
            system.url, asked.property, asked.op,
            "property は concept か code です。", "the property must be concept or code.",
        )  # fmt: skip
    place = _place(system, asked, asked.value)
    if asked.op == "generalizes":
        return above(system, place)
    found = below(system, place)
    if asked.op == "is-not-a":
        return masks.less(masks.every(len(found)), found)
    if asked.op == "descendent-of":
        return masks.less(found, masks.of_places([place], len(found)))
    return found


def _place(system: CodeSystem, asked: Filter, code: str) -> int:
    place = system.concepts.find(code)
    if place is None:
        raise bad_filter(
            system.url, asked.property, asked.op,
            f"コード {code} がコード体系にありません。", f"the code system has no code {code}.",
        )  # fmt: skip
    return place


def _of_codes(system: CodeSystem, asked: Filter) -> Mask:
    concepts = system.concepts
    length = len(concepts)
    match asked.op:
        case "=" | "in" | "not-in":
            named = [asked.value] if asked.op == "=" else _listed(asked.value)
            found = (concepts.find(code) for code in named)
            mask = masks.of_places((one for one in found if one is not None), length)
            return masks.less(masks.every(length), mask) if asked.op == "not-in" else mask
        case "regex":
            test = _pattern(system, asked)
            return bytes(test(concepts.code(place)) for place in range(length))
        case "exists":
            return masks.every(length) if _flag(system, asked) else bytes(length)
    raise _no_op(system, asked)


def _of_family(system: CodeSystem, asked: Filter) -> Mask:
    """`parent = X`: the children of X; `child = X`: its parents; `exists`: whoever has some."""
    _require_tree(system)
    concepts, tree = system.concepts, system.concepts.tree
    relatives = tree.children_of if asked.property == "parent" else tree.parents_of
    own = tree.parents_of if asked.property == "parent" else tree.children_of
    if asked.op == "exists":
        wanted = _flag(system, asked)
        return bytes(bool(own(place)) is wanted for place in range(len(concepts)))
    if asked.op not in ("=", "in"):
        raise _no_op(system, asked)
    named = [asked.value] if asked.op == "=" else _listed(asked.value)
    found = {one for code in named for one in relatives(_place(system, asked, code))}
    return masks.of_places(found, len(concepts))


def _of_property(system: CodeSystem, asked: Filter) -> Mask:
    test = _test(system, asked)
    concepts = system.concepts

    def values(place: int) -> list[str]:
        detail = concepts.detail(place)
        if asked.property in _TEXTS and asked.property not in system.properties:
            return [str(detail[asked.property])] if asked.property in detail else []
        return values_of(detail, asked.property)

    return bytes(test(values(place)) for place in range(len(concepts)))


def _test(system: CodeSystem, asked: Filter) -> Callable[[list[str]], bool]:
    match asked.op:
        case "=":
            return lambda values: asked.value in values
        case "in":
            wanted = frozenset(_listed(asked.value))
            return lambda values: not wanted.isdisjoint(values)
        case "not-in":
            unwanted = frozenset(_listed(asked.value))
            return unwanted.isdisjoint
        case "exists":
            there = _flag(system, asked)
            return lambda values: bool(values) is there
        case "regex":
            matches = _pattern(system, asked)
            return lambda values: any(map(matches, values))
    raise _no_op(system, asked)


def _pattern(system: CodeSystem, asked: Filter) -> Callable[[str], bool]:
    try:
        if len(asked.value) > _LONGEST_PATTERN:
            raise re2.error("too long")
        options = re2.Options()
        options.log_errors = False
        compiled = re2.compile(asked.value, options)
    except re2.error:
        raise bad_filter(
            system.url, asked.property, asked.op,
            "正規表現が読めません (RE2 の書式、1000 文字まで)。",
            "the regular expression cannot be read (RE2 syntax, 1000 characters at most).",
        ) from None  # fmt: skip
    return lambda value: compiled.fullmatch(value) is not None


def _flag(system: CodeSystem, asked: Filter) -> bool:
    if asked.value not in ("true", "false"):
        raise bad_filter(
            system.url,
            asked.property,
            asked.op,
            "value は true か false です。",
            "the value is true or false.",
        )
    return asked.value == "true"


def _listed(value: str) -> list[str]:
    return [one.strip() for one in value.split(",")]


def _no_op(system: CodeSystem, asked: Filter) -> Exception:
    return bad_filter(
        system.url, asked.property, asked.op,
        "この property には使えない op です。", "this op cannot be used with this property.",
    )  # fmt: skip
