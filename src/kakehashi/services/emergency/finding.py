"""Finding somebody who cannot speak: by all four items with a single match, or by the insurance number.

Source: R-A4 (four items, all required, address fuzzy only below the prefecture, one person or none).
"""

from kakehashi.core.errors import BadRequest, Failure, ManyMatches, NotFound
from kakehashi.core.logentry import Note, Seen
from kakehashi.engines.house import House
from kakehashi.engines.records.look import Asked
from kakehashi.people import find
from kakehashi.services.eligibility.finding import Wanted, birth_of, card_of
from kakehashi.store import log_append
from kakehashi.store.database import Connection
from kakehashi.trust import roles
from kakehashi.trust.roles import Interaction


async def identify(house: House, asked: Asked, wanted: Wanted) -> int:
    """Return the one person meant; `wanted.way` is "card" or "four".

    Raises Refused, BadRequest, NotFound, ManyMatches; a search that named nobody is logged too.
    """
    roles.require(asked.actor, Interaction.EMERGENCY_OPEN)
    note = Note(asked.actor, "person.find", f"emergency {wanted.way}", "emergency", asked.request)
    refused: Failure | None = None
    async with house.db.transaction() as db:
        try:
            seen = [Seen(await _one(db, wanted), "Person")]
        except Failure as failure:
            refused, seen = failure, []
        await log_append.append(db, note, seen, at=asked.at)
    if refused:
        raise refused
    return seen[0].person


async def _one(db: Connection, wanted: Wanted) -> int:
    birth = birth_of(wanted)
    if wanted.way == "card":
        hits = await find.by_member_id(db, card_of(wanted), birth=birth)
        if not hits:
            raise _nobody()
        if len(hits) > 1 or hits[0].disputed:
            raise ManyMatches(
                "この番号では一人に決まりません。4情報で探してください。",
                "This number does not name one person. Search by the four items.",
                rule="emergency.many",
            )
        return hits[0].person
    if birth is None:
        raise BadRequest(
            "4情報（氏名・生年月日・性別・住所）をすべて入力してください。",
            "Give all four: name, birth date, sex, address.",
            rule="emergency.four-items",
            place="birth",
        )
    try:
        return await find.by_four_items(
            db, name=wanted.name, birth=birth, sex=wanted.sex, address=wanted.address
        )
    except NotFound:
        raise _nobody() from None


def _nobody() -> NotFound:
    return NotFound(
        "一致する人がいません。表記（都道府県からの住所、旧姓など）を確かめてください。",
        "Nobody agrees. Check the spelling: address from the prefecture on, a former surname.",
        rule="emergency.nobody",
    )
