"""Find or make the person of each Patient resource: look up in bulk, judge purely, write in bulk.

Two institutions that register the same member at once: the second waits for the first one's key, finds it
taken, rolls back to where it began and judges again with what the first one wrote.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from kakehashi.core.actors import Actor, Institution
from kakehashi.core.ids import new_person_key
from kakehashi.fhir.parse import Resource
from kakehashi.people import demographics, identifiers, records
from kakehashi.people.identifiers import MEMBER_SYSTEM
from kakehashi.people.judge import (
    Claimed,
    Found,
    Key,
    Said,
    Step,
    Verdict,
    again_keys,
    judge,
    keys_of,
    own_key,
)
from kakehashi.people.transactions import inside
from kakehashi.store import people, people_doubts
from kakehashi.store.database import Connection, Database

_TRIES = 8  # rounds after a lost race; each loss means that somebody else made progress
_MOST_LIKE = 5  # candidates noted for one new person


@dataclass(frozen=True, slots=True)
class Assigned:
    """Under which person a Patient's records are written, and how sure that is."""

    person: int
    step: Step
    rule: str  # which rule decided, e.g. "own-number", "identifier", "contradiction"
    suspended: bool  # nobody but the writing institution may see them until it is settled


@dataclass(slots=True)
class _Work:
    """What one round has decided, to be written at its end."""

    found: Found
    links: dict[tuple[int, Key], str]  # (person, key) -> state, as stored
    doubted: set[int]  # persons whose link with this institution is in doubt
    stored: dict[int, demographics.Demographics]  # this institution's descriptions, by person
    answers: dict[str, Assigned] = field(default_factory=dict)
    persons: list[int] = field(default_factory=list)
    keys: dict[Key, int] = field(default_factory=dict)
    new_links: list[people.Json] = field(default_factory=list)
    insured: dict[int, str] = field(default_factory=dict)  # persons who came with another member id
    described: dict[int, people.Json] = field(default_factory=dict)
    suspensions: list[people.Json] = field(default_factory=list)
    candidates: dict[tuple[int, int], people.Json] = field(default_factory=dict)


async def assign(
    db: Database | Connection,
    patients: Sequence[Resource],
    *,
    institution: Institution,
    by: Actor,
    at: datetime,
    known: Mapping[str, int] | None = None,
) -> dict[str, Assigned]:
    """Return the person of each Patient by its reference ("Patient/<id>"), making those that are new.

    With a Connection it works inside the caller's transaction, with a Database in one of its own. `known` are
    the persons of Patient resources that are already stored under these references: they stay where they are.
    Identifiers that cannot be read are not used; `identifiers.of_patient` tells what is wrong with them.
    Raises Raced (409) when others kept taking the same identifiers.
    """
    claims = {f"Patient/{one.id}": _claim(one, institution, known or {}) for one in patients}
    for _ in range(_TRIES):
        try:
            async with inside(db) as connection:
                return await _round(connection, claims, institution, by.subject, at)
        except (people.Raced, asyncpg.DeadlockDetectedError):
            continue
    raise people.Raced


def _claim(patient: Resource, institution: Institution, known: Mapping[str, int]) -> Claimed:
    said, _ = identifiers.of_patient(patient)
    who = demographics.of_patient(patient)
    return Claimed(
        institution.key,
        who,
        keys_of(said, who, institution.key),
        own_key(said, institution.code),
        again_keys(said, who, institution.key),
        known.get(f"Patient/{patient.id}"),
    )


async def _round(
    db: Connection, claims: Mapping[str, Claimed], institution: Institution, by: str, at: datetime
) -> dict[str, Assigned]:
    work = await _look(db, list(claims.values()), institution.key)
    for reference, claimed in claims.items():
        work.answers[reference] = _decide(work, reference, claimed)
    await _write(db, work, institution.key, by, at)
    return work.answers


async def _look(db: Connection, claims: Sequence[Claimed], institution: int) -> _Work:
    keys = {key for claimed in claims for key in (*claimed.keys, *claimed.again.values())}
    rows = await people.holders(db, sorted(keys))
    holders = {Key(row["system"], row["value"], row["holder"]): row["person"] for row in rows}
    known = [claimed.known for claimed in claims if claimed.known is not None]
    roots = {row["person"]: row["root"] for row in rows} | await people.roots(db, known)
    described = await people.descriptions(db, sorted(set(roots.values())))
    links = await people.open_links(db, sorted(roots), institution)
    said: dict[int, list[Said]] = {}
    for row in described:
        one = Said(row["institution"], records.described(row), row["doubted"])
        said.setdefault(row["root"], []).append(one)
    mine = [row for row in described if row["institution"] == institution]
    return _Work(
        Found(holders, roots, said),
        {(row["person"], Key(row["system"], row["value"], row["holder"])): row["state"] for row in links},
        {row["person"] for row in mine if row["doubted"]},
        {row["person"]: records.described(row) for row in mine},
    )


def _decide(work: _Work, reference: str, claimed: Claimed) -> Assigned:
    verdict = judge(work.found, claimed)
    if verdict.person is not None and _said_already(work, claimed, verdict.person):
        return Assigned(verdict.person, Step.SAME, verdict.rule, verdict.person in work.doubted)
    person = verdict.person if verdict.person is not None else _make(work)
    _take_keys(work, claimed, verdict, person)
    _describe(work, reference, claimed, person, verdict)
    return Assigned(person, verdict.step, verdict.rule, person in work.doubted)


def _said_already(work: _Work, claimed: Claimed, person: int) -> bool:
    """A resend of what was judged before is not judged again: what an operator has settled stays settled."""
    linked = all((person, key) in work.links for key in claimed.keys)
    return linked and work.stored.get(person) == claimed.demographics


def _make(work: _Work) -> int:
    person = new_person_key()
    work.persons.append(person)
    work.found.roots[person] = person
    return person


def _take_keys(work: _Work, claimed: Claimed, verdict: Verdict, person: int) -> None:
    """Link the person with each claimed key; what somebody else holds is noted as disputed, not taken."""
    for key in claimed.keys:
        disputed = key in verdict.disputed
        taken = claimed.again.get(key) if disputed and claimed.own is None else None if disputed else key
        if taken is not None and taken not in work.found.holders:
            work.keys[taken] = work.found.holders[taken] = person
        if (person, key) in work.links:
            continue
        state = "disputed" if disputed else "held"
        work.links[person, key] = state
        evidence = {"rule": verdict.rule, **verdict.evidence}
        work.new_links.append({"person": person, **key._asdict(), "state": state, "evidence": evidence})
        if not disputed and verdict.person is not None and key.system == MEMBER_SYSTEM:
            work.insured[person] = key.value


def _describe(work: _Work, reference: str, claimed: Claimed, person: int, verdict: Verdict) -> None:
    root = work.found.root(person)
    if verdict.suspended:
        if person not in work.doubted:
            work.suspensions.append(_suspension(person, claimed.institution, verdict))
        work.doubted.add(person)
    for other in sorted(verdict.review - {root}):
        work.candidates[min(root, other), max(root, other)] = _candidate(root, other, verdict)
    if work.stored.get(person) != claimed.demographics:
        work.described[person] = records.row(person, reference, claimed.demographics)
        work.stored[person] = claimed.demographics
    said = [one for one in work.found.said.get(root, ()) if one.institution != claimed.institution]
    work.found.said[root] = [*said, Said(claimed.institution, claimed.demographics, person in work.doubted)]


def _suspension(person: int, institution: int, verdict: Verdict) -> people.Json:
    return {
        "person": person,
        "institution": institution,
        "apart": verdict.step is Step.SUSPENDED_NEW,
        "other": None if verdict.own_doubt else min(verdict.review, default=None),
        "evidence": {"rule": verdict.rule, **verdict.evidence},
    }


def _candidate(one: int, other: int, verdict: Verdict) -> people.Json:
    evidence = {"rule": verdict.rule, **verdict.evidence}
    agreeing = {item: said == "agrees" for item, said in verdict.evidence.items()}
    score = records.score(agreeing, identifier=True)
    return {"one": min(one, other), "other": max(one, other), "score": score, "evidence": evidence}


async def _write(db: Connection, work: _Work, institution: int, by: str, at: datetime) -> None:
    await people.add_persons(db, work.persons, by=by, at=at)
    await people.add_keys(db, list(work.keys.items()))
    await people.close_links(db, MEMBER_SYSTEM, work.insured, institution, at=at)
    await people.add_links(db, work.new_links, institution, by=by, at=at)
    await people.put_descriptions(db, list(work.described.values()), institution, at=at)
    await people_doubts.add_suspensions(db, work.suspensions, by=by, at=at)
    for row in await people.likenesses(db, work.persons, _MOST_LIKE):
        pair = min(row["person"], row["other"]), max(row["person"], row["other"])
        work.candidates.setdefault(pair, records.likeness(row))
    await people_doubts.add_candidates(db, list(work.candidates.values()), at=at)
