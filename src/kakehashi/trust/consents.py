"""Consent (同意): given to one institution for some kinds of information, for 24 hours at most, withdrawn at once.

Each action checks, changes and records in one transaction. Consent to a single document is in
`consents_referral.py`. Sources: オンライン資格確認 (同意は24時間, 医療機関ごと・情報種別ごと); R-A1.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from kakehashi.core.actors import Actor, Role
from kakehashi.core.errors import BadRequest, Conflict, NotFound, Refused
from kakehashi.people.merging import resolve
from kakehashi.store import consents as rows
from kakehashi.store import reach
from kakehashi.store.database import Connection
from kakehashi.store.reach import Matter, Reach
from kakehashi.trust import log_note
from kakehashi.trust.decide import NOT_FOR_OTHERS, WHOLE, Consent, kinds_in_hand
from kakehashi.trust.roles import Interaction, require
from kakehashi.trust.windows import facts_of

LONGEST = 24  # hours; a later visit needs a new consent
AT_DESK = frozenset({"card", "oral"})
CONSENTABLE = WHOLE & ~NOT_FOR_OTHERS

# What the tables open to whoever was found to hold the record in hand, by what they are about to do.
_IN_HAND: Mapping[Interaction, tuple[Matter, ...]] = {
    Interaction.CONSENT_GIVE: (Matter.CONSENT, Matter.REFERRAL, Matter.PROXY),
    Interaction.WITHHOLD: (Matter.WITHHOLDING, Matter.REFERRAL),
    Interaction.PROXY_NAME: (Matter.PROXY,),
    Interaction.LOG_OWN: (Matter.LOG, Matter.EMERGENCY),
}


@dataclass(frozen=True, slots=True)
class Held(Consent):
    """A consent as the person or the reception sees it."""

    evidence: str = "card"


async def give(
    db: Connection, person: int, institution: int, kinds: int, *, by: Actor, at: datetime, evidence: str = "card",
    hours: int = LONGEST, request: str = "",
) -> Consent:  # fmt: skip
    """Record that the person consents, and return the consent, live from `at` on.

    `evidence`: "card" or "oral" at the institution's own reception, "portal" by the person or a proxy (who can
    consent to no more than they hold). Raises Refused, BadRequest, NotFound; then nothing changed.
    """
    _require_sense(kinds, evidence, hours)
    async with db.transaction():
        await _require_may_give(db, person, institution, kinds, evidence, by, at)
        consent = Consent(str(uuid4()), institution, kinds & CONSENTABLE, at, at + timedelta(hours=hours))
        await rows.add(
            db,
            person,
            UUID(consent.id),
            institution,
            consent.kinds,
            consent.ends,
            evidence,
            by=by.subject,
            at=at,
        )
        await log_note.record(
            db,
            "consent.given",
            f"Consent/{consent.id}",
            person=person,
            by=by,
            at=at,
            reason=evidence,
            request=request,
        )
    return consent


async def withdraw(
    db: Connection, person: int, which: str, *, by: Actor, at: datetime, request: str = ""
) -> None:
    """Withdraw a consent at once: by the person or a proxy, or at the reception it was given to.

    Raises NotFound, Refused, Conflict (withdrawn before); then nothing changed.
    """
    async with db.transaction():
        persons, _ = await _within_reach(db, person, by, at)
        held = await rows.lock(db, persons, uuid_of(which))
        if held is None or (by.role is not Role.PERSON and held["institution"] != by.institution.key):
            raise NotFound
        if held["withdrawn_at"] is not None:
            raise Conflict(
                "この同意はすでに撤回されています。",
                "This consent has been withdrawn already.",
                rule="consent.state",
            )
        await rows.withdraw(db, held["person"], held["id"], by=by.subject, at=at)
        await log_note.record(
            db, "consent.withdrawn", f"Consent/{which}", person=held["person"], by=by, at=at, request=request
        )


async def of_person(db: Connection, person: int, *, by: Actor, at: datetime) -> list[Held]:
    """Return the person's consents, newest first: all to the person, those to itself to an institution."""
    persons, institution = await _within_reach(db, person, by, at)
    found = await rows.of_person(db, persons, institution)
    return [
        Held(
            str(one["id"]), one["institution"], one["kinds"], one["given_at"], one["ends_at"], one["withdrawn_at"],
            one["evidence"],
        )
        for one in found
    ]  # fmt: skip


async def require_in_hand(db: Connection, person: int, act: Interaction, by: Actor, at: datetime) -> int:
    """Raise Refused unless `by` is the person or a live proxy and the portal is open; return the kinds they hold.

    The person's rows of what `act` is about are within the transaction's reach from then on.
    """
    require(by, act)
    facts = await facts_of(db, by, person, at=at)
    held = kinds_in_hand(facts, by, at)
    if not held:
        raise Refused(rule="person.self")
    await reach.open_on(db, Reach(_IN_HAND[act], facts.persons))
    return held


async def reach_at_desk(db: Connection, persons: Iterable[int], by: Actor) -> None:
    """Open what a reception may see and change: consents and referrals to itself. Raises Refused."""
    require(by, Interaction.CONSENT_TAKE)
    desk = Reach((Matter.CONSENT, Matter.REFERRAL), frozenset(persons), by.institution.key)
    await reach.open_on(db, desk)


async def _within_reach(
    db: Connection, person: int, by: Actor, at: datetime
) -> tuple[frozenset[int], int | None]:
    """Return the person's keys, and the one institution whose consents `by` may see (None: all). Raises Refused."""
    persons = await resolve(db, person)
    if by.role is Role.PERSON:
        await require_in_hand(db, person, Interaction.CONSENT_GIVE, by, at)
        return persons, None
    await reach_at_desk(db, persons, by)
    return persons, by.institution.key


def _require_sense(kinds: int, evidence: str, hours: int) -> None:
    if not kinds & CONSENTABLE:
        raise BadRequest(
            "同意する情報の種別を一つ以上選んでください。",
            "Choose at least one kind of information.",
            rule="consent.kinds",
        )
    if evidence not in AT_DESK | {"portal"}:
        raise BadRequest(
            "同意の取り方は card・oral・portal のいずれかです。",
            "Evidence is one of card, oral, portal.",
            rule="consent.evidence",
        )
    if not 0 < hours <= LONGEST:
        raise BadRequest(
            f"同意の有効時間は1〜{LONGEST}時間です。",
            f"A consent holds for 1 to {LONGEST} hours.",
            rule="consent.hours",
        )


async def _require_may_give(
    db: Connection, person: int, institution: int, kinds: int, evidence: str, by: Actor, at: datetime
) -> None:
    if evidence in AT_DESK:
        require(by, Interaction.CONSENT_TAKE)
        persons = await resolve(db, person)
        if not persons:
            raise NotFound
        if institution != by.institution.key or (by.person is not None and by.person not in persons):
            raise Refused(rule="consent.elsewhere")
        await reach_at_desk(db, persons, by)
    else:
        held = await require_in_hand(db, person, Interaction.CONSENT_GIVE, by, at)
        if kinds & CONSENTABLE & ~held:
            raise Refused(rule="consent.proxy-kinds")


def uuid_of(which: str) -> UUID:
    """Return the id of an act; what is no id is NotFound, as an id of nobody's is."""
    try:
        return UUID(which)
    except ValueError:
        raise NotFound from None
