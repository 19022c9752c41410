"""By which index a search is written to find its rows: what the planner cannot know, the statement says."""

from typing import cast

import pytest

from kakehashi.core.kinds import EVERY_KIND, Kind
from kakehashi.core.window import Pane, Window
from kakehashi.fhir.types import NUMBER
from kakehashi.search.parse import parse_query
from kakehashi.search.plan import And, Query
from kakehashi.store import search_sql
from kakehashi.store.search_hints import NO_HINTS, Hints, institutions
from kakehashi.store.search_tokens import token
from kakehashi.store.window_sql import Arguments, predicate, system_window

WALKED = "r.type = "  # the index of the type may be walked
LEFT_OUT = "r.type + 0 = "  # it may not


def _query(asked: str) -> Query:
    resource_type, _, text = asked.partition("?")
    pairs = [(name, value) for name, _, value in (one.partition("=") for one in text.split("&"))]
    return parse_query(resource_type, pairs)


def _statement(asked: str, persons: list[int] | None = None, hints: Hints = NO_HINTS) -> str:
    arguments = Arguments()
    seen = predicate(hints.window or system_window("test"), arguments)
    return search_sql.compile_search(_query(asked), seen, arguments, persons=persons, hints=hints)[0]


def _common(asked: str) -> Hints:
    """Everything that the search asks for is common."""
    return Hints(common=frozenset(filter(None, map(token, cast(And, _query(asked).where).parts))))


@pytest.mark.parametrize(
    "asked",
    [
        "Patient?identifier=urn:s|1",
        "Patient?identifier=1&gender=male",
        "Patient?telecom=03-0000-0000",
        "Observation?patient=p1",
        "Observation?subject=Patient/p1&code=718-7",
        "Observation?patient.name=山田",
        "Observation?date=2026-11-20",
        "Observation?date=ge2026-11-01&date=lt2026-12-01",
        "Observation?code=718-7&_sort=-date",
        "Observation?code=718-7",
        "Observation?code=http://loinc.org|718-7",
        "Encounter?service-provider=Organization/h",
        "Practitioner?name=山",
    ],
)
def test_tokens_that_few_rows_have_find_them_alone(asked: str) -> None:
    """Else PostgreSQL walks every entry of the type beside them, and the search grows with the store."""
    assert LEFT_OUT in _statement(asked)


@pytest.mark.parametrize(
    "asked",
    [
        "Observation?status=final",
        "Patient?gender=male",
        "Patient?_id=p1",
        "Patient?_id=p1&gender=male&_sort=name",
    ],
)
def test_the_first_rows_of_very_many_are_found_in_their_order(asked: str) -> None:
    """Every second row has the token: the first page must not wait for all of them."""
    hints = _common(asked) if "_id" not in asked else NO_HINTS
    assert f"{WALKED}{NUMBER[asked.partition('?')[0]]}" in _statement(asked, hints=hints)


def test_an_organization_may_be_of_many_and_a_patient_is_of_one() -> None:
    at_hospital, of_patient = "Encounter?service-provider=Organization/h", "Encounter?subject=Patient/p"
    assert WALKED in _statement(at_hospital, hints=_common(at_hospital))
    assert LEFT_OUT in _statement(of_patient, hints=_common(of_patient))


OWN = Pane(EVERY_KIND & ~Kind.SHARED.bit, custodians=frozenset({5}))
ADDRESSED = Pane(Kind.REFERRAL.bit, addressees=frozenset({5}))
SHARED = Pane(Kind.SHARED.bit, persons=frozenset({0}))
OF_HANAKO = Pane(Kind.LAB.bit, persons=frozenset({7}), hidden=8)


def test_an_institution_meets_its_own_rows_only() -> None:
    """However many others have the same code: its key is asked of the same index."""
    window = Window((SHARED, OWN, ADDRESSED), "test")
    assert institutions(window, "Observation") == [5]
    assert "ARRAY[r.custodian, r.addressee] && " in _statement("Observation?code=718-7", hints=Hints(window))
    assert "ARRAY[o1.custodian, o1.addressee] && " in _statement(
        "Patient?_has:Observation:patient:code=718-7", hints=Hints(window)
    )


@pytest.mark.parametrize(
    ("window", "resource_type"),
    [
        (Window((SHARED, OWN)), "Organization"),  # everybody's
        (Window((SHARED, OWN)), "Device"),  # may be everybody's
        (Window((OWN, OF_HANAKO)), "Observation"),  # also somebody else's rows about Hanako
        (Window((Pane(EVERY_KIND),)), "Observation"),
    ],
)
def test_a_window_that_opens_otherwise_too_is_not_narrowed_to_institutions(
    window: Window, resource_type: str
) -> None:
    assert institutions(window, resource_type) is None


def test_a_window_through_which_nothing_of_the_type_is_seen_is_left_to_itself() -> None:
    assert institutions(Window((SHARED,)), "Observation") == []
    assert "ARRAY" not in _statement("Observation?code=718-7", hints=Hints(Window((SHARED,))))


def test_where_the_person_is_known_neither_types_nor_dates_are_looked_up() -> None:
    known, unknown = (
        _statement("Observation?date=ge2026-11-01&date=lt2026-12-01", persons) for persons in ([7], None)
    )
    assert LEFT_OUT in known
    assert "tokens" not in known
    assert "tokens" in unknown
