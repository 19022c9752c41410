"""How sure it is that a Patient is the one described: a score and a grade, of the two descriptions alone. Pure.

| what the Patient shares with the description                                   | grade |
| --- | --- |
| a number that names one person, with birth date and name; or the asker's own number, not contradicted | certain |
| any identifier, and nothing contradicts; or birth date and name, and address or telephone | probable |
| birth date and name, and sex does not contradict | possible |
| an identifier, but birth date, sex or name contradict | certainly-not |

Anything else is no candidate. The grades follow `people/judge`: certain only where linking would be.
Source of the codes: https://hl7.org/fhir/R4/valueset-match-grade.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kakehashi.fhir.parse import Resource
from kakehashi.people import demographics, identifiers, records
from kakehashi.people.addresses import Address, alike
from kakehashi.people.demographics import Demographics
from kakehashi.people.identifiers import Identifier, LocalNumber
from kakehashi.people.judge import Agreement, compare


class Grade(StrEnum):
    """How sure a match is, best first."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    POSSIBLE = "possible"
    CERTAINLY_NOT = "certainly-not"


@dataclass(frozen=True, slots=True)
class Described:
    """A Patient as it is compared."""

    who: Demographics
    identifiers: tuple[Identifier, ...]

    @classmethod
    def of(cls, patient: Resource) -> "Described":
        """Read a Patient; what cannot be read is not compared."""
        return cls(demographics.of_patient(patient), tuple(identifiers.of_patient(patient)[0]))


def graded(asked: Described, found: Described, *, own: str) -> tuple[Grade, float] | None:
    """Return how sure it is, and the score (0 to 1); None for no candidate. `own`: the asker's institution code."""
    shared = _shared(asked.identifiers, found.identifiers)
    seen = compare(asked.who, found.who)
    near = alike_places(asked.who.address, found.who.address)
    phone = bool(set(asked.who.phones) & set(found.who.phones))
    agreeing = {item: said == Agreement.AGREES for item, said in seen.evidence().items()}
    score = records.score(agreeing | {"address": near, "phone": phone}, identifier=bool(shared))
    if not shared and not seen.agrees:
        return None
    return _grade(shared, seen.agrees, seen.contradicts, near or phone, own), score


def alike_places(one: Address, other: Address) -> bool:
    """Say whether two addresses agree, whichever of them says more."""
    return alike(one, other) or alike(other, one)


def _grade(shared: Sequence[Identifier], agrees: bool, contradicts: bool, place: bool, own: str) -> Grade:
    if contradicts:
        return Grade.CERTAINLY_NOT
    mine = any(isinstance(one, LocalNumber) and one.institution == own for one in shared)
    if mine or (agrees and any(one.names_one for one in shared)):
        return Grade.CERTAIN
    return Grade.PROBABLE if shared or place else Grade.POSSIBLE


def _shared(asked: Sequence[Identifier], found: Sequence[Identifier]) -> list[Identifier]:
    there = {(one.system, one.value) for one in found}
    return [one for one in asked if (one.system, one.value) in there]
