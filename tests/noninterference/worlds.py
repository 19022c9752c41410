"""Two worlds that differ only in what the reader may not see. All persons are invented; ids and person keys are fixed.

A world is a fresh database with the same visible records; a twin gets hidden ones on top. Rows are put through the
store, as the engine would, with ids of the test's choice, so that both worlds name the same things the same way.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from api_words import MIDORI, NOON, SAKURA, Region, lab

from kakehashi.core.actors import Actor, Institution, Purpose, Role
from kakehashi.core.kinds import Flag
from kakehashi.core.logentry import Note
from kakehashi.engines.records.drafts import draft_of
from kakehashi.fhir.parse import parse
from kakehashi.store.write import writing

Json = dict[str, Any]
HANAKO, JIRO = 101, 102  # person keys
START = NOON - timedelta(days=1)
TAGS = "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication"


@dataclass(frozen=True)
class Put:
    """A row to be stored: a resource with its id, whose it is, and who wrote it."""

    body: Json
    person: int
    by: Institution
    flags: Flag = Flag.NONE


def someone(name: str, family: str) -> Json:
    return {"resourceType": "Patient", "id": name, "gender": "female", "birthDate": "1980-05-05",
            "name": [{"family": family, "given": ["見本"], "text": f"{family} 見本"}]}  # fmt: skip


def observed(name: str, who: str, **more: Any) -> Json:
    return {**lab(f"Patient/{who}", **more), "id": name}


def visible() -> list[Put]:
    """What both worlds have: Hanako at both institutions, Jiro at 桜台 only."""
    rows = [
        Put(someone("hanako-s", "花田"), HANAKO, SAKURA),
        Put(someone("hanako-m", "花田"), HANAKO, MIDORI),
        Put({"resourceType": "Practitioner", "id": "dr-s", "name": [{"family": "医師"}]}, 0, SAKURA),
    ]
    for day in range(1, 8):
        date = f"2026-10-{day:02}"
        rows.append(Put(observed(f"m-{day}", "hanako-m", on=date, value=10 + day), HANAKO, MIDORI))
    return rows


async def fill(region: Region, rows: list[Put], at: datetime = START) -> None:
    """Store rows, one act each, in order."""
    for number, one in enumerate(rows):
        by = Actor("writer", Role.SYSTEM, one.by, Purpose.TREATMENT)
        when = at + timedelta(seconds=number)
        async with writing(region.db, Note(by, "create", "row"), at=when) as work:
            draft = draft_of(parse(orjson.dumps(one.body)), one.person, by, when)
            draft.flags |= one.flags
            await work.put(draft)


async def persons(region: Region) -> None:
    """Make the person keys known, as reception would."""
    async with region.db.transaction() as tx:
        for person in (HANAKO, JIRO):
            await tx.execute(
                "INSERT INTO person (person, root, made_at, made_by) VALUES ($1, $1, $2, 'test')",
                person,
                NOON,
            )
