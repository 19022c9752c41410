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
from kakehashi.fhir.turns import BIT, Turns, at_once
from kakehashi.fhir.validate import validate

MOST = 200  # problems told of one batch
_CLOSELY = 2_000_000  # bytes of a batch that are still looked at once something in it is wrong


@dataclass(slots=True)
class Checked:
    """A wish with its resource read, and the kind of that (None for a delete)."""

    wanted: Wanted
    resource: Resource | None
    kind: Kind | None


def check(batch: Sequence[Wanted], profiles: ProfileSet, *, most: int) -> list[Checked]:
    """Return the wishes with their resources. Raises Malformed, and Invalid naming the problems of all of them.

    `profiles`: those that are installed; a resource that is sound R4 is held against the ones it claims.
    `most`: bytes of a resource that is neither Binary nor Bundle nor terminology. Of a large batch the first problems
    are told.
    """
    return at_once(checking(batch, profiles, most=most))


def checking(batch: Sequence[Wanted], profiles: ProfileSet, *, most: int) -> Turns[list[Checked]]:
    """Do what check() does, with stops on the way."""
    installed = profiles if profiles.packages else None
    checked: list[Checked] = []
    problems: list[Problem] = []
    size = behind = 0  # bytes looked at since the last stop, and since the first problem
    for wanted in batch:
        if len(problems) >= MOST or behind > _CLOSELY:
            problems = [*problems[:MOST], _and_more(wanted.place)]
            break
        one, found = _looked(wanted, installed, most)
        checked.append(one)
        problems += found
        length = len(one.resource.body) if one.resource else 0
        size, behind = size + length, behind + length * bool(problems)
        if size > BIT:
            size = 0
            yield
    if problems:
        raise Invalid(problems=problems)
    return checked


def _looked(wanted: Wanted, installed: ProfileSet | None, most: int) -> tuple[Checked, list[Problem]]:
    """One wish with its resource, and what is wrong with it."""
    resource = wanted.resource
    if resource is None and wanted.body is not None:
        resource = parse(wanted.body)
    if resource is None:
        return Checked(wanted, None, None), []
    kind = kind_of(resource)
    found = _found(wanted, resource, installed, most)
    return Checked(wanted, resource, kind), [
        _placed(one, wanted.place) for one in found if one.severity == "error"
    ]


def _found(wanted: Wanted, resource: Resource, installed: ProfileSet | None, most: int) -> list[Problem]:
    if too_large := size_problem(resource, most):
        return [too_large]
    found = [*_mismatches(wanted, resource), *validate(resource)]
    return found or (installed.check(resource) if installed else found)


def _placed(problem: Problem, place: str) -> Problem:
    return problem.moved(place) if place else problem


def _and_more(place: str) -> Problem:
    return Problem(
        "record.too-many",
        place,
        "ここまでに問題が見つかったので、残りは調べていません。直してからもう一度送ってください。",
        "Problems were found up to here, so the rest was not looked at; mend these and send it again.",
        "too-costly",
    )


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
