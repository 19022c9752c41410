"""Withholding (閲覧させない): the person shuts one record, an institution's records or a kind to other institutions.

Who wrote a record goes on seeing it, and so does the person. A withholding outranks every consent, and holds in an
emergency too: who withholds is told so (`WARNING`).

Who has no account asks on paper: a reception sets it for its own institution's records, the operator for any
institution or kind, and only the operator releases it. A reception is not told what else is withheld.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from kakehashi.core.actors import Actor, Role
from kakehashi.core.errors import BadRequest, NotFound, Refused
from kakehashi.core.hashing import row_key
from kakehashi.core.kinds import Flag, Kind
from kakehashi.people.merging import resolve
from kakehashi.store import consents, reach
from kakehashi.store import withholding as rows
from kakehashi.store.database import Connection
from kakehashi.store.reach import Matter, Reach
from kakehashi.trust import log_note
from kakehashi.trust.consents import require_in_hand, uuid_of
from kakehashi.trust.decide import HIDDEN_FROM_PERSON, WHOLE
from kakehashi.trust.roles import Interaction, require

_SHORTEST, _LONGEST = 4, 300  # characters of what is said of a paper
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
    kind: Kind | None = None, paper: str = "", request: str = "",
) -> str:  # fmt: skip
    """Withhold exactly one of a record, an institution or a kind from other institutions, at once; return its id.

    `paper`: by whom it was asked for on paper and when, where `by` is not the person (or a proxy) at the portal.
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
    if by.role is not Role.PERSON:
        _require_on_paper(by, item, custodian)
    async with db.transaction():
        held, persons = await _in_hand(db, person, by, at, paper)
        _require_hold(held, kind)
        rid = None if item is None else await _mark(db, persons, item)
        which = uuid4()
        new = await rows.add(
            db, person, which, item=item, rid=rid, custodian=custodian, kind=kind, by=by.subject, at=at
        )
        if not new:
            return await _standing(db, persons, item, custodian, kind)
        await consents.settle_referrals(db, persons)
        await log_note.record(
            db,
            "withholding.set",
            f"Withholding/{which}",
            person=person,
            by=by,
            at=at,
            reason=paper,
            request=request,
        )
    return str(which)


async def release(
    db: Connection, person: int, which: str, *, by: Actor, at: datetime, paper: str = "", request: str = ""
) -> None:
    """End a withholding at once. Raises Refused; BadRequest (no paper); NotFound when none such is in force."""
    _require_sees(by)
    async with db.transaction():
        held, persons = await _in_hand(db, person, by, at, paper)
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
            reason=paper,
            request=request,
        )


async def of_person(db: Connection, person: int, *, by: Actor, at: datetime) -> list[Withheld]:
    """Return the person's withholdings, ended ones too, newest first. Raises Refused."""
    _require_sees(by)
    _, persons = await _in_hand(db, person, by, at, None)
    found = await rows.of_person(db, persons)
    return [
        Withheld(
            str(one["id"]), one["item"], one["custodian"], None if one["kind"] is None else Kind(one["kind"]),
            one["at"], one["released_at"],
        )
        for one in found
    ]  # fmt: skip


async def _in_hand(
    db: Connection, person: int, by: Actor, at: datetime, paper: str | None
) -> tuple[int, frozenset[int]]:
    """Return the kinds that `by` decides on, and the person's keys; opens the reach. `paper` None: only looking.

    Raises Refused, NotFound; BadRequest where somebody else than the person acts without a paper.
    """
    persons = await resolve(db, person)
    if by.role is Role.PERSON:
        return await require_in_hand(db, person, Interaction.WITHHOLD, by, at), persons
    require(by, Interaction.WITHHOLD_TAKE)
    if not persons:
        raise NotFound
    if paper is not None and not _SHORTEST <= len(paper) <= _LONGEST:
        raise BadRequest(
            f"申出書の日付と確かめた書類を書いてください ({_SHORTEST}〜{_LONGEST}文字)。",
            f"Write the date of the paper and what was checked ({_SHORTEST} to {_LONGEST} characters).",
            rule="withholding.paper", place="paper",
        )  # fmt: skip
    await reach.open_on(db, Reach((Matter.WITHHOLDING, Matter.REFERRAL), persons))
    return WHOLE, persons


def _require_sees(by: Actor) -> None:
    """What is withheld is told to the person and to the operator, never to an institution."""
    if by.role not in (Role.PERSON, Role.OPERATOR):
        raise Refused(rule="withholding.seen")


def _require_on_paper(by: Actor, item: str | None, custodian: int | None) -> None:
    """On paper: an institution's own records, or to the operator any institution or kind; never a single record."""
    require(by, Interaction.WITHHOLD_TAKE)
    if item is not None or (by.role is not Role.OPERATOR and custodian != by.institution.key):
        raise Refused(rule="withholding.elsewhere")


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
