"""By which index a search is written to find its rows: what the planner cannot know, the statement says."""

import pytest

from kakehashi.fhir.types import NUMBER
from kakehashi.search.parse import parse_query
from kakehashi.store import search_sql
from kakehashi.store.window_sql import Arguments, predicate, system_window

WALKED = "r.type = "  # the index of the type may be walked
LEFT_OUT = "r.type + 0 = "  # it may not


def _statement(asked: str, persons: list[int] | None = None) -> str:
    resource_type, _, text = asked.partition("?")
    pairs = [(name, value) for name, _, value in (one.partition("=") for one in text.split("&"))]
    arguments = Arguments()
    seen = predicate(system_window("test"), arguments)
    query = parse_query(resource_type, pairs)
    return search_sql.compile_search(query, seen, arguments, persons=persons)[0]


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
    """Every second row may have the token: the first page must not wait for all of them."""
    assert f"{WALKED}{NUMBER[asked.partition('?')[0]]}" in _statement(asked)


def test_an_organization_is_of_many_and_a_patient_of_one() -> None:
    assert WALKED in _statement("Encounter?service-provider=Organization/h")
    assert LEFT_OUT in _statement("Encounter?subject=Patient/p")


def test_where_the_person_is_known_neither_types_nor_dates_are_looked_up() -> None:
    known, unknown = (
        _statement("Observation?date=ge2026-11-01&date=lt2026-12-01", persons) for persons in ([7], None)
    )
    assert LEFT_OUT in known
    assert "tokens" not in known
    assert "tokens" in unknown
