"""One person at the desk: who they are, where they are insured, what they have agreed to here."""

from dataclasses import dataclass, replace

from kakehashi.core.actors import InstitutionType
from kakehashi.core.kinds import Kind
from kakehashi.engines.house import House
from kakehashi.engines.records.look import Asked
from kakehashi.people import find
from kakehashi.people.find import Description
from kakehashi.services.eligibility.coverage import Eligibility, eligibility_of
from kakehashi.services.viewer.sheet import sheet_of
from kakehashi.services.viewer.timeline import day_of
from kakehashi.store import consents as rows
from kakehashi.store import institutions
from kakehashi.store.database import Connection
from kakehashi.store.read import reading
from kakehashi.trust import consents, roles
from kakehashi.trust.consents import Held
from kakehashi.trust.decide import decide_coverage
from kakehashi.trust.roles import Interaction
from kakehashi.trust.windows import facts_of

_HIDDEN_ADDRESS = "（非表示）"  # 不開示: an address that a violent relative must not learn (R-A10)


@dataclass(frozen=True, slots=True)
class AtDesk:
    """What the reception sees of one person. `waiting`: referrals to this institution that wait for a yes.

    `doubted`: who this is, or how they are insured, is in doubt, and what depends on it stays shut until it is settled.
    """

    who: Description
    eligibility: Eligibility
    consents: list[Held]
    waiting: int
    doubted: bool = False


async def at_desk(house: House, asked: Asked, person: int) -> AtDesk:
    """Return the person with coverage and consents. Raises Refused, NotFound, Unavailable; the look is logged."""
    actor = asked.actor
    roles.require(actor, Interaction.PERSON_FIND)
    async with house.db.transaction() as db:
        facts = await facts_of(db, actor, person, at=asked.at)
        who = await find.describe(db, person, institution=actor.institution.key)
        insurers = frozenset(
            one.key for one in await institutions.every(db) if one.type is InstitutionType.INSURER
        )
        held = await _consents(db, asked, person)
        waiting = await _waiting(db, asked, facts.persons)
    if facts.disclosure_stopped and who.institution != actor.institution.key:
        who = replace(who, address=_HIDDEN_ADDRESS)
    window = decide_coverage(facts, actor, insurers)
    note = asked.note("eligibility", "Coverage", window)
    async with reading(house.db, window, note, at=asked.at) as look:
        found = await look.rows(facts.persons, kinds=Kind.COVERAGE.bit)
    doubted = facts.suspended_all or bool(facts.suspended & (insurers | {actor.institution.key}))
    return AtDesk(who, eligibility_of(map(sheet_of, found), day_of(asked.at)), held, waiting, doubted)


async def _consents(db: Connection, asked: Asked, person: int) -> list[Held]:
    if not roles.permits(asked.actor, Interaction.CONSENT_TAKE):
        return []
    return await consents.of_person(db, person, by=asked.actor, at=asked.at)


async def _waiting(db: Connection, asked: Asked, persons: frozenset[int]) -> int:
    if not roles.permits(asked.actor, Interaction.CONSENT_TAKE):
        return 0
    await consents.reach_at_desk(db, persons, asked.actor)
    found = await rows.referrals_of(db, persons, asked.actor.institution.key)
    return sum(one["way"] is None for one in found)
