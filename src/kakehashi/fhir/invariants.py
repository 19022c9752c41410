"""R4's invariants: which are checked by FHIRPath, which by hand, which not and why.

A test asks of every key in the definitions that it stands in exactly one of these.
"""

from functools import cache

from kakehashi.fhir import definitions
from kakehashi.fhir.definitions import Constraint
from kakehashi.fhir.paths.evaluate import Path, compile_path

BY_HAND: dict[str, str] = {
    "ele-1": "structure: an object holds something besides its id",
    "dom-2": "contained resources hold no contained resources",
    "dom-3": "contained resources are referred to, or refer to their container",
    "dom-4": "contained resources have no version and no time of change",
    "dom-5": "contained resources have no security label",
    "ref-1": "a local reference finds a contained resource",
    "txt-1": "narrative: allowed elements and attributes",
    "txt-2": "narrative: shows something",
    "sqty-1": "structure: a SimpleQuantity has no member `comparator`",
}
"""Checked in Python, because FHIRPath cannot say it or would be slow."""

UNCHECKED: dict[str, str] = {
    "con-3": "a warning whose expression, as published, is never satisfied when a category is given",
}
"""Not checked, with the reason."""

REWRITTEN: dict[str, str] = {
    "start.hasValue().not() or end.hasValue().not() or (start <= end)": (
        "start.hasValue().not() or end.hasValue().not() or (start > end).empty() or (start > end).not()"
    ),
    "whenHandedOver.empty() or whenPrepared.empty() or whenHandedOver >= whenPrepared": (
        "whenHandedOver.empty() or whenPrepared.empty() or (whenHandedOver < whenPrepared).empty()"
        " or (whenHandedOver < whenPrepared).not()"
    ),
    "lastModified.exists().not() or authoredOn.exists().not() or lastModified >= authoredOn": (
        "lastModified.empty() or authoredOn.empty() or (lastModified < authoredOn).empty()"
        " or (lastModified < authoredOn).not()"
    ),
}
"""Expressions that refuse dates known too roughly to compare, with what stands in for them.

2012-02-03T10:00 to 2012-02-03 is a good period, and `<=` is empty there.
Source: https://hl7.org/fhir/R4/datatypes.html#Period.
"""


def expression(constraint: Constraint) -> str:
    """Return the FHIRPath that is checked for an invariant."""
    return REWRITTEN.get(constraint.expression, constraint.expression)


@cache
def checked(constraints: tuple[Constraint, ...]) -> tuple[tuple[Constraint, Path], ...]:
    """Return the constraints that FHIRPath checks, each with its function."""
    return tuple(
        (one, compile_path(expression(one)))
        for one in constraints
        if one.key not in BY_HAND and one.key not in UNCHECKED
    )


def all_constraints() -> dict[str, set[str]]:
    """Return every invariant key of the definitions with its expressions (HL7 gave `inv-1` to four)."""
    found: dict[str, set[str]] = {}
    for structure in definitions.load().structures.values():
        for element in structure.elements:
            for one in element.constraints:
                found.setdefault(one.key, set()).add(one.expression)
    return found
