"""The store's looks as it writes them: statements that are put together when they run, caught before they go out.

The store's own functions are called with a connection that keeps what it is asked and answers nothing.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.errors import Failure
from kakehashi.core.kinds import EVERY_KIND, Kind
from kakehashi.core.logentry import Note
from kakehashi.core.window import Pane, Window
from kakehashi.search.parse import parse_query
from kakehashi.store import read_once, read_record
from kakehashi.store.database import Database
from kakehashi.store.read import Reading

PERSON = 5
AT = datetime(2026, 11, 21, tzinfo=UTC)
_HOSPITAL = Institution(1, "1311234567", "見本", InstitutionType.HOSPITAL)
_NOTE = Note(Actor("x", Role.DOCTOR, _HOSPITAL, Purpose.TREATMENT), "search", "Observation", "own")
ON_PERSON = Window((Pane(EVERY_KIND, persons=frozenset({PERSON})),), "consent")
OWN = Window((Pane(EVERY_KIND, custodians=frozenset({1})),), "own")


@dataclass(frozen=True, slots=True)
class Look:
    """One statement with its arguments, and the window that is open when it runs."""

    name: str
    window: Window
    text: str
    values: tuple[object, ...]


@dataclass
class _Caught:
    """A connection, and a database, that keep what they are asked."""

    asked: list[tuple[str, tuple[object, ...]]] = field(default_factory=list)
    common: frozenset[int] = frozenset()

    async def fetch(self, text: str, *values: object) -> list[object]:
        self.asked.append((text, values))
        return []

    async def execute(self, text: str, *values: object) -> str:
        return ""

    @asynccontextmanager
    async def connection(self) -> AsyncIterator["_Caught"]:
        yield self


_SEARCHES = (
    ("a person's results of a code", ON_PERSON, "Observation", "patient=Patient/a&code=http://loinc.org|718-7"),
    ("a person's results of a code, by date", ON_PERSON, "Observation", "patient=Patient/a&code=718-7&_sort=-date"),
    ("a Patient by identifier, of one's own", OWN, "Patient", "identifier=urn:a|1"),
    ("a code, of one's own", OWN, "Observation", "code=http://loinc.org|718-7"),
    ("a chain, of one's own", OWN, "Observation", "subject:Patient.identifier=urn:a|1"),
    ("_has, of one's own", OWN, "Patient", "_has:Observation:patient:code=718-7"),
    ("_has, of one person", ON_PERSON, "Patient", "_id=a&_has:Observation:patient:code=718-7"),
)  # fmt: skip


async def looks() -> list[Look]:
    """Return every look, by the name under which the table shows it."""
    found = []
    for name, window, kind, text in _SEARCHES:
        found += await _search(name, window, kind, text)
    for window, whose in ((ON_PERSON, "a person"), (OWN, "one's own")):
        for name, call in _READINGS.items():
            caught = _Caught()
            with suppress(Failure, IndexError):
                await call(Reading(cast(Any, caught), window))
            found += [Look(f"{name} ({whose})", window, text, values) for text, values in caught.asked[:1]]
    caught = _Caught()
    await read_record.read_record(
        cast(Database, caught), ON_PERSON, _NOTE, [PERSON], always=Kind.ALLERGY.bit, wanted=Kind.LAB.bit,
        since=AT, before=AT, limit=10, at=AT,
    )  # fmt: skip
    return found + [Look("record with its log entries", ON_PERSON, *one) for one in caught.asked]


async def _search(name: str, window: Window, kind: str, text: str) -> list[Look]:
    pairs = [(key, value) for key, _, value in (pair.partition("=") for pair in text.split("&"))]
    query = parse_query(kind, pairs, at=AT, strict=True)
    persons = [PERSON] if window is ON_PERSON else None
    page, total, logged = _Caught(), _Caught(), _Caught()
    await Reading(cast(Any, page), window).search(query, persons=persons)
    await read_once.search_once(cast(Database, logged), window, _NOTE, query, at=AT, persons=persons)
    return [
        *(Look(name, window, *one) for one in page.asked[:1]),
        *(
            Look(f"{name}, logged in the same statement", window, *one)
            for one in (*total.asked, *logged.asked)
        ),
    ]


_READINGS: dict[str, Callable[[Reading], Awaitable[object]]] = {
    "read by id": lambda look: look.one("Observation", "a"),
    "history of one": lambda look: look.history("Observation", "a"),
    "changes": lambda look: look.changes("Observation"),
    "included": lambda look: look.include([("Patient", "a")]),
    "rows by time": lambda look: look.rows([PERSON], kinds=Kind.LAB.bit),
    "$everything": lambda look: look.everything([PERSON]),
    "export": lambda look: look.every(),
    "export of a type": lambda look: look.every_of("Observation", persons=[PERSON]),
}
