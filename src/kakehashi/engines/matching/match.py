"""Candidates through the window: who may be meant is found by people/, what is shown is what the asker may see.

Whatever is told of a candidate is told by the Patient that is shown, so that a hidden record changes nothing: neither
who is found nor how sure it is. Only what is returned is logged as seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kakehashi.core.errors import BadRequest, Invalid, TooCostly
from kakehashi.engines.house import House
from kakehashi.engines.matching.grading import Described, Grade, graded
from kakehashi.engines.records.asked import Asked, scene_around
from kakehashi.fhir.indexing.parameters import parameter
from kakehashi.fhir.parse import Resource, parse
from kakehashi.fhir.validate import validate
from kakehashi.people.candidates import candidates
from kakehashi.search.plan import HasToken, Or, Query
from kakehashi.store.read import Reading, reading
from kakehashi.store.rows import Row
from kakehashi.trust import roles

MOST = 100  # Patients in one answer
IDENTIFIERS = 20  # of the description
_PERSONS = 200  # who may be meant; more are nobody
_ROWS = 500  # Patients looked at

_RANK = {grade: place for place, grade in enumerate(Grade)}


@dataclass(frozen=True, slots=True)
class Match:
    """A Patient that may be meant: the row, how sure that is, and the score, 0 to 1."""

    row: Row
    grade: Grade
    score: float


async def match(
    house: House, asked: Asked, patient: Resource, *, most: int = MOST, certain: bool = False
) -> list[Match]:
    """Return whom a Patient may describe among those the actor may see, best first. `certain`: only what is certain.

    Raises Refused, Invalid (no R4), BadRequest (too little to go by), TooCostly, Unavailable.
    """
    roles.require(asked.actor, "person.find")
    roles.require(asked.actor, "search", resource_type="Patient")
    described = _described(patient)
    async with house.db.connection() as db:
        meant = await candidates(db, described.who, described.identifiers, most=_PERSONS)
    keys = [("Patient", one.removeprefix("Patient/")) for one in meant]
    scene = (await scene_around(house, asked, keys)).searching()
    note = asked.note("search", "Patient/$match", scene.window)
    async with reading(house.db, scene.window, note, at=asked.at) as look:
        rows = await _rows(look, described, scene.persons or frozenset())
        found = _graded(rows, described, asked.actor.institution.code)
        shown = [one for one in found if not certain or one.grade is Grade.CERTAIN][:most]
        look.seen = [one.row.seen for one in shown]
    return shown


async def _rows(look: Reading, described: Described, persons: frozenset[int]) -> list[Row]:
    """Return the visible Patients of these persons, and those with one of the identifiers."""
    rows = await look.every_of("Patient", persons=persons, limit=_ROWS) if persons else []
    found = parameter("Patient", "identifier")
    assert found is not None
    tokens = tuple(HasToken(found, one.system, one.value) for one in described.identifiers)
    if tokens:
        rows += (await look.search(Query("Patient", Or(tokens), count=_ROWS))).rows
    return list({row.id: row for row in rows}.values())


def _graded(rows: Sequence[Row], described: Described, own: str) -> list[Match]:
    found = [
        Match(row, *said)
        for row in rows
        if (said := graded(described, Described.of(parse(row.body)), own=own)) is not None
    ]
    return sorted(found, key=lambda one: (_RANK[one.grade], -one.score, one.row.id))


def _described(patient: Resource) -> Described:
    problems = [one for one in validate(patient) if one.severity == "error"]
    if problems:
        raise Invalid(problems=[one.moved("resource") for one in problems])
    if len(patient.tree.get("identifier", ())) > IDENTIFIERS:
        raise TooCostly(
            f"identifier は {IDENTIFIERS} 個までです。", f"At most {IDENTIFIERS} identifiers.",
            rule="match.identifiers", place="resource.identifier",
        )  # fmt: skip
    described = Described.of(patient)
    who = described.who
    if not described.identifiers and not (who.birth and (who.kana.full or who.kanji.full)):
        raise BadRequest(
            "identifier か、氏名と生年月日 (年月日すべて) を入れてください。名前の一部だけでは探せません。",
            "Give an identifier, or the whole name with the full birth date; a part of a name does not do.",
            rule="match.little",
            place="resource",
        )
    return described
