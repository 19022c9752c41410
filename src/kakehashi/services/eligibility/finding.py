"""Finding the person who stands at the desk: by card, by the institution's own number, or by exact items.

Each search is logged in the log of everybody it found, or once when it found nobody; what was typed is not.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from kakehashi.core.errors import BadRequest, NotFound
from kakehashi.core.logentry import Note, Seen
from kakehashi.engines.house import House
from kakehashi.engines.records.look import Asked
from kakehashi.people import find
from kakehashi.people.addresses import read_address
from kakehashi.people.find import Description, Hit
from kakehashi.people.identifiers import LocalNumber, MemberId, member_id
from kakehashi.services.eligibility.birth import read_birth
from kakehashi.store import log_append
from kakehashi.store.database import Connection
from kakehashi.trust import roles
from kakehashi.trust.roles import Interaction
from kakehashi.trust.windows import facts_of

MATCHED = {
    "member-id": ("被保険者番号", "insurance number"),
    "local-number": ("患者番号", "patient number"),
    "kana": ("カナ氏名", "kana"),
    "kanji": ("漢字氏名", "name"),
    "birth": ("生年月日", "birth date"),
    "sex": ("性別", "sex"),
    "address": ("住所", "address"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was typed at the desk. `way`: "card", "number" or "items"."""

    way: str
    insurer: str = ""
    symbol: str = ""
    number: str = ""
    branch: str = ""
    local: str = ""
    name: str = ""
    birth: str = ""
    sex: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A person who was found: what matched, and how they are told apart before one is chosen.

    The description's address is the municipality only, and nothing where an address must not be learnt (R-A10).
    """

    hit: Hit
    description: Description


async def search(house: House, asked: Asked, wanted: Wanted) -> list[Found]:
    """Return who was found, best first, at most ten. Raises BadRequest, ManyMatches, Refused; logged in every case."""
    roles.require(asked.actor, Interaction.PERSON_FIND)
    async with house.db.transaction() as db:
        hits = await _hits(db, asked, wanted)
        found = [one for hit in hits if (one := await _described(db, hit, asked))]
        note = Note(asked.actor, "person.find", wanted.way, "eligibility", asked.request)
        await log_append.append(db, note, [Seen(one.hit.person, "Person") for one in found], at=asked.at)
    return found


def card_of(wanted: Wanted) -> MemberId:
    """Return the number on an insurance card. Raises BadRequest, naming the field that is wrong."""
    insurer, number, branch = _narrow(wanted.insurer), wanted.number.strip(), _narrow(wanted.branch)
    if not (insurer.isascii() and insurer.isdigit() and len(insurer) in (6, 8)):
        raise _bad("insurer", "保険者番号は6桁か8桁の数字です。", "The insurer number has 6 or 8 digits.")
    if not number:
        raise _bad("number", "番号を入力してください。", "Give the number of the card.")
    if branch and not (branch.isascii() and branch.isdigit() and len(branch) <= 2):
        raise _bad("branch", "枝番は2桁の数字です。", "The branch number has two digits.")
    return member_id(insurer, wanted.symbol.strip(), number, branch.zfill(2) if branch else "")


def birth_of(wanted: Wanted) -> date | None:
    """Return the birth date, None when it was left out. Raises BadRequest for what is no date."""
    if not wanted.birth:
        return None
    if day := read_birth(wanted.birth):
        return day
    raise _bad(
        "birth",
        "生年月日は 1962-05-14 や S37.5.14 のように入れてください。",
        "Write the birth date like 1962-05-14.",
    )


async def _hits(db: Connection, asked: Asked, wanted: Wanted) -> Sequence[Hit]:
    match wanted.way:
        case "card":
            return await find.by_member_id(db, card_of(wanted), birth=birth_of(wanted))
        case "number":
            if not wanted.local:
                raise _bad("local", "患者番号を入力してください。", "Give the patient number.")
            return await find.by_local_number(db, LocalNumber(asked.actor.institution.code, wanted.local))
        case "items":
            birth = birth_of(wanted)
            if birth is None:
                raise _bad("birth", "生年月日を入力してください。", "Give the birth date.")
            return await find.by_items(
                db, birth=birth, name=wanted.name, sex=wanted.sex, address=wanted.address
            )
        case _:
            raise BadRequest("探し方を選んでください。", "Choose how to search.", rule="eligibility.way")


async def _described(db: Connection, hit: Hit, asked: Asked) -> Found | None:
    """A person whom nobody describes without doubt cannot be checked face to face: as if not found."""
    try:
        said = await find.describe(db, hit.person, institution=asked.actor.institution.key)
    except NotFound:
        return None
    facts = await facts_of(db, asked.actor, hit.person, at=asked.at)
    where = read_address(said.address)
    town = "" if facts.disclosure_stopped else where.prefecture + where.municipality
    return Found(hit, replace(said, address=town))


def _narrow(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _bad(place: str, ja: str, en: str) -> BadRequest:
    return BadRequest(ja, en, rule=f"eligibility.{place}", place=place)
