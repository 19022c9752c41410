"""Parse and validate what was sent. Pure: no database is asked whether a resource is well made."""

from collections.abc import Sequence
from dataclasses import dataclass

from kakehashi.core.errors import Invalid, Problem
from kakehashi.core.ids import FHIR_ID
from kakehashi.core.kinds import Kind
from kakehashi.engines.records.sizes import size_problem
from kakehashi.engines.records.wanted import Method, Wanted
from kakehashi.fhir.facts import kind_of
from kakehashi.fhir.parse import Resource, parse
from kakehashi.fhir.profiles import ProfileSet
from kakehashi.fhir.validate import validate


@dataclass(slots=True)
class Checked:
    """A wish with its resource read, and the kind of that (None for a delete)."""

    wanted: Wanted
    resource: Resource | None
    kind: Kind | None


def check(batch: Sequence[Wanted], profiles: ProfileSet, *, most: int) -> list[Checked]:
    """Return the wishes with their resources. Raises Malformed, and Invalid naming every problem of all of them.

    `profiles`: those that are installed; a resource that is sound R4 is held against the ones it claims.
    `most`: bytes of a resource that is neither Binary nor Bundle.
    """
    installed = profiles if profiles.packages else None
    checked: list[Checked] = []
    problems: list[Problem] = []
    for wanted in batch:
        resource = wanted.resource
        if resource is None and wanted.body is not None:
            resource = parse(wanted.body)
        kind = None
        if resource is not None:
            kind = kind_of(resource)
            found = _found(wanted, resource, installed, most)
            problems += (_placed(one, wanted.place) for one in found if one.severity == "error")
        checked.append(Checked(wanted, resource, kind))
    if problems:
        raise Invalid(problems=problems)
    return checked


def _found(wanted: Wanted, resource: Resource, installed: ProfileSet | None, most: int) -> list[Problem]:
    if too_large := size_problem(resource, most):
        return [too_large]
    found = [*_mismatches(wanted, resource), *validate(resource)]
    return found or (installed.check(resource) if installed else found)


def _placed(problem: Problem, place: str) -> Problem:
    return problem.moved(place) if place else problem


def _mismatches(wanted: Wanted, resource: Resource) -> list[Problem]:
    """What the address says and what the resource says must agree (https://hl7.org/fhir/R4/http.html#update)."""
    found = []
    if resource.type != wanted.type:
        found.append(
            Problem(
                "http.type",
                f"{resource.type}.resourceType",
                f"宛先は {wanted.type} ですが、リソースは {resource.type} です。どちらかに揃えてください。",
                f"The address says {wanted.type}, the resource says {resource.type}. Make them agree.",
            )
        )
    if wanted.method is Method.UPDATE and wanted.id is not None:
        if resource.id != wanted.id:
            found.append(
                Problem(
                    "http.id",
                    f"{resource.type}.id",
                    "リソースの id が宛先の id と一致しません。同じ id を入れてください。",
                    "The resource's id is not the one in the address. Put the same id in both.",
                )
            )
        elif not FHIR_ID.fullmatch(wanted.id):
            found.append(
                Problem(
                    "http.id",
                    f"{resource.type}.id",
                    "id は半角の英数字と - . だけ、64文字までです。",
                    "An id has letters, digits, - and . only, 64 at most.",
                )
            )
    return found
