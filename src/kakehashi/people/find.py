"""Find a person at reception or in an emergency, by identifiers or by exact items; never by browsing.

Every answer says what matched. Callers log: nothing is logged here.
Source: 救急時医療情報閲覧, search by four items (R-A4): name, birth date, sex and address, all required, the
address fuzzy only below the prefecture, and a single hit or none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kakehashi.core.errors import BadRequest, ManyMatches, NotFound
from kakehashi.people import folding
from kakehashi.people.addresses import Address, alike, read_address
from kakehashi.people.identifiers import LocalNumber, MemberId, PayerId
from kakehashi.people.transactions import inside
from kakehashi.store import people_find, people_merges
from kakehashi.store.database import Connection, Database
from kakehashi.store.people import Row

MOST = 10  # persons that one search may list
_ROWS = 200  # descriptions looked through for them
_SEXES = ("male", "female", "other")


@dataclass(frozen=True, slots=True)
class Hit:
    """A person found. `person` stands for everyone merged with them; see merging.resolve."""

    person: int
    matched: tuple[str, ...]  # "member-id", "local-number", "kana", "kanji", "birth", "sex", "address"
    disputed: bool = False  # someone else claims the identifier too: compare the items before going on


@dataclass(frozen=True, slots=True)
class Description:
    """How a person is described to a clerk: by the own institution where it does, else by the newest word."""

    person: int
    name: str
    kana: str
    birth: date | None
    sex: str
    address: str
    institution: int  # whose word it is


async def describe(db: Database | Connection, person: int, *, institution: int) -> Description:
    """Return how a person is described, for the face-to-face check. Raises NotFound; what is in doubt is silent."""
    async with inside(db) as connection:
        keys = (await people_merges.members(connection, [person])).get(person, frozenset())
        row = await people_find.description(connection, keys, institution)
    if row is None:
        raise NotFound
    return Description(
        person,
        row["kanji_text"],
        row["kana_text"],
        row["birth"],
        row["sex"],
        row["address_text"],
        row["institution"],
    )


async def by_member_id(
    db: Database | Connection, member: MemberId | PayerId, *, birth: date | None = None
) -> list[Hit]:
    """Return who holds a member id. Without a branch number the birth date is needed, and twins are both listed.

    Raises BadRequest when it is missing, ManyMatches beyond 10.
    """
    if not member.names_one and birth is None:
        raise BadRequest(
            "枝番がないときは、生年月日も入力してください。",
            "Without a branch number, give the birth date too.",
            rule="people.find.branch",
        )
    matched = ("member-id",) if birth is None else ("member-id", "birth")
    return await _by_identifier(db, member.system, member.value, birth, matched)


async def by_local_number(db: Database | Connection, number: LocalNumber) -> list[Hit]:
    """Return who has this number at the institution that the number belongs to."""
    return await _by_identifier(db, number.system, number.value, None, ("local-number",))


async def by_items(
    db: Database | Connection,
    *,
    birth: date,
    name: str = "",
    kana: str = "",
    sex: str = "",
    address: str = "",
) -> list[Hit]:
    """Return who has this whole name (kanji or kana) and birth date, and this sex or address; best match first.

    Raises BadRequest when too little is given, ManyMatches when more than 10 agree.
    """
    if not (name.strip() or kana.strip()) or not (sex or address):
        raise BadRequest(
            "氏名(漢字またはカナ)と生年月日に加えて、性別か住所を入力してください。",
            "Give the whole name (kanji or kana), the birth date, and sex or address.",
            rule="people.find.items",
        )
    _require_sex(sex)
    return await _by_items(db, birth, name, kana, sex, read_address(address) if address else None)


async def by_four_items(db: Database | Connection, *, name: str, birth: date, sex: str, address: str) -> int:
    """Return the one person with this name, birth date, sex and address (R-A4).

    Raises BadRequest when an item is missing, NotFound, and ManyMatches unless exactly one agrees.
    """
    where = read_address(address)
    if (
        not name.strip()
        or sex not in _SEXES
        or not where.prefecture
        or not (where.municipality or where.town)
    ):
        raise BadRequest(
            "氏名、生年月日、性別、住所(都道府県から)の4項目がすべて必要です。",
            "All four are needed: name, birth date, sex, and address from the prefecture on.",
            rule="people.find.four-items",
        )
    hits = await _by_items(db, birth, name, "", sex, where)
    if not hits:
        raise NotFound
    if len(hits) > 1:
        raise ManyMatches(
            "4項目が一致する人が複数います。他の方法で本人を確認してください。",
            "More than one person has these four items. Identify the person in another way.",
            rule="people.find.four-items",
        )
    return hits[0].person


async def _by_identifier(
    db: Database | Connection, system: str, value: str, birth: date | None, matched: tuple[str, ...]
) -> list[Hit]:
    async with inside(db) as connection:
        rows = await people_find.by_identifier(connection, system, value, birth, MOST + 1)
    _require_few(rows)
    return [Hit(row["root"], matched, row["disputed"]) for row in rows]


async def _by_items(
    db: Database | Connection, birth: date, name: str, kana: str, sex: str, address: Address | None
) -> list[Hit]:
    if folding.is_kana(name) and not kana:
        kana = name
    async with inside(db) as connection:
        rows = await people_find.by_items(
            connection, birth, folding.fold_kana(kana), folding.fold_name(name), sex, _ROWS + 1
        )
    if len(rows) > _ROWS:
        _require_few(rows)
    found: dict[int, set[str]] = {}
    for row in rows:
        if address is None or alike(address, Address(row["prefecture"], row["municipality"], row["town"])):
            found.setdefault(row["root"], set()).update(_matched(row, sex, address))
    _require_few(found)
    hits = [Hit(person, tuple(sorted(matched))) for person, matched in found.items()]
    return sorted(hits, key=lambda hit: -len(hit.matched))


def _matched(row: Row, sex: str, address: Address | None) -> set[str]:
    said = {"birth": True, "kana": row["kana"], "kanji": row["kanji"], "sex": sex, "address": address}
    return {item for item, agrees in said.items() if agrees}


def _require_sex(sex: str) -> None:
    if sex and sex not in _SEXES:
        raise BadRequest(
            "性別は male、female、other のいずれかです。",
            "Sex is male, female or other.",
            rule="people.find.sex",
        )


def _require_few(found: Sequence[object] | dict[int, set[str]]) -> None:
    if len(found) > MOST:
        raise ManyMatches(
            "該当者が多すぎます。住所などを加えて絞り込んでください。",
            "Too many persons agree. Add the address or another item.",
            rule="people.find.many",
        )
