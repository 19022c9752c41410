"""The values of one parameter to a condition: alternatives, `:missing`, `:not`; the columns `_id`, `_lastUpdated`."""

import re
from typing import Literal

from kakehashi.fhir.indexing.parameters import Parameter
from kakehashi.search import measures
from kakehashi.search.conditions import Asked, condition, named
from kakehashi.search.hierarchies import around
from kakehashi.search.links import Cost, any_of
from kakehashi.search.plan import And, Changed, Condition, Exists, HasId, Not, Or
from kakehashi.search.refusals import bad_modifier, bad_value
from kakehashi.search.split import plain, split

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_NEGATED = {"not": "", "not-in": "in"}  # modifiers of tokens, and of what they are the opposite


def values_of(cost: Cost, found: Parameter, modifier: str, value: str) -> Condition:
    """Return the condition that some of the values (between commas) holds. Raises BadSearchValue, TooCostly."""
    if modifier == "missing":
        return _missing(found, value)
    values = split(value, ",")
    cost.asks(found.code, len(values))
    if found.code == "_id":
        return _ids(modifier, values)
    if found.code == "_lastUpdated":
        return any_of([_changed(cost, modifier, one) for one in values])
    if found.kind == "reference" and modifier in ("above", "below"):
        how: Literal["above", "below"] = "above" if modifier == "above" else "below"
        return any_of([around(cost, found, how, one) for one in values])
    negated = modifier in _NEGATED and found.kind == "token"
    asked = Asked(_NEGATED[modifier] if negated else modifier, cost.now, cost.base_url)
    whole = any_of([condition(found, asked, one) for one in values])
    return Not(whole) if negated else whole


def exists(found: Parameter) -> Condition:
    """A column is always there; a union where a member is; a composite of the resource where all components are."""
    if found.code in ("_id", "_lastUpdated"):
        return And()
    if found.union:
        return Or(tuple(exists(named(found, code)) for code in found.union))
    if found.both:
        return And(tuple(exists(named(found, code)) for code in found.both))
    return Exists(found)


def _ids(modifier: str, values: list[str]) -> Condition:
    if modifier not in ("", "not"):
        raise bad_modifier("_id", modifier, ("not",))
    ids = tuple(plain(one) for one in values)
    if not all(_ID.fullmatch(one) for one in ids):
        raise bad_value("_id", "token", example="123,abc-4")
    return Not(HasId(ids)) if modifier else HasId(ids)


def _changed(cost: Cost, modifier: str, value: str) -> Condition:
    if modifier:
        raise bad_modifier("_lastUpdated", modifier, ())
    found = measures.date(plain(value), now=cost.now)
    if found is None:
        raise bad_value("_lastUpdated", "date")
    return Changed(found.comparison, found.low, found.high)


def _missing(found: Parameter, value: str) -> Condition:
    if value not in ("true", "false"):
        raise bad_value(f"{found.code}:missing", "token", example="true")
    there = exists(found)
    return Not(there) if value == "true" else there
