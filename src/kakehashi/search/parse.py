"""Search text to a Query: names, modifiers, chains, `_has`; what concerns the result is in results.py.

`parse_query("Observation", [("code", "718-7"), ("subject:Patient.name", "山田")])`. Names that a type does not
have are passed over and listed in `Query.ignored`, or refused when `strict`; inside a chain they are always
refused, since without them the chain would say something else. Source: https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from kakehashi.fhir.indexing.errata import NOT_EXTRACTED
from kakehashi.fhir.indexing.parameters import Parameter, parameter, parameters
from kakehashi.search import results, words
from kakehashi.search.filtering import filtered
from kakehashi.search.leaves import values_of
from kakehashi.search.links import EVERYWHERE, Cost, any_of, back, chain
from kakehashi.search.lists import in_list
from kakehashi.search.plan import And, Condition, Query
from kakehashi.search.refusals import bad_modifier, bad_value, too_costly, unknown, unsupported
from kakehashi.search.split import plain, split

PARAMETERS = 50  # parameters a request
LENGTH = 4000  # characters a value list


class _Unknown(Exception):
    """The outermost type has no parameter of that name; never leaves this module."""


def parse_query(
    resource_type: str,
    pairs: Iterable[tuple[str, str]],
    *,
    strict: bool = False,
    at: datetime | None = None,
    base_url: str = "",
) -> Query:
    """Return the Query that the pairs of name and value ask for.

    `at` is the moment that `ap` is reckoned from; `base_url` the server's own, whose references are local.
    Raises BadSearchValue, NotSupported, TooCostly; each names the parameter and shows an example.
    """
    listed = list(pairs)
    if len(listed) > PARAMETERS:
        raise too_costly(
            "", f"検索パラメータは {PARAMETERS} 個までです。", f"at most {PARAMETERS} parameters."
        )
    now = (at or datetime.fromtimestamp(0, UTC)).timestamp() * 1000
    cost = Cost(now, base_url.rstrip("/"))
    asked, rest = results.read(resource_type, listed)
    parts, used = [], []
    for name, value in rest:
        try:
            parts.append(_condition(cost, resource_type, name, value, 0))
            used.append((name, value))
        except _Unknown:
            if strict:
                raise unknown(resource_type, name, tuple(parameters(resource_type))) from None
            cost.ignored.append(name)
    return asked.query(resource_type, And(tuple(parts)), used, cost.ignored)


def _condition(cost: Cost, base: str, name: str, value: str, depth: int) -> Condition:
    """Return the condition of one pair, on resources of type `base`."""
    if len(value) > LENGTH:
        raise too_costly(name, f"値は {LENGTH} 文字までです。", f"at most {LENGTH} characters.")
    if name.startswith("_has:"):
        return _reverse(cost, name, value, depth)
    head, dot, further = name.partition(".")
    code, _, modifier = head.partition(":")
    if code in EVERYWHERE and not dot:
        return _everywhere(cost, base, code, modifier, value, depth)
    if code in NOT_EXTRACTED:
        raise unsupported(code, *NOT_EXTRACTED[code].split(" / "))
    found = parameter(base, code)
    if found is None:
        if depth:
            raise unknown(base, code, tuple(parameters(base)))
        raise _Unknown
    if dot:
        return _chain(cost, found, modifier, further, value, depth)
    return values_of(cost, found, modifier, value)


def _everywhere(cost: Cost, base: str, code: str, modifier: str, value: str, depth: int) -> Condition:
    """`_filter`, `_text`, `_content`, `_list`: what every type can be asked that no index entry of its own answers."""
    if modifier:
        raise bad_modifier(code, modifier, ())
    if code == "_filter":
        return filtered(cost, base, value, depth)
    values = [plain(one) for one in split(value, ",")]
    cost.asks(code, len(values))
    if code == "_list":
        return any_of([in_list(cost, base, one) for one in values])
    return any_of([words.asked_for(code, one) for one in values])


def _chain(cost: Cost, found: Parameter, modifier: str, further: str, value: str, depth: int) -> Condition:
    """`subject:Patient.name`, `subject.name`: references to resources that meet the rest."""
    code = further.partition(".")[0].partition(":")[0]

    def where(target: str) -> Condition:
        return _condition(cost, target, further, value, depth + 1)

    parts = chain(cost, found, modifier, [code], depth, where)
    if further == "identifier":  # a logical reference says itself what the chain asks of its target
        parts += [values_of(cost, member, "identifier", value) for member in found.members()]
    return any_of(parts)


def _reverse(cost: Cost, name: str, value: str, depth: int) -> Condition:
    """`_has:Observation:patient:code`: resources that refer here and meet the rest."""
    parts = name.split(":", 3)
    if len(parts) != 4 or not parts[3]:
        raise bad_value("_has", "token", example="_has:Observation:patient:code=718-7")
    _, source, code, further = parts
    return back(cost, source, code, depth, lambda kind: _condition(cost, kind, further, value, depth + 1))
