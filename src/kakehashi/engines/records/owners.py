"""Whose is each resource of a submission: the person it is about. Asked inside the transaction that writes."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from kakehashi.core.actors import Actor
from kakehashi.core.errors import Invalid, Problem
from kakehashi.fhir.facts import logical_reference, subject_of
from kakehashi.fhir.parse import Resource
from kakehashi.people import assign as people_assign
from kakehashi.store.database import Connection
from kakehashi.store.whereabouts import whereabouts

_LITERAL = re.compile(r"(?:.*/)?(Patient)/([A-Za-z0-9\-.]{1,64})(?:/_history/\S+)?", re.ASCII)


async def persons_of(
    db: Connection, resources: Sequence[Resource], places: Sequence[str], *, by: Actor, at: datetime
) -> list[int]:
    """Return the person of each resource, 0 for one about nobody; ids are set and references literal by now.

    Raises Invalid naming each subject that is not known to the institution.
    """
    patients = [one for one in resources if one.type == "Patient"]
    subjects = [subject_of(one) for one in resources]
    mine = {f"Patient/{one.id}" for one in patients}
    known = await _stored(db, [s for s in subjects if s], by)
    assigned = await _assigned(db, patients, known, by=by, at=at) if patients else {}
    logical = {said: one for one in patients for said in _said_identifiers(one)}
    persons, problems = [], []
    for resource, place, subject in zip(resources, places, subjects, strict=True):
        reference = _reference(subject, logical)
        person = assigned.get(reference or "") if reference in mine else known.get(reference or "")
        if subject and person is None:
            problems.append(_unknown(place or resource.type))
        persons.append(person or 0)
    if problems:
        raise Invalid(problems=problems)
    return persons


def _reference(subject: str | None, logical: Mapping[str, Resource]) -> str | None:
    if subject is None:
        return None
    if subject in logical:
        return f"Patient/{logical[subject].id}"
    match = _LITERAL.fullmatch(subject)
    return f"Patient/{match[2]}" if match else None


def _said_identifiers(patient: Resource) -> list[str]:
    said = patient.tree.get("identifier")
    return [
        logical_reference(str(one.get("system", "")), str(one["value"]))
        for one in (said if isinstance(said, list) else [])
        if isinstance(one, dict) and one.get("value")
    ]


async def _stored(db: Connection, subjects: Sequence[str], by: Actor) -> dict[str, int]:
    """The persons of Patient resources that are stored already, and are this institution's own."""
    matches = (_LITERAL.fullmatch(subject) for subject in subjects)
    keys = {(match[1], match[2]) for match in matches if match}
    found = await whereabouts(db, keys)
    return {
        f"{kind}/{name}": place.person
        for (kind, name), place in found.items()
        if place.custodian == by.institution.key
    }


async def _assigned(
    db: Connection, patients: Sequence[Resource], known: Mapping[str, int], *, by: Actor, at: datetime
) -> dict[str, int]:
    found = await people_assign.assign(db, patients, institution=by.institution, by=by, at=at, known=known)
    return {reference: one.person for reference, one in found.items()}


def _unknown(place: str) -> Problem:
    return Problem(
        "record.subject",
        place,
        "この記録の患者が登録されていません。先に Patient を登録するか、同じ transaction に入れてください。",
        "The patient of this record is not registered by you. Register the Patient first, or in the same transaction.",
        "not-found",
    )
