"""Validation of R4 resources: structure, cardinality, types, primitives, required bindings, references, invariants.

`validate` is what a write asks: errors only, quick when there are none. `explain` is what $validate asks: all,
warnings too. What is not checked, and why, stands in invariants.UNCHECKED and validation/codes.NOT_HELD.
"""

from kakehashi.core.errors import Problem
from kakehashi.fhir.parse import Resource
from kakehashi.fhir.validation.accept import accepts
from kakehashi.fhir.validation.explain import explained


def validate(resource: Resource) -> list[Problem]:
    """Return the errors of a resource, in the order of the text; empty when it is valid R4."""
    if accepts(resource.tree, len(resource.body)):
        return []
    return explained(resource.tree, warnings=False)


def explain(resource: Resource) -> list[Problem]:
    """Return the errors and the warnings of a resource."""
    found = explained(resource.tree)
    if accepts(resource.tree, len(resource.body)):  # then nothing but a walk cut short can have said "error"
        return [problem for problem in found if problem.severity != "error"]
    return found
