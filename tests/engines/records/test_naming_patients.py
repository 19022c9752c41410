"""Which persons a search is about: only then is the window on them opened, and only then are others left aside."""

from datetime import UTC, datetime

import pytest

from kakehashi.core.errors import BadRequest, BadSearchValue
from kakehashi.engines.records.conditions import query_of
from kakehashi.engines.records.search import named_patients
from kakehashi.search.parse import parse_query

NOON = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(("search", "ids", "sure"), [
    ("patient=1", ["1"], True), ("subject=Patient/1", ["1"], True), ("patient=1,2", ["1", "2"], True),
    ("subject=1", ["1"], False), ("performer=Patient/1", [], False), ("code=x", [], False),
    ("patient=1&subject=Patient/2", ["1", "2"], True), ("subject:Patient.family=x", [], False),
])  # fmt: skip
def test_a_search_is_about_the_patients_that_every_match_must_have(
    search: str, ids: list[str], sure: bool
) -> None:
    pairs = [tuple(one.split("=", 1)) for one in search.split("&")]
    assert named_patients(parse_query("Observation", pairs)) == (ids, sure)


def test_a_patient_is_about_itself() -> None:
    assert named_patients(parse_query("Patient", [("_id", "1,2")])) == (["1", "2"], True)
    assert named_patients(parse_query("Observation", [("_id", "1")])) == ([], False)


def test_a_condition_must_be_understood_whole_and_say_something() -> None:
    found = query_of("Patient", "?family=見本&_count=9", at=NOON, base_url="")
    assert (found.count, found.used) == (2, (("family", "見本"),))
    with pytest.raises(BadSearchValue):
        query_of("Patient", "family=a&shoe-size=9", at=NOON, base_url="")
    with pytest.raises(BadRequest):
        query_of("Patient", "", at=NOON, base_url="")
