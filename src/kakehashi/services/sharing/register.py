"""Registering, replacing and withdrawing a submission: all of it or nothing, in one transaction.

A resend under the same member id and Bundle.identifier replaces the former whole; what is not in the new one is
gone from sight. A Bundle with the Patient alone withdraws. Source: CLINS guide, A4.7 of the project's facts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from kakehashi.core.actors import Actor
from kakehashi.core.errors import Invalid, NotFound, Problem
from kakehashi.core.kinds import Kind
from kakehashi.core.logentry import Note
from kakehashi.engines.house import House
from kakehashi.engines.records.references import rewritten
from kakehashi.fhir.index import index
from kakehashi.fhir.parse import Entry, Resource, entries, parse
from kakehashi.fhir.validate import validate
from kakehashi.people.assign import assign
from kakehashi.services.sharing.rules import check
from kakehashi.services.sharing.submission import (
    Operation,
    Row,
    Submission,
    plan_submission,
    resent_under_new_id,
)
from kakehashi.store import institutions, submissions
from kakehashi.store.idempotency import RequestKey
from kakehashi.store.rows import Draft
from kakehashi.store.whereabouts import whereabouts
from kakehashi.store.write import Writing, writing
from kakehashi.terms import japan
from kakehashi.trust import consents_referral, roles

GUIDE = "1.11.0"  # the version of the guide that a Bundle without a version of its own is held against


@dataclass(frozen=True, slots=True)
class Registered:
    """What came of a submission. `notes`: what was accepted but deserves a word (information, warnings)."""

    operation: Operation
    kind: Kind
    bundle_id: str
    resources: int  # rows that it left, besides Bundle and Patient
    notes: tuple[Problem, ...]
    replaced: bool = False  # a former registration under the same key made way


async def register(
    house: House,
    body: bytes,
    *,
    by: Actor,
    at: datetime,
    key: str = "",
    request: str = "",
    covered: bytes = b"",
    guide: str = GUIDE,
    agreed_orally: bool = False,
) -> Registered:
    """Check and carry out one submission, and return what came of it.

    `key`: the request's idempotency key; `covered`: what it covers besides the body (the address it was sent to).
    `agreed_orally`: the person agreed at the sender that the addressee of this referral may fetch it.

    Raises Malformed, Invalid (with every rule broken), Refused, NotFound (nothing to withdraw), KeyReused, Unavailable;
    then nothing has changed.
    """
    bundle = parse(body)
    found = [*validate(bundle), *check(bundle, version=guide)]
    if any(problem.severity == "error" for problem in found):
        raise Invalid(problems=[problem for problem in found if problem.severity == "error"])
    plan = plan_submission(bundle, by.institution)
    roles.require(
        by, "create" if plan.operation is Operation.REGISTER else "delete", plan.kind, resource_type="Bundle"
    )
    note = Note(by, f"sharing.{plan.operation}", f"Bundle/{plan.bundle_id}", "own", request)
    async with writing(house.db, note, at=at, key=_key(by, key, covered or body)) as work:
        if work.earlier is None:
            replaced = await _carry_out(work, bundle, plan, by, at, agreed=agreed_orally)
            work.outcome = _REPLACED if replaced else _NEW
        else:
            replaced = work.earlier == _REPLACED
    return Registered(plan.operation, plan.kind, plan.bundle_id, len(plan.rows), tuple(found), replaced)


_NEW, _REPLACED = b"new", b"replaced"  # what is kept with an idempotency key


def _key(by: Actor, key: str, body: bytes) -> RequestKey | None:
    return RequestKey.of(by.institution.key, key, body) if key else None


async def _carry_out(
    work: Writing, bundle: Resource, plan: Submission, by: Actor, at: datetime, *, agreed: bool
) -> bool:
    """Carry out the plan; return whether something stored made way for it."""
    known = await whereabouts(work.connection, [("Patient", plan.patient_id), ("Bundle", plan.bundle_id)])
    former = known.get(("Bundle", plan.bundle_id))
    if plan.operation is Operation.WITHDRAW:
        if former is None:
            raise NotFound(
                "取り消す登録がありません。被保険者番号と Bundle.identifier を確かめてください。",
                "There is nothing to withdraw. Check the member id and Bundle.identifier.",
                rule="C1.submission.unknown",
            )
        await work.delete_origin(former.person, plan.origin)
        await work.delete("Bundle", plan.bundle_id)
        return True
    patient = _patient(bundle, plan)
    stored = known.get(("Patient", plan.patient_id))
    reference = f"Patient/{plan.patient_id}"
    assigned = await assign(
        work.connection,
        [patient],
        institution=by.institution,
        by=by,
        at=at,
        known={reference: stored.person} if stored else {},
    )
    person = assigned[reference].person
    await _require_not_resent(work, plan, person, by)
    addressee = await _addressee(work, plan, person, by, at, agreed=agreed)
    drafts = [
        _draft(patient, Kind.PATIENT, 0, person, by, at),
        _whole(bundle, plan, person, addressee, by, at),
        *_parts(bundle, plan, person, by, at),
    ]
    if former is not None:
        await work.delete_origin(former.person, plan.origin, keep=[draft.rid for draft in drafts])
    await work.put_many(drafts)
    return former is not None


async def _require_not_resent(work: Writing, plan: Submission, person: int, by: Actor) -> None:
    """Raise Invalid when a finding of a collection stands under another Bundle.identifier already."""
    if not plan.information:
        return
    keys = [(row.type, row.own_id) for row in plan.rows if row.own_id]
    kept = await submissions.origins_of(
        work.connection, person, by.institution.key, japan.RESOURCE_ID, keys, besides=plan.origin
    )
    former = {key: value for key, body in kept.items() if (value := _collection_number(body))}
    if problems := resent_under_new_id(plan, former):
        raise Invalid(problems=problems)


def _collection_number(body: bytes) -> str:
    """Return Bundle.identifier.value of a collection, "" for a document: its prescriptions are copies by nature."""
    tree = parse(body).tree
    return str(tree["identifier"]["value"]) if tree.get("type") == "collection" else ""


def _patient(bundle: Resource, plan: Submission) -> Resource:
    """The Patient of the submission, under the id that this person has at this institution."""
    entry = next(one for one in entries(bundle) if one.body is not None and _type(one) == "Patient")
    found = parse(entry.body or b"")
    return Resource("Patient", plan.patient_id, found.body, {**found.tree, "id": plan.patient_id})


def _whole(bundle: Resource, plan: Submission, person: int, addressee: int, by: Actor, at: datetime) -> Draft:
    return Draft(
        "Bundle",
        plan.bundle_id,
        person,
        plan.kind,
        by.institution.key,
        plan.at or at,
        bundle.body,
        index(bundle),
        addressee,
        plan.flags,
        0,
    )


def _parts(bundle: Resource, plan: Submission, person: int, by: Actor, at: datetime) -> Iterator[Draft]:
    outer = entries(bundle)
    for row in plan.rows:
        resource = rewritten(_part(outer, row), plan.references)
        named = Resource(row.type, row.id, resource.body, {**resource.tree, "id": row.id})
        draft = _draft(named, row.kind, row.flags, person, by, row.at or at)
        draft.origin = plan.origin
        yield draft


def _part(outer: Sequence[Entry], row: Row) -> Resource:
    entry = outer[row.index]
    if row.inner is not None:
        entry = entries(parse(entry.body or b""))[row.inner]
    return parse(entry.body or b"")


def _draft(resource: Resource, kind: Kind, flags: int, person: int, by: Actor, at: datetime) -> Draft:
    return Draft(
        resource.type,
        resource.id or "",
        person,
        kind,
        by.institution.key,
        at,
        resource.body,
        index(resource),
        0,
        flags,
    )


async def _addressee(
    work: Writing, plan: Submission, person: int, by: Actor, at: datetime, *, agreed: bool
) -> int:
    """The addressee that the document may carry now: 0 for none, or while the person has not agreed."""
    if plan.addressee is None:
        return 0
    try:
        receiver = await institutions.by_code(work.connection, plan.addressee)
    except NotFound:
        raise Invalid(
            f"紹介先 {plan.addressee} はこのネットワークに参加していません。紹介状は紙などほかの方法で渡してください。",
            f"The addressee {plan.addressee} does not take part in this network; send the referral another way.",
            rule="C1.submission.addressee",
            place="Bundle.entry[0].resource.section",
        ) from None
    return await consents_referral.register(
        work.connection,
        person,
        f"Bundle/{plan.bundle_id}",
        plan.kind,
        receiver.key,
        by=by,
        at=at,
        agreed_orally=agreed,
    )


def _type(entry: Entry) -> str:
    return parse(entry.body or b"").type
