"""Matches in doubt (名寄せ): two descriptions side by side, masked; the operator decides who is who, with a reason.

From here everyone is compared with everyone too, which adds pairs; a server does it beside its other work.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from kakehashi.core.errors import BadRequest, Failure
from kakehashi.faces.web.visit import Page, Visit, guarded, message_of
from kakehashi.people import bulk_runs, doubts, merging
from kakehashi.people.doubts import Outcome
from kakehashi.store import desk, desk_console, institutions, people, people_doubts
from kakehashi.store.database import Connection
from kakehashi.trust.roles import Interaction

_LISTED = 50
_SHORTEST = 4  # characters of a reason
# What is compared: label, the folded column that decides, the column that is shown masked.
FIELDS = (
    ("氏名", "Name", "kanji_full", "kanji_text"),
    ("カナ", "Kana", "kana_full", "kana_text"),
    ("生年月日", "Birth date", "birth", "birth"),
    ("性別", "Sex", "sex", "sex"),
    ("市区町村", "Municipality", "municipality", "municipality"),
    ("町・番地", "Town", "town", "address_text"),
    ("郵便番号", "Postal code", "postal", "postal"),
)
# How far the matching in bulk is.
STEPS = {
    "waiting": ("順番を待っています", "Waits for its turn"),
    "reading": ("登録された人を読んでいます", "Reading who is registered"),
    "matching": ("互いに比べています", "Comparing them with each other"),
}
_SHOWN = frozenset({"birth", "sex", "municipality"})  # these tell little alone and are needed to decide


@dataclass(frozen=True, slots=True)
class Compared:
    """One item of two persons. `same` None: one of them does not have it."""

    ja: str
    en: str
    one: str
    other: str
    same: bool | None


async def show(visit: Visit) -> Response:
    """GET /console/people"""
    return await _people(visit)


async def settle(visit: Visit) -> Response:
    """POST /console/people/settle: a doubtful link is right, or wrong."""
    try:
        number, evidence = _number(visit.said("number")), evidence_of(visit)
        outcome = Outcome.SAME if visit.said("outcome") == "same" else Outcome.DIFFERENT
        await doubts.settle(visit.house.db, number, outcome, evidence=evidence, by=visit.actor, at=visit.at)
    except BadRequest as failure:
        return await _people(visit, failure)
    return visit.go("/console/people?done=settled")


async def decide(visit: Visit) -> Response:
    """POST /console/people/decide: a pair is one human, or two."""
    async with visit.house.db.transaction() as db:
        one = await desk.person_of(db, visit.session.id, visit.said("one"))
        other = await desk.person_of(db, visit.session.id, visit.said("other"))
    try:
        evidence = evidence_of(visit)
        if visit.said("outcome") == "same":
            await merging.merge(visit.house.db, one, other, evidence=evidence, by=visit.actor, at=visit.at)
        else:
            await doubts.reject(visit.house.db, one, other, by=visit.actor, at=visit.at)
    except BadRequest as failure:
        return await _people(visit, failure)
    return visit.go("/console/people?done=settled")


async def match(visit: Visit) -> Response:
    """POST /console/people/match: have everyone compared with everyone; the page shows how far it is."""
    await bulk_runs.ask(visit.house.db, by=visit.actor, at=visit.at, request=visit.asked.request)
    return visit.go("/console/people?done=matching")


async def unmerge(visit: Visit) -> Response:
    """POST /console/people/unmerge: take a merge back."""
    try:
        number, evidence = _number(visit.said("number")), evidence_of(visit)
        await merging.unmerge(visit.house.db, number, evidence=evidence, by=visit.actor, at=visit.at)
    except BadRequest as failure:
        return await _people(visit, failure)
    return visit.go("/console/people?done=settled")


def masked(text: str) -> str:
    """Return a text of which the first sign of each word is left: enough to compare, too little to know.

    >>> masked("架橋 花子")
    '架○ 花○'
    """
    return " ".join(word[:1] + "○" * (len(word) - 1) for word in text.replace("　", " ").split(" "))


def compare(one: Mapping[str, object] | None, other: Mapping[str, object] | None) -> list[Compared]:
    """Return the items of two descriptions beside each other."""
    rows = []
    for ja, en, folded, shown in FIELDS:
        texts = [_shown(side, shown) for side in (one, other)]
        keys = [side[folded] if side else None for side in (one, other)]
        rows.append(Compared(ja, en, texts[0], texts[1], keys[0] == keys[1] if all(keys) else None))
    return rows


def _shown(side: Mapping[str, object] | None, column: str) -> str:
    text = str(side[column]) if side and side[column] else ""
    return text if column in _SHOWN else masked(text)


async def _people(visit: Visit, failure: Failure | None = None) -> Response:
    async with visit.house.db.transaction() as db:
        waiting = (await doubts.waiting(db))[:_LISTED]
        pairs = (await doubts.candidates(db))[:_LISTED]
        waiting_pairs = await people_doubts.count_candidates(db)
        merges = await desk_console.merges(db, _LISTED)
        names = {one.key: one.name for one in await institutions.every(db)}
        known = await _descriptions(
            db,
            {one.person for one in waiting} | {one.other for one in waiting if one.other}
            | {key for one in pairs for key in (one.one, one.other)}
            | {key for one in merges for key in (one["keep"], one["joined"])},
        )  # fmt: skip
        handles = {
            key: await desk.put(db, visit.session.id, key, at=visit.at)
            for one in pairs
            for key in (one.one, one.other)
        }
    return visit.page(
        "console/people.html", status=failure.status if failure else 200,
        messages=message_of(failure) if failure else [], names=names, handles=handles,
        run=await bulk_runs.last(visit.house.db, by=visit.actor), steps=STEPS, waiting_pairs=waiting_pairs,
        waiting=[(one, compare(known.get(one.person), known.get(one.other or 0))) for one in waiting],
        pairs=[(one, compare(known.get(one.one), known.get(one.other))) for one in pairs],
        merges=[(one, compare(known.get(one["keep"]), known.get(one["joined"]))) for one in merges],
    )  # fmt: skip


async def _descriptions(db: Connection, persons: set[int]) -> dict[int, dict[str, object]]:
    """Return a description of each key itself, not of those merged with it."""
    roots = await people.roots(db, sorted(persons))
    found = await people.descriptions(db, sorted(set(roots.values())))
    return {row["person"]: dict(row) for row in found}


def evidence_of(visit: Visit) -> dict[str, str]:
    """Return the reason of a decision as its evidence. Raises BadRequest where none was written."""
    reason = visit.said("reason")
    if len(reason) < _SHORTEST:
        raise BadRequest(
            "決めた理由を書いてください（例: 保険者に照会し、別人と確認）。",
            "Write down the reason, e.g. asked the insurer: two persons.",
            rule="console.reason",
        )
    return {"decided": "console", "reason": reason}


def _number(said: str) -> int:
    if not (said.isascii() and said.isdigit() and len(said) < 19):
        raise BadRequest("一覧から選んでください。", "Choose from the list.", rule="console.number")
    return int(said)


_NEEDS = Interaction.PERSON_SETTLE
PAGES = (
    Page("/console/people", "GET", show, _NEEDS),
    guarded("/console/people/settle", settle, _NEEDS),
    guarded("/console/people/decide", decide, _NEEDS),
    guarded("/console/people/unmerge", unmerge, _NEEDS),
    guarded("/console/people/match", match, _NEEDS),
)
