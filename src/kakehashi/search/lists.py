"""`_list`: what a List names, and R4's functional lists, which are made of what resources say of themselves.

Source: https://hl7.org/fhir/R4/search.html#list, https://hl7.org/fhir/R4/lifecycle.html#lists
"""

import re
from typing import Final

from kakehashi.fhir.indexing.parameters import parameter
from kakehashi.search.conditions import Asked, condition
from kakehashi.search.links import Cost, any_of
from kakehashi.search.plan import And, Condition, HasId, Not, Reverse
from kakehashi.search.refusals import bad_value, unsupported

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)

# By functional list and resource type: a parameter and its values, one of which must (or, with "!", may not) be there.
CURRENT: Final[dict[str, dict[str, tuple[tuple[str, str], ...]]]] = {
    "$current-problems": {
        "Condition": (
            ("clinical-status", "active,recurrence,relapse"),
            ("!verification-status", "entered-in-error,refuted"),
        ),
    },
    "$current-allergies": {
        "AllergyIntolerance": (
            ("!clinical-status", "inactive,resolved"),
            ("!verification-status", "entered-in-error,refuted"),
        ),
    },
    "$current-drug-allergies": {
        "AllergyIntolerance": (
            ("category", "medication"),
            ("!clinical-status", "inactive,resolved"),
            ("!verification-status", "entered-in-error,refuted"),
        ),
    },
    "$current-medications": {
        "MedicationStatement": (("status", "active,intended"),),
        "MedicationRequest": (("status", "active"), ("!intent", "proposal,option")),
    },
}


def in_list(cost: Cost, base: str, value: str) -> Condition:
    """Return the condition that a List, by its id, or a functional one names the resource.

    The List itself must be visible to whoever asks. Raises BadSearchValue, NotSupported, TooCostly.
    """
    if value.startswith("$"):
        return _current(cost, base, value)
    item = parameter("List", "item")
    name = value.removeprefix("List/")
    if not _ID.fullmatch(name):
        raise bad_value("_list", "token", example="42, $current-allergies")
    assert item is not None
    cost.looks_further("_list")
    return Reverse("List", item, HasId((name,)))


def _current(cost: Cost, base: str, name: str) -> Condition:
    found = CURRENT.get(name, {}).get(base)
    if found is None:
        known = ", ".join(f"{kind}?_list={one}" for one, kinds in CURRENT.items() for kind in kinds)
        raise unsupported("_list", f"使えるもの: {known}", f"there are: {known}")
    return And(tuple(_said(cost, base, code, values) for code, values in found))


def _said(cost: Cost, base: str, code: str, values: str) -> Condition:
    asked = parameter(base, code.removeprefix("!"))
    assert asked is not None, f"{base}.{code}"
    one_of = any_of([condition(asked, Asked(now=cost.now), value) for value in values.split(",")])
    return Not(one_of) if code.startswith("!") else one_of
