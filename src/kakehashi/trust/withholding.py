"""Withholding (閲覧させない): the person shuts one record, an institution's records or a kind to other institutions.

Who wrote a record goes on seeing it, and so does the person. A withholding outranks every consent, and holds in an
emergency too: who withholds is told so (`WARNING`).
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from kakehashi.core.actors import Actor
from kakehashi.core.errors import BadRequest, NotFound, Refused
from kakehashi.core.hashing import row_key
from kakehashi.core.kinds import Flag, Kind
from kakehashi.people.merging import resolve
from kakehashi.store import consents
from kakehashi.store import withholding as rows
from kakehashi.store.database import Connection
from kakehashi.trust import log_note
from kakehashi.trust.consents import require_in_hand, uuid_of
from kakehashi.trust.decide import HIDDEN_FROM_PERSON, WHOLE
from kakehashi.trust.roles import Interaction

WARNING = (
    "止めた記録は、救急の場合にも他の医療機関には表示されません。",
    "What you withhold is not shown to other institutions, not even in an emergency.",
)


@dataclass(frozen=True, slots=True)
class Withheld:
    """One withholding: of a record ("Condition/…"), of an institution (its key) or of a kind."""

    id: str
    item: str | None
    custodian: int | None
    kind: Kind | None
    at: datetime
    released: datetime | None


async def withhold(
    db: Connection, person: int, *, by: Actor, at: datetime, item: str | None = None, custodian: int | None = None,
    kind: Kind | None = None, request: str = "",
) -> str:  # fmt: skip
    """Withhold exactly one of a record, an institution or a kind from other institutions, at once; return its id.

    Withholding what is withheld changes nothing. Raises Refused; NotFound for a record that the person cannot see;
    BadRequest; then nothing changed.
    """
    if sum(one is not None for one in (item, custodian, kind)) != 1 or (
        kind is not None and not kind.bit & WHOLE
    ):
        raise BadRequest(
            "止めるものを一つだけ(記録・機関・種別のいずれか)選んでください。",
            "Choose exactly one thing to withhold: a record, an institution or a kind.", rule="withholding.target",
        )  # fmt: skip
    async with db.transaction():
        held = await require_in_hand(db, person, Interaction.WITHHOLD, by, at)
        _require_hold(held, kind)
        persons = await resolve(db, person)
        rid = None if item is None else await _mark(db, persons, item)
        which = uuid4()
        new = await rows.add(
            db, person, which, item=item, rid=rid, custodian=custodian, kind=kind, by=by.subject, at=at
        )
        if not new:
            return await _standing(db, persons, item, custodian, kind)
        await consents.settle_referrals(db, persons)
        await log_note.record(
            db, "withholding.set", f"Withholding/{which}", person=person, by=by, at=at, request=request
        )
    return str(which)


async def release(
    db: Connection, person: int, which: str, *, by: Actor, at: datetime, request: str = ""
) -> None:
    """End a withholding at once. Raises Refused; NotFound when none such is in force."""
    async with db.transaction():
        held = await require_in_hand(db, person, Interaction.WITHHOLD, by, at)
        persons = await resolve(db, person)
        was = await rows.release(db, persons, uuid_of(which), by=by.subject, at=at)
        if was is None:
            raise NotFound
        _require_hold(held, None if was["kind"] is None else Kind(was["kind"]))
        if was["rid"] is not None:
            await rows.mark(db, persons, was["rid"], clear_flags=Flag.WITHHELD)
        await consents.settle_referrals(db, persons)
        await log_note.record(
            db,
            "withholding.released",
            f"Withholding/{which}",
            person=was["person"],
            by=by,
            at=at,
            request=request,
        )


async def of_person(db: Connection, person: int, *, by: Actor, at: datetime) -> list[Withheld]:
    """Return the person's withholdings, ended ones too, newest first. Raises Refused."""
    await require_in_hand(db, person, Interaction.WITHHOLD, by, at)
    found = await rows.of_person(db, await resolve(db, person))
    return [
        Withheld(
            str(one["id"]), one["item"], one["custodian"], None if one["kind"] is None else Kind(one["kind"]),
            one["at"], one["released_at"],
        )
        for one in found
    ]  # fmt: skip


def _require_hold(held: int, kind: Kind | None) -> None:
    """A proxy decides on what they hold: on a kind of theirs, on the rest only with the whole record."""
    if held != WHOLE and (kind is None or not held & kind.bit):
        raise Refused(rule="withholding.proxy-kinds")


async def _mark(db: Connection, persons: frozenset[int], item: str) -> int:
    """Flag the record's row; what the person cannot see is not found, so that nothing is learned by trying."""
    kind, _, name = item.partition("/")
    rid = row_key(kind, name)
    if not await rows.mark(db, persons, rid, unseen=HIDDEN_FROM_PERSON, set_flags=Flag.WITHHELD):
        raise NotFound
    return rid


async def _standing(
    db: Connection, persons: frozenset[int], item: str | None, custodian: int | None, kind: Kind | None
) -> str:
    for one in await rows.of_person(db, persons):
        if one["released_at"] is None and (one["item"], one["custodian"], one["kind"]) == (
            item,
            custodian,
            kind,
        ):
            return str(one["id"])
    raise NotFound
