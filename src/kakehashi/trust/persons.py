"""One person, named by the papers in hand: insurance number and birth date, both; no name is searched for.

For the operator's procedures about a person (accounts, guardians, holds), who may not search at reception.
"""

from datetime import date, datetime

from kakehashi.core.actors import Actor
from kakehashi.core.errors import NotFound
from kakehashi.core.logentry import Note, Seen
from kakehashi.people import find
from kakehashi.people.identifiers import MemberId
from kakehashi.store import log_append
from kakehashi.store.database import Database
from kakehashi.trust.roles import Interaction, require


async def identify(
    db: Database, member: MemberId, born: date, *, by: Actor, at: datetime, request: str = ""
) -> int:
    """Return the one person with this insurance number and birth date; every try is logged.

    Raises Refused; NotFound when there is none, more than one, or the number is in dispute.
    """
    require(by, Interaction.PERSON_IDENTIFY)
    async with db.transaction() as tx:
        hits = [one for one in await find.by_member_id(tx, member, birth=born) if not one.disputed]
        only = hits[0].person if len(hits) == 1 else None
        seen = [] if only is None else [Seen(only, "Person")]
        await log_append.append(tx, Note(by, "person.identified", "Person", "papers", request), seen, at=at)
    if only is None:
        raise NotFound(
            "番号と生年月日の両方に合う人が一人に定まりません。書類を確かめてください。",
            "No single person has this number and birth date. Check the papers.",
            rule="person.identify",
        )
    return only
