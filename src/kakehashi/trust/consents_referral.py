"""Consent to one document for one institution: 診療情報提供書, and the 退院時サマリー that travels with it.

The person agrees in one of three ways: orally at the sender (viewable at once), later in the portal, or at the
receiver's card reader; until then the document waits (閲覧保留) and its row is addressed to nobody. Never a blanket
for all institutions, and an agreement is not simply undone. Source: WG 10970 pp.23, 43, 45; 11822 p.25 (R-A8).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kakehashi.core.actors import Actor
from kakehashi.core.errors import BadRequest, NotFound, Refused
from kakehashi.core.hashing import row_key
from kakehashi.core.kinds import Kind
from kakehashi.people.merging import resolve
from kakehashi.store import consents as rows
from kakehashi.store import reach
from kakehashi.store.database import Connection
from kakehashi.store.reach import Matter, Reach
from kakehashi.trust import log_note
from kakehashi.trust.consents import reach_at_desk, require_in_hand
from kakehashi.trust.decide import DOCUMENTS
from kakehashi.trust.roles import Interaction, require

INBOX = timedelta(days=183)  # 共有サービスでの保存: about six months (not confirmed by a published page)
INBOX_MOST = 1_000  # documents in one listing


@dataclass(frozen=True, slots=True)
class Sent:
    """A document under way. `way`: "" while it waits for the person, else "oral", "portal" or "card"."""

    person: int
    item: str
    kind: Kind
    sender: int
    receiver: int
    sent: datetime
    way: str
    agreed: datetime | None


async def register(
    db: Connection, person: int, item: str, kind: Kind, receiver: int, *, by: Actor, at: datetime,
    agreed_orally: bool = False, request: str = "",
) -> int:  # fmt: skip
    """Record that the actor's institution sends a document ("Composition/…") to `receiver`.

    Returns the addressee that the document's rows may carry now: the receiver, or 0 while the person has not agreed.
    Sending it again keeps an agreement, unless it now goes to somebody else. Raises Refused, BadRequest.
    """
    require(by, Interaction.CREATE, kind)
    if not kind.bit & DOCUMENTS or receiver in (0, by.institution.key):
        raise BadRequest(
            "宛先のある文書は診療情報提供書と退院時サマリーだけで、宛先は他の機関です。",
            "Only a referral or a discharge summary has an addressee, and that is another institution.",
            rule="referral.addressee",
        )
    async with db.transaction():
        await reach.open_on(db, Reach((Matter.REFERRAL,), {person}, by.institution.key))
        kept = await rows.put_referral(
            db, person, item, rid_of(item), kind, sender=by.institution.key, receiver=receiver,
            way="oral" if agreed_orally else None, by=by.subject, at=at,
        )  # fmt: skip
        if kept is None:
            raise Refused(rule="referral.sender")
        way = kept["way"] or ""
        await log_note.record(
            db, "referral.sent", item, person=person, by=by, at=at, reason=way, request=request
        )
    return receiver if way else 0


async def agree(
    db: Connection, person: int, item: str, *, by: Actor, at: datetime, request: str = ""
) -> None:
    """The person (or a proxy) agrees in the portal that one waiting document may be fetched by its addressee.

    Raises Refused; NotFound when nothing of this person waits under that name.
    """
    async with db.transaction():
        held = await require_in_hand(db, person, Interaction.CONSENT_GIVE, by, at)
        persons = await resolve(db, person)
        waiting = {one["item"]: one for one in await rows.referrals_of(db, persons) if one["way"] is None}
        if item not in waiting or not held >> waiting[item]["kind"] & 1:
            raise NotFound
        await _agree(db, waiting[item]["person"], item, "portal", by, at, request)
        await rows.settle_referrals(db, persons)


async def agree_at_reader(
    db: Connection, person: int, *, by: Actor, at: datetime, request: str = ""
) -> tuple[str, ...]:
    """The person agrees at the receiver's card reader: what waits for this institution becomes viewable.

    Returns the documents ("Composition/…"). Raises Refused.
    """
    require(by, Interaction.CONSENT_TAKE)
    async with db.transaction():
        persons = await resolve(db, person)
        if by.person is not None and by.person not in persons:
            raise Refused(rule="referral.elsewhere")
        await reach_at_desk(db, persons, by)
        found = await rows.referrals_of(db, persons, by.institution.key)
        waiting = [one for one in found if one["way"] is None]
        for one in waiting:
            await _agree(db, one["person"], one["item"], "card", by, at, request)
        await rows.settle_referrals(db, persons)
    return tuple(one["item"] for one in waiting)


async def of_person(db: Connection, person: int, *, by: Actor, at: datetime) -> list[Sent]:
    """Return the person's documents under way, newest first, for the person or a proxy. Raises Refused."""
    held = await require_in_hand(db, person, Interaction.CONSENT_GIVE, by, at)
    found = await rows.referrals_of(db, await resolve(db, person))
    return [_sent(one) for one in found if held >> one["kind"] & 1]


async def inbox(db: Connection, *, by: Actor, at: datetime) -> Sequence[Sent]:
    """Return what was sent to the actor's institution and whether it may be fetched yet (自施設宛一覧).

    A waiting document is named without its content and without its person. Raises Refused.
    """
    require(by, Interaction.READ, Kind.REFERRAL)
    await reach.open_on(db, Reach((Matter.REFERRAL,), institution=by.institution.key))
    found = await rows.inbox(db, by.institution.key, at - INBOX, INBOX_MOST)
    return [_sent(one, hide_person=one["way"] is None) for one in found]


def rid_of(item: str) -> int:
    """Return the row key of "Type/id". Raises NotFound for what is no such name."""
    kind, slash, name = item.partition("/")
    if not (kind and slash and name):
        raise NotFound
    return row_key(kind, name)


async def _agree(
    db: Connection, person: int, item: str, way: str, by: Actor, at: datetime, request: str
) -> None:
    await rows.agree_to_referral(db, person, rid_of(item), way, by=by.subject, at=at)
    await log_note.record(
        db, "referral.agreed", item, person=person, by=by, at=at, reason=way, request=request
    )


def _sent(row: rows.Row, *, hide_person: bool = False) -> Sent:
    person = 0 if hide_person else row["person"]
    return Sent(
        person, row["item"], Kind(row["kind"]), row["sender"], row["receiver"], row["sent_at"], row["way"] or "",
        row["agreed_at"],
    )  # fmt: skip
