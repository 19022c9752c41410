"""The way in: a batch of wishes becomes rows, all of them or none, in one transaction with feed and log.

Order of things: read and validate (no database), then inside the transaction: who may, which ids, which
references, whose person, what kind; then write. Deletes come first, as R4 wants it of transactions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from kakehashi.core.actors import Actor
from kakehashi.core.ids import new_id
from kakehashi.core.logentry import Note
from kakehashi.engines.house import House
from kakehashi.engines.records import conditions, guards, single
from kakehashi.engines.records.check import Checked, checking
from kakehashi.engines.records.drafts import draft_of, named, names_of
from kakehashi.engines.records.owners import persons_of
from kakehashi.engines.records.patching import patched
from kakehashi.engines.records.references import rewritten
from kakehashi.engines.records.wanted import Method, Outcome, Wanted
from kakehashi.engines.subscriptions import keeping as subscribing
from kakehashi.engines.terminology import keeping
from kakehashi.fhir.turns import in_turns
from kakehashi.store.idempotency import RequestKey
from kakehashi.store.rows import Draft, Row, Stored
from kakehashi.store.whereabouts import Place, whereabouts
from kakehashi.store.write import Writing, writing

__all__ = ["Sent", "draft_of", "submit", "submit_checked"]

_WORDS = {Method.CREATE: "create", Method.UPDATE: "update", Method.DELETE: "delete", Method.PATCH: "update"}


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a batch came from: the request's id for the log, its idempotency key, and the bytes that it covers.

    `base_url`: the server's own address, under which references in conditions are local.
    """

    request: str = ""
    key: str = ""
    body: bytes = b""
    base_url: str = ""


async def submit(
    house: House, batch: Sequence[Wanted], *, by: Actor, at: datetime, sent: Sent
) -> list[Outcome]:
    """Do all wishes or none, and return what came of each, in order.

    Raises Malformed, Invalid, Refused, NotFound, Conflict, VersionMismatch, ManyMatches, KeyReused, Unavailable;
    then nothing has changed.
    """
    checked = await in_turns(checking(batch, house.profiles, most=house.settings.max_resource_bytes))
    return await submit_checked(house, checked, by=by, at=at, sent=sent)


async def submit_checked(
    house: House, checked: Sequence[Checked], *, by: Actor, at: datetime, sent: Sent
) -> list[Outcome]:
    """Do the same for wishes that were read and validated already."""
    guards.require_rights(checked, by)
    batch = [one.wanted for one in checked]
    note = Note(by, _action(batch), _what(batch), "own", sent.request)
    key = RequestKey.of(by.institution.key, sent.key, sent.body) if sent.key else None
    if key is None and (added := await single.added(house.db, checked, note, by=by, at=at)):
        return [added]
    async with writing(house.db, note, at=at, key=key) as work:
        if work.earlier is not None:
            return _outcomes(work.earlier)
        outcomes = await _Submission(house, work, by, at, sent.base_url).done(checked)
        work.outcome = _kept(outcomes) if key else b""
    return outcomes


@dataclass(frozen=True, slots=True)
class _Submission:
    """One batch inside its transaction."""

    house: House
    work: Writing
    by: Actor
    at: datetime
    base_url: str

    async def done(self, checked: Sequence[Checked]) -> list[Outcome]:
        """Carry out all wishes and return what came of each, in order."""
        finder = conditions.Finder(self.work, self.by, self.base_url)
        settled, there = await conditions.settled(finder, checked)
        settled = await patched(self.house, self.work, settled, by=self.by)
        outcomes = {number: self._found(row) for number, row in there.items()}
        rest = [number for number in range(len(settled)) if number not in there]
        ids = {n: settled[n].wanted.id or new_id() for n in rest}
        ids |= {number: row.id for number, row in there.items()}
        places = await self._places(settled, ids, rest)
        for number in rest:
            if settled[number].wanted.method is Method.DELETE:
                outcomes[number] = await self._deleted(settled[number].wanted, places)
        writes = [n for n in rest if settled[n].wanted.method is not Method.DELETE]
        names = names_of((settled[n].wanted, name) for n, name in ids.items())
        names |= await conditions.references(finder, [settled[n] for n in writes])
        drafts = await self._drafts([settled[n] for n in writes], [ids[n] for n in writes], names)
        for n, draft in zip(writes, drafts, strict=True):
            guards.require_in_scope(self.by, settled[n].wanted, draft.type, draft.index)
            guards.require_same_person(places.get((draft.type, draft.id)), draft)
        stored = await self.work.put_many(drafts, [settled[n].wanted.if_match for n in writes])
        resources = [settled[n].resource for n in writes]
        await keeping.keep_stored(self.work.connection, resources, stored)
        await subscribing.keep_stored(
            self.work, resources, stored, by=self.by, at=self.at, base_url=self.base_url
        )
        outcomes |= {number: _outcome(kept) for number, kept in zip(writes, stored, strict=True)}
        return [outcomes[number] for number in range(len(settled))]

    async def _places(
        self, settled: Sequence[Checked], ids: Mapping[int, str], rest: Sequence[int]
    ) -> dict[tuple[str, str], Place]:
        """Where the resources stand that the wishes name by id; each must be this institution's to change."""
        named_here = [(settled[n].wanted, ids[n]) for n in rest if settled[n].wanted.id]
        guards.require_once(named_here)
        places = await whereabouts(self.work.connection, ((wanted.type, name) for wanted, name in named_here))
        for wanted, name in named_here:
            place = places.get((wanted.type, name))
            if place is not None and place.custodian == self.by.institution.key:
                await guards.require_reach(self.work, wanted, name, self.by)
            guards.require_own(place, wanted, self.by)
            if wanted.type == "Bundle" and place is not None:
                await guards.require_no_submission(self.work, name)
        return places

    def _found(self, row: Row) -> Outcome:
        """A conditional create that found its resource there: it is shown, so it is logged."""
        self.work.seen.append(row.seen)
        return Outcome(200, row.type, row.id, row.version, row.changed_at, row.body)

    async def _deleted(self, wanted: Wanted, places: Mapping[tuple[str, str], Place]) -> Outcome:
        if wanted.id is None:  # a condition that nothing meets
            return Outcome(204, wanted.type, "", 0, self.at)
        if (wanted.type, wanted.id) not in places:
            await guards.require_own_grave(self.work, wanted, self.by)
            return Outcome(204, wanted.type, wanted.id, 0, self.at)
        await guards.require_right_to_delete(self.work, wanted, self.by)
        await keeping.forget(self.work.connection, wanted.type, wanted.id)
        await subscribing.forget(self.work.connection, wanted.type, wanted.id, by=self.by)
        version = await self.work.delete(wanted.type, wanted.id, wanted.if_match)
        return Outcome(204, wanted.type, wanted.id, version or 0, self.at)

    async def _drafts(
        self, checked: Sequence[Checked], ids: Sequence[str], names: Mapping[str, str]
    ) -> list[Draft]:
        resources = [
            named(rewritten(one.resource, names), name)
            for one, name in zip(checked, ids, strict=True)
            if one.resource is not None
        ]
        where = [one.wanted.place for one in checked]
        persons = await persons_of(self.work.connection, resources, where, by=self.by, at=self.at)
        return [
            draft_of(resource, person, self.by, self.at, kind=one.kind)
            for one, resource, person in zip(checked, resources, persons, strict=True)
        ]


def _outcome(stored: Stored) -> Outcome:
    status = 201 if stored.created else 200
    return Outcome(status, stored.type, stored.id, stored.version, stored.changed_at, stored.body)


def _action(batch: Sequence[Wanted]) -> str:
    return _WORDS[batch[0].method] if len(batch) == 1 else "transaction"


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
