"""The way in: a batch of wishes becomes rows, all of them or none, in one transaction with feed and log.

Order of things: read and validate (no database), then inside the transaction: who may, which ids, which
references, whose person, what kind; then write.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from kakehashi.core.actors import Actor
from kakehashi.core.errors import Conflict, NotFound
from kakehashi.core.ids import new_id
from kakehashi.core.logentry import Note
from kakehashi.engines.house import House
from kakehashi.engines.records.check import Checked, check
from kakehashi.engines.records.owners import persons_of
from kakehashi.engines.records.references import rewritten
from kakehashi.engines.records.wanted import Method, Outcome, Wanted
from kakehashi.fhir.facts import clinical_time, flags_of, kind_of
from kakehashi.fhir.index import index
from kakehashi.fhir.parse import Resource
from kakehashi.store.idempotency import RequestKey
from kakehashi.store.rows import Draft, Stored
from kakehashi.store.whereabouts import Place, whereabouts
from kakehashi.store.write import Writing, writing
from kakehashi.trust import roles


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a batch came from: the request's id for the log, its idempotency key, and the bytes that it covers."""

    request: str = ""
    key: str = ""
    body: bytes = b""


async def submit(
    house: House, batch: Sequence[Wanted], *, by: Actor, at: datetime, sent: Sent
) -> list[Outcome]:
    """Do all wishes or none, and return what came of each, in order.

    Raises Malformed, Invalid, Refused, NotFound, Conflict, VersionMismatch, KeyReused, Unavailable; then nothing
    has changed.
    """
    return await submit_checked(house, check(batch), by=by, at=at, sent=sent)


async def submit_checked(
    house: House, checked: Sequence[Checked], *, by: Actor, at: datetime, sent: Sent
) -> list[Outcome]:
    """Do the same for wishes that were read and validated already."""
    for one in checked:
        _require_right(one, by)
    batch = [one.wanted for one in checked]
    note = Note(by, _action(batch), _what(batch), "own", sent.request)
    key = RequestKey.of(by.institution.key, sent.key, sent.body) if sent.key else None
    async with writing(house.db, note, at=at, key=key) as work:
        if work.earlier is not None:
            return _outcomes(work.earlier)
        outcomes = await _done(work, checked, by, at)
        work.outcome = _kept(outcomes)
    return outcomes


def _require_right(one: Checked, by: Actor) -> None:
    interaction = {Method.CREATE: "create", Method.UPDATE: "update", Method.DELETE: "delete"}[
        one.wanted.method
    ]
    kind = kind_of(one.resource) if one.resource else None
    roles.require(by, interaction, kind, resource_type=one.wanted.type)


async def _done(work: Writing, checked: Sequence[Checked], by: Actor, at: datetime) -> list[Outcome]:
    ids = [one.wanted.id or new_id() for one in checked]
    places = await whereabouts(
        work.connection,
        ((one.wanted.type, name) for one, name in zip(checked, ids, strict=True) if one.wanted.id),
    )
    for one, name in zip(checked, ids, strict=True):
        _require_own(places.get((one.wanted.type, name)), one.wanted.method, by)
    outcomes: list[Outcome | None] = [None] * len(checked)
    writes = []
    for number, (one, name) in enumerate(zip(checked, ids, strict=True)):
        if one.wanted.method is Method.DELETE:
            outcomes[number] = await _deleted(work, one.wanted, name, at)
        else:
            writes.append(number)
    drafts = await _drafts(work, [checked[n] for n in writes], [ids[n] for n in writes], by, at)
    for draft in drafts:
        _require_same_person(places.get((draft.type, draft.id)), draft)
    stored = await work.put_many(drafts, [checked[n].wanted.if_match for n in writes])
    for number, kept in zip(writes, stored, strict=True):
        outcomes[number] = _outcome(kept)
    return [one for one in outcomes if one is not None]


async def _drafts(
    work: Writing, checked: Sequence[Checked], ids: Sequence[str], by: Actor, at: datetime
) -> list[Draft]:
    names = {
        one.wanted.full_url: f"{one.wanted.type}/{name}"
        for one, name in zip(checked, ids, strict=True)
        if one.wanted.full_url
    }
    resources = [
        _named(rewritten(one.resource, names), name)
        for one, name in zip(checked, ids, strict=True)
        if one.resource is not None
    ]
    where = [one.wanted.place for one in checked]
    persons = await persons_of(work.connection, resources, where, by=by, at=at)
    return [draft_of(one, person, by, at) for one, person in zip(resources, persons, strict=True)]


def draft_of(
    resource: Resource, person: int, by: Actor, at: datetime, *, addressee: int = 0, origin: int = 0
) -> Draft:
    """Return what the store keeps of a resource: its kind, flags, time and index worked out."""
    return Draft(
        resource.type,
        resource.id or "",
        person,
        kind_of(resource),
        by.institution.key,
        clinical_time(resource) or at,
        resource.body,
        index(resource),
        addressee,
        flags_of(resource),
        origin,
    )


def _named(resource: Resource, name: str) -> Resource:
    """The resource under the id that the store gives it; the body gets it when it is stored."""
    return (
        resource
        if resource.id == name
        else Resource(resource.type, name, resource.body, {**resource.tree, "id": name})
    )


async def _deleted(work: Writing, wanted: Wanted, name: str, at: datetime) -> Outcome:
    version = await work.delete(wanted.type, name, wanted.if_match)
    return Outcome(204, wanted.type, name, version or 0, at)


def _require_own(place: Place | None, method: Method, by: Actor) -> None:
    """Only who wrote a resource changes it. To others a deletion looks as if there were nothing."""
    if place is None or place.custodian == by.institution.key:
        return
    if method is Method.DELETE:
        raise NotFound
    raise Conflict(
        "この id は使えません。UUID など、ほかと重ならない id を付けるか、id なしの POST で登録してください。",
        "This id cannot be used. Choose one that nobody else has, such as a UUID, or POST without an id.",
        rule="record.id-taken",
    )


def _require_same_person(place: Place | None, draft: Draft) -> None:
    """A record does not change hands: what was about one person never becomes another's by an update."""
    if place is not None and place.person != draft.person:
        raise Conflict(
            "登録済みの記録の患者は変更できません。記録を削除してから、正しい患者で登録し直してください。",
            "The patient of a stored record cannot change. Delete it and register it for the right patient.",
            rule="record.person-changed",
        )


def _outcome(stored: Stored) -> Outcome:
    status = 201 if stored.created else 200
    return Outcome(status, stored.type, stored.id, stored.version, stored.changed_at, stored.body)


def _action(batch: Sequence[Wanted]) -> str:
    methods = {one.method for one in batch}
    words = {Method.CREATE: "create", Method.UPDATE: "update", Method.DELETE: "delete"}
    return words[batch[0].method] if len(methods) == 1 and len(batch) == 1 else "transaction"


def _what(batch: Sequence[Wanted]) -> str:
    return ",".join(sorted({one.type for one in batch}))


def _kept(outcomes: Sequence[Outcome]) -> bytes:
    """What is kept with an idempotency key: enough to give the same answer again, without the bodies."""
    return orjson.dumps([[o.status, o.type, o.id, o.version, o.changed_at] for o in outcomes])


def _outcomes(kept: bytes) -> list[Outcome]:
    return [
        Outcome(status, kind, name, version, datetime.fromisoformat(changed))
        for status, kind, name, version, changed in orjson.loads(kept)
    ]
