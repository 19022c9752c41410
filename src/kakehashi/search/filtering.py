"""A filter (filters.py) to a condition of the plan: names become parameters, operators what R4 says of them.

`ne` holds where there is a value and none is equal: what the index keeps of codes, texts and references are hashes, so
one value beside another cannot be asked for (dates, numbers and quantities can: there it is R4's own `ne`).
Codes, ids and URLs are compared letter by letter, texts in their normal form.
Source: https://hl7.org/fhir/R4/search_filter.html
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, Literal

from kakehashi.core.errors import BadSearchValue, NotSupported
from kakehashi.fhir.indexing.parameters import Parameter, parameter, parameters
from kakehashi.search import filters, words
from kakehashi.search.filters import Both, Compared, Filter, Negated, Step
from kakehashi.search.leaves import exists, values_of
from kakehashi.search.links import EVERYWHERE, Cost, any_of, back, chain
from kakehashi.search.lists import in_list
from kakehashi.search.plan import And, Changed, Condition, Not, Or, Range, Text
from kakehashi.search.refusals import bad_value, unknown

_ORDER: Final = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
OPERATORS: Final[dict[str, tuple[str, ...]]] = {
    "string": ("eq", "ne", "co", "sw", "ew", "pr"),
    "token": ("eq", "ne", "in", "ni", "ss", "sb", "pr"),
    "reference": ("eq", "ne", "re", "pr"),
    "uri": ("eq", "ne", "pr"),
    "date": (*_ORDER, "po", "pr"),
    "number": (*_ORDER, "pr"),
    "quantity": (*_ORDER, "pr"),
    "composite": ("eq", "ne", "pr"),
    "special": ("eq", "ne"),
}
_MODIFIERS: Final = {"co": "contains", "in": "in", "ni": "not-in", "ss": "below", "sb": "above"}
_HOW: Final[dict[str, Literal["whole", "ends"]]] = {"eq": "whole", "ew": "ends"}


def filtered(cost: Cost, base: str, text: str, depth: int) -> Condition:
    """Return the condition that a filter sets on resources of type `base`. Raises BadSearchValue, TooCostly, …"""
    return _condition(cost, base, filters.read(text), depth)


def _condition(cost: Cost, base: str, asked: Filter, depth: int) -> Condition:
    match asked:
        case Both(left, word, right):
            parts = (_condition(cost, base, left, depth), _condition(cost, base, right, depth))
            return And(parts) if word == "and" else Or(parts)
        case Negated(part):
            return Not(_condition(cost, base, part, depth))
        case Compared():
            with _placed(asked.place):
                return _along(cost, base, asked.path, asked, depth)


def _along(cost: Cost, base: str, path: tuple[Step, ...], asked: Compared, depth: int) -> Condition:
    """Follow the path; what is left of it holds for each resource that it leads to."""
    step, rest = path[0], path[1:]
    if step.back:
        _, source, code, _ = step.name.split(":")
        return back(cost, source, code, depth, lambda kind: _along(cost, kind, rest, asked, depth + 1))
    code, _, kind = step.name.partition(":")
    if not rest:
        if kind:
            raise bad_value("_filter", "string", example=f"{step.name}.name co …")
        return _test(cost, base, code, asked)
    inner = step.filter

    def further(target: str) -> Condition:
        left = _along(cost, target, rest, asked, depth + 1)
        return left if inner is None else And((_condition(cost, target, inner, depth + 1), left))

    names = [rest[0].name.partition(":")[0], *(_names(inner) if inner is not None else ())]
    return any_of(chain(cost, _parameter(base, code), kind, names, depth, further))


def _names(asked: Filter) -> Iterator[str]:
    """The first names of the paths in a filter: what its resources must have."""
    match asked:
        case Both(left, _, right):
            yield from _names(left)
            yield from _names(right)
        case Negated(part):
            yield from _names(part)
        case Compared(path):
            yield path[0].name.partition(":")[0]


def _parameter(base: str, code: str) -> Parameter:
    found = parameter(base, code)
    if found is None:
        raise unknown(base, code, tuple(parameters(base)))
    return found


def _test(cost: Cost, base: str, code: str, asked: Compared) -> Condition:
    if code in EVERYWHERE:
        return _special(cost, base, code, asked)
    found = _parameter(base, code)
    allowed = OPERATORS[found.kind]
    if asked.operator not in allowed:
        raise _no_operator(found, asked.operator, allowed)
    if asked.operator == "pr":
        if asked.value not in ("true", "false"):
            raise bad_value(f"{code} pr", "token", example="true")
        return exists(found) if asked.value == "true" else Not(exists(found))
    if found.kind in ("date", "number", "quantity"):
        return _ordered(cost, found, asked)
    if asked.operator == "ne":
        return And((exists(found), Not(_equal(cost, found, "eq", asked.value))))
    return _equal(cost, found, asked.operator, asked.value)


def _ordered(cost: Cost, found: Parameter, asked: Compared) -> Condition:
    if asked.operator != "po":
        return values_of(cost, found, "", asked.operator + _escaped(found, asked.value))
    exact = values_of(cost, found, "", f"eq{_escaped(found, asked.value)}")
    return _each(
        exact, lambda one: replace(one, comparison="ap") if isinstance(one, Range | Changed) else one
    )


def _equal(cost: Cost, found: Parameter, operator: str, value: str) -> Condition:
    asked = values_of(cost, found, _MODIFIERS.get(operator, ""), _escaped(found, value))
    how = _HOW.get(operator)
    if how is None:
        return asked
    return _each(asked, lambda one: replace(one, how=how) if isinstance(one, Text) else one)


def _each(asked: Condition, change: Callable[[Condition], Condition]) -> Condition:
    """Change each alternative: a parameter that is a union of others asks each of them."""
    return Or(tuple(_each(one, change) for one in asked.parts)) if isinstance(asked, Or) else change(asked)


def _escaped(found: Parameter, value: str) -> str:
    """A filter's value has no escapes of its own: what would part it gets one."""
    signs = "\\," if found.kind in ("token", "quantity", "composite") else "\\,$|"
    return "".join(f"\\{sign}" if sign in signs else sign for sign in value)


def _special(cost: Cost, base: str, code: str, asked: Compared) -> Condition:
    wanted = "eq" if code == "_list" else "co"
    if asked.operator != wanted or code == "_filter":
        raise bad_value("_filter", "string", example="_content co 胃癌, _text co 胃癌, _list eq 42")
    cost.asks(code, 1)
    return in_list(cost, base, asked.value) if code == "_list" else words.phrase(code, asked.value)


def _no_operator(found: Parameter, operator: str, allowed: tuple[str, ...]) -> NotSupported:
    listed = ", ".join(allowed)
    return NotSupported(
        f"_filter: {found.code} ({found.kind}) に {operator} は使えません。使えるもの: {listed}",
        f"_filter: {found.code} ({found.kind}) is not compared by {operator}. It has: {listed}",
        rule="search.filter.operator",
        place=found.code,
    )


@contextmanager
def _placed(place: int) -> Iterator[None]:
    """Say of what is refused inside where in the filter it stands; the innermost place counts."""
    try:
        yield
    except (BadSearchValue, NotSupported) as failure:
        one = failure.problems[0]
        if one.place == "_filter" or one.place.startswith("_filter "):
            raise
        where = f"_filter {place + 1}: {one.place}"
        raise type(failure)(
            f"_filter の {place + 1} 文字目から: {one.ja}",
            f"_filter, from character {place + 1} on: {one.en}",
            rule=one.rule,
            place=where,
        ) from None
