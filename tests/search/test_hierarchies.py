"""`:below` and `:above` of references to what has parts; the two engines agree (conftest.py)."""

import pytest
from search_spec import Spec

from kakehashi.core.errors import BadSearchValue, NotSupported, TooCostly
from kakehashi.search.hierarchies import LEVELS
from kakehashi.search.parse import parse_query

PLACES = """
    id    | name | partOf
    house | 棟    |
    ward  | 病棟   | {"reference": "Location/house"}
    room  | 病室   | {"reference": "Location/ward"}
    other | 別棟   |
"""
VISITS = """
    id | class                  | location
    h  | {"code": "AMB"}        | [{"location": {"reference": "Location/house"}}]
    w  | {"code": "IMP"}        | [{"location": {"reference": "Location/ward"}}]
    r  | {"code": "IMP"}        | [{"location": {"reference": "Location/room"}}]
    o  | {"code": "IMP"}        | [{"location": {"reference": "Location/other"}}]
"""


@pytest.mark.parametrize(("asked", "found"), [
    ("location:below=Location/house", "hwr"), ("location:below=ward", "wr"), ("location:below=Location/room", "r"),
    ("location:below=house&class=IMP", "wr"), ("location:below=Location/none", ""),
    ("location:above=Location/room", "hwr"), ("location:above=house", "h"), ("location:above=other", "o"),
    ("location.partof:below=Location/house", "wr"), ("location:below=room,other", "ro"),
])  # fmt: skip
async def test_a_place_is_found_with_what_is_under_or_over_it(search: Spec, asked: str, found: str) -> None:
    search.given("Location", PLACES)
    search.given("Encounter", VISITS)
    assert await search(f"Encounter?{asked}") == set(found)


async def test_a_place_that_is_part_of_itself_ends_the_search(search: Spec) -> None:
    search.given("Location", 'id | partOf\na | {"reference": "Location/b"}\nb | {"reference": "Location/a"}')
    assert await search("Location?partof:below=Location/a") == {"a", "b"}


async def test_the_hierarchy_is_gone_through_so_far_and_no_further(search: Spec) -> None:
    lines = [f'{n} | {{"reference": "Location/{n - 1}"}}' for n in range(1, LEVELS + 4)]
    search.given("Location", "\n".join(["id | partOf", *lines]))
    found = await search("Location?partof:below=Location/0")
    assert found == {str(n) for n in range(1, LEVELS + 2)}


@pytest.mark.parametrize(("kind", "name", "value", "refused"), [
    ("Observation", "subject:below", "Patient/1", NotSupported),
    ("Encounter", "location:below", "http://a.example/1", BadSearchValue),
    ("Encounter", "location:below", "1,2,3,4,5", TooCostly),
])  # fmt: skip
def test_what_has_no_hierarchy_is_refused_and_so_are_too_many(
    kind: str, name: str, value: str, refused: type[Exception]
) -> None:
    with pytest.raises(refused):
        parse_query(kind, [(name, value)])
