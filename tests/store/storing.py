"""Words for the store's tests: drafts, notes and windows of a small world of synthetic persons."""

from datetime import UTC, datetime

import orjson

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.kinds import EVERY_KIND, Kind
from kakehashi.core.logentry import Note
from kakehashi.core.window import Pane, Window
from kakehashi.fhir.index import Index
from kakehashi.store import reach
from kakehashi.store.database import Database
from kakehashi.store.rows import Draft, Stored
from kakehashi.store.write import writing

NOW = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 4, 2, 9, 0, tzinfo=UTC)
HANAKO, TARO = 1001, 1002  # person keys
SAKURA, MIDORI = 1, 2  # institution keys

HOSPITAL = Institution(SAKURA, "1311234567", "桜台総合病院", InstitutionType.HOSPITAL)
DOCTOR = Actor("dr-1", Role.DOCTOR, HOSPITAL, Purpose.TREATMENT)
EVERYTHING = Window((Pane(EVERY_KIND),), "test")


def note(action: str = "create", what: str = "Observation") -> Note:
    """A note of the doctor at Sakura."""
    return Note(DOCTOR, action, what)


def of_person(*persons: int, **more: object) -> Window:
    """A window on everything of these persons."""
    return Window((Pane(EVERY_KIND, persons=frozenset(persons), **more),), "test")  # type: ignore[arg-type]


def draft(
    resource_id: str = "a",
    *,
    person: int = HANAKO,
    resource_type: str = "Observation",
    value: str = "1.10",
    **more: object,
) -> Draft:
    """A small laboratory result."""
    body = b'{"resourceType":"%s","valueDecimal":%s}' % (resource_type.encode(), value.encode())
    facts = {
        "kind": Kind.LAB,
        "custodian": SAKURA,
        "at": NOW,
        "index": Index([hash(resource_id)]),
        **more,
    }
    return Draft(resource_type, resource_id, person, body=body, **facts)  # type: ignore[arg-type]


async def store(db: Database, *drafts: Draft, at: datetime = NOW) -> list[Stored]:
    """Put drafts in one transaction."""
    async with writing(db, note(), at=at) as work:
        return await work.put_many(drafts)


def told(entry: bytes) -> dict[str, object]:
    """A log entry as its reader sees it."""
    return dict(orjson.loads(entry))


async def logged_by(db: Database, action: str) -> list[tuple[int, dict[str, object]]]:
    """Return whom each entry under an action is about and what it says, in their order, less what differs by act."""
    async with db.transaction() as tx:
        await reach.open_on(tx, reach.WHOLE_LOG)
        rows = await tx.fetch("SELECT person, entry FROM log ORDER BY seq")
    entries = [(row["person"], told(row["entry"])) for row in rows]
    return [(who, {**one, "act": "", "action": ""}) for who, one in entries if one["action"] == action]
