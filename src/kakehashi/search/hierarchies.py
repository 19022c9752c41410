"""`:below` and `:above` of references: to a place, an organisation or a visit, or to what lies under or over it.

`Encounter?location:below=Location/42`. What is seen of the hierarchy counts: a link that is hidden joins nothing.
Source: https://hl7.org/fhir/R4/search.html#reference
"""

from typing import Final, Literal

from kakehashi.fhir.indexing.parameters import Parameter
from kakehashi.search.conditions import Asked, condition, named
from kakehashi.search.links import Cost, any_of
from kakehashi.search.plan import Chain, Condition, HasId, Or, PointsTo, Reverse
from kakehashi.search.refusals import bad_value, unsupported

LEVELS: Final = 6  # of a hierarchy, over or under what is asked for
PARTS: Final = {
    "Location": "partof",
    "Organization": "partof",
    "Encounter": "part-of",
}  # by type: what says "part of"


def around(cost: Cost, found: Parameter, how: Literal["above", "below"], value: str) -> Condition:
    """Return the condition that a reference leads to this, or to something under (over) it.

    Raises BadSearchValue, NotSupported where the type has no hierarchy, TooCostly.
    """
    pointed = _pointers(condition(found, Asked("", cost.now, cost.base_url), value))
    hierarchic = [one for one in pointed if one.type in PARTS]
    if not pointed:
        raise bad_value(f"{found.code}:{how}", "reference", example="Location/42")
    if not hierarchic:
        known = ", ".join(PARTS)
        raise unsupported(
            f"{found.code}:{how}", f"階層は {known} だけにあります。", f"only {known} have a hierarchy."
        )
    make = _below if how == "below" else _above
    return any_of([make(cost, one) for one in hierarchic])


def _pointers(asked: Condition) -> list[PointsTo]:
    if isinstance(asked, Or):
        return [one for part in asked.parts for one in _pointers(part)]
    return [asked] if isinstance(asked, PointsTo) else []


def _below(cost: Cost, asked: PointsTo) -> Condition:
    """It, or a part of a part of … it."""
    part_of = _part_of(asked.type)
    found: Condition = PointsTo(part_of, asked.type, asked.id)
    for _ in range(LEVELS - 1):
        cost.looks_further(asked.parameter.code)
        found = Or((PointsTo(part_of, asked.type, asked.id), Chain(part_of, asked.type, found)))
    cost.looks_further(asked.parameter.code)
    return Or((asked, Chain(asked.parameter, asked.type, found)))


def _above(cost: Cost, asked: PointsTo) -> Condition:
    """It, or what it is a part of a part of …"""
    part_of = _part_of(asked.type)
    found: Condition = Reverse(asked.type, part_of, HasId((asked.id,)))
    for _ in range(LEVELS - 1):
        cost.looks_further(asked.parameter.code)
        found = Reverse(asked.type, part_of, Or((HasId((asked.id,)), found)))
    cost.looks_further(asked.parameter.code)
    return Or((asked, Chain(asked.parameter, asked.type, found)))


def _part_of(resource_type: str) -> Parameter:
    return named(Parameter(resource_type, "", "reference"), PARTS[resource_type])
