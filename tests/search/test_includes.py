"""`_include` and `_revinclude` bring what is referred to, as far as the window shows it."""

from search_engines import EVERYTHING, Undo, held, put

from kakehashi.core.kinds import Kind
from kakehashi.core.window import Pane, Window
from kakehashi.search.include import pointed_at
from kakehashi.search.parse import parse_query
from kakehashi.store import search_sql
from kakehashi.store.database import Connection, Database
from kakehashi.store.window_sql import Arguments, open_on, predicate

PATIENT = held({"resourceType": "Patient", "id": "p"}, kind=Kind.PATIENT)
LAB = held(
    {
        "resourceType": "Observation",
        "id": "o",
        "subject": {"reference": "Patient/p"},
        "performer": [{"reference": "Practitioner/d"}, {"display": "someone"}],
    },
    kind=Kind.LAB,
)


def _asked(include: str) -> list[tuple[str, str]]:
    return pointed_at(parse_query("Observation", [("_include", include)]).include, LAB.resource)


def test_an_include_names_what_the_page_refers_to() -> None:
    assert _asked("Observation:subject") == [("Patient", "p")]
    assert _asked("Observation:subject:Group") == []
    assert _asked("Patient:organization") == []
    assert sorted(_asked("Observation:*")) == sorted(_asked("*")) == [("Patient", "p"), ("Practitioner", "d")]


async def _read(tx: Connection, window: Window) -> tuple[list[str], list[str]]:
    """What an include of the Patient, and a reverse include of Observations, bring under a window."""
    await open_on(tx, window)
    arguments = Arguments()
    sql, values = search_sql.compile_rows(
        [("Patient", "p")], predicate(window, arguments), arguments, columns="r.id"
    )
    forward = [row[0] for row in await tx.fetch(sql, *values)]
    (back,) = parse_query("Patient", [("_revinclude", "Observation:subject")]).revinclude
    arguments = Arguments()
    sql, values = search_sql.compile_revinclude(
        back,
        ["Observation"],
        [("Patient", PATIENT.rid)],
        predicate(window, arguments),
        arguments,
        limit=10,
        columns="r.id",
    )
    return forward, [row[0] for row in await tx.fetch(sql, *values)]


async def test_the_window_holds_for_what_is_included(store: Database) -> None:
    try:
        async with store.transaction() as tx:
            await put(tx, [PATIENT, LAB])
            assert await _read(tx, EVERYTHING) == (["p"], ["o"])
            assert await _read(tx, Window((Pane(Kind.LAB.bit),))) == ([], ["o"])
            assert await _read(tx, Window((Pane(Kind.PATIENT.bit),))) == (["p"], [])
            raise Undo
    except Undo:
        pass
