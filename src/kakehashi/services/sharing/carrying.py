"""Carrying out submissions inside an open transaction: several at once, each look-up and each write once for all.

All of them are carried out, or the first that may not be raises and nothing is. register.py is the door.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kakehashi.core.actors import Actor
from kakehashi.core.errors import Conflict, Invalid, NotFound, Problem
from kakehashi.core.kinds import Kind
from kakehashi.engines.records.references import rewritten
from kakehashi.fhir.index import index
from kakehashi.fhir.parse import Entry, Resource, entries, parse
from kakehashi.people.assign import assign
from kakehashi.services.sharing.submission import (
    Operation,
    Row,
    Submission,
    document_resent,
    resent_under_new_id,
)
from kakehashi.store import institutions, submissions
from kakehashi.store.rows import Draft
from kakehashi.store.submissions import Asked
from kakehashi.store.whereabouts import Place, whereabouts
from kakehashi.store.write import Writing
from kakehashi.terms import japan
from kakehashi.trust import consents_referral

Places = Mapping[tuple[str, str], Place]


@dataclass(frozen=True, slots=True)
class Ready:
    """A submission that broke no rule, and what it asks for. Nothing is stored yet."""

    bundle: Resource
    plan: Submission
    notes: tuple[Problem, ...]  # what was accepted but deserves a word


@dataclass(frozen=True, slots=True)
class Carrying:
    """An open transaction, and in whose name it writes. `agreed`: as register() has it."""

    work: Writing
    by: Actor
    at: datetime
    agreed: bool

    async def carry_out(self, some: Sequence[Ready]) -> list[bool]:
        """Carry out submissions; return of each whether something stored made way for it.

        They must not be about one another (runs.py sees to it). Raises NotFound, Invalid, Refused, Conflict.
        """
        places = await whereabouts(self.work.connection, (key for one in some for key in _keys(one.plan)))
        if some[0].plan.operation is Operation.WITHDRAW:
            return [await self._withdrawn(one.plan, places) for one in some]
        persons = await self._persons(some, places)
        await self._require_none_resent(some, persons)
        drafts = list(self._patients(some, persons))
        for one, person in zip(some, persons, strict=True):
            own = [await self._whole(one, person), *self._parts(one, person)]
            if former := places.get(("Bundle", one.plan.bundle_id)):
                keep = [draft.rid for draft in own]
                await self.work.delete_origin(former.person, one.plan.origin, keep=keep)
            drafts += own
        await self.work.put_many(drafts)
        return [("Bundle", one.plan.bundle_id) in places for one in some]

    async def _withdrawn(self, plan: Submission, places: Places) -> bool:
        former = places.get(("Bundle", plan.bundle_id))
        if former is None:
            raise NotFound(
                "取り消す登録がありません。被保険者番号と Bundle.identifier を確かめてください。",
                "There is nothing to withdraw. Check the member id and Bundle.identifier.",
                rule="C1.submission.unknown",
                place="Bundle.identifier",
            )
        await self.work.delete_origin(former.person, plan.origin)
        await self.work.delete("Bundle", plan.bundle_id)
        return True

    async def _persons(self, some: Sequence[Ready], places: Places) -> list[int]:
        """Find or make the person of each submission."""
        patients = {one.plan.patient_id: _patient(one) for one in some}
        stored = {name: place for name in patients if (place := places.get(("Patient", name)))}
        assigned = await assign(
            self.work.connection,
            list(patients.values()),
            institution=self.by.institution,
            by=self.by,
            at=self.at,
            known={f"Patient/{name}": place.person for name, place in stored.items()},
        )
        persons = [assigned[f"Patient/{one.plan.patient_id}"].person for one in some]
        if len(set(persons)) < len(patients):
            raise _together()
        return persons

    async def _require_none_resent(self, some: Sequence[Ready], persons: Sequence[int]) -> None:
        """Raise Invalid when a finding, or a document, stands under another Bundle.identifier already."""
        for one, person in zip(some, persons, strict=True):
            if one.plan.document:
                documents = await submissions.documents_of(
                    self.work.connection,
                    person,
                    self.by.institution.key,
                    one.plan.kind,
                    besides=one.plan.origin,
                )
                if problems := document_resent(one.plan, (parse(body).tree for body in documents)):
                    raise Invalid(problems=problems)
        asked = [
            (one.plan, Asked(person, row.type, row.own_id, one.plan.origin))
            for one, person in zip(some, persons, strict=True)
            for row in (one.plan.rows if one.plan.information else ())
            if row.own_id
        ]
        kept = await submissions.origins_of(
            self.work.connection, self.by.institution.key, japan.RESOURCE_ID, [key for _, key in asked]
        )
        for plan, key in asked:
            former = _collection_number(kept[key]) if key in kept else ""
            if problems := resent_under_new_id(plan, {(key.type, key.value): former}):
                raise Invalid(problems=problems)

    def _patients(self, some: Sequence[Ready], persons: Sequence[int]) -> Iterator[Draft]:
        """Each Patient once, however many submissions are about it."""
        found = {one.plan.patient_id: (one, person) for one, person in zip(some, persons, strict=True)}
        for one, person in found.values():
            yield self._draft(_patient(one), Kind.PATIENT, 0, person, self.at)

    async def _whole(self, one: Ready, person: int) -> Draft:
        plan = one.plan
        addressee = await self._addressee(plan, person)
        named = Resource("Bundle", plan.bundle_id, one.bundle.body, one.bundle.tree)
        return self._draft(named, plan.kind, plan.flags, person, plan.at or self.at, addressee=addressee)

    def _parts(self, one: Ready, person: int) -> Iterator[Draft]:
        plan = one.plan
        outer = entries(one.bundle) if plan.rows else []
        for row in plan.rows:
            resource = rewritten(_part(outer, row), plan.references)
            named = Resource(row.type, row.id, resource.body, {**resource.tree, "id": row.id})
            yield self._draft(named, row.kind, row.flags, person, row.at or self.at, origin=plan.origin)

    def _draft(
        self, resource: Resource, kind: Kind, flags: int, person: int, at: datetime, *,
        addressee: int = 0, origin: int = 0,
    ) -> Draft:  # fmt: skip
        return Draft(
            resource.type, resource.id, person, kind, self.by.institution.key, at, resource.body, index(resource),
            addressee, flags, origin,
        )  # fmt: skip

    async def _addressee(self, plan: Submission, person: int) -> int:
        """The addressee that the document may carry now: 0 for none, or while the person has not agreed."""
        if plan.addressee is None:
            return 0
        try:
            receiver = await institutions.by_code(self.work.connection, plan.addressee)
        except NotFound:
            raise Invalid(
                f"紹介先 {plan.addressee} はこのネットワークに参加していません。"
                "紹介状は紙などほかの方法で渡してください。",
                f"The addressee {plan.addressee} does not take part in this network; send the referral another way.",
                rule="C1.submission.addressee",
                place="Bundle.entry[0].resource.section",
            ) from None
        return await consents_referral.register(
            self.work.connection,
            person,
            f"Bundle/{plan.bundle_id}",
            plan.kind,
            receiver.key,
            by=self.by,
            at=self.at,
            agreed_orally=self.agreed,
        )


def _together() -> Conflict:
    """Two Patients turned out to be one person: these submissions may be about one another after all."""
    return Conflict(
        "同じ患者の登録が別の患者として一緒に送られました。一つずつ送ってください。",
        "Submissions about one person came together as if about two. Send them one by one.",
        rule="sharing.together",
    )


def _keys(plan: Submission) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("Patient", plan.patient_id), ("Bundle", plan.bundle_id)


def _collection_number(body: bytes) -> str:
    """Return Bundle.identifier.value of a collection, "" for a document: its prescriptions are copies by nature."""
    tree = parse(body).tree
    return str(tree["identifier"]["value"]) if tree.get("type") == "collection" else ""


def _patient(one: Ready) -> Resource:
    """The Patient of the submission, under the id that this person has at this institution."""
    inside = (entry.resource for entry in entries(one.bundle))
    found = next(resource for resource in inside if resource and resource.type == "Patient")
    return Resource("Patient", one.plan.patient_id, found.body, {**found.tree, "id": one.plan.patient_id})


def _part(outer: Sequence[Entry], row: Row) -> Resource:
    found = outer[row.index].resource
    if row.inner is not None and found is not None:
        found = entries(found)[row.inner].resource
    assert found is not None  # the plan names entries that hold a resource
    return found
