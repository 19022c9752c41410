"""Prefixes, precision and partial dates. Source: https://hl7.org/fhir/R4/search.html#prefix"""

import pytest
from search_spec import Spec

OBSERVATIONS = """
    id | effectiveDateTime
    a  | 2024-02-29
    b  | 2024-03-01
    c  | 2024
"""


async def test_month_finds_only_what_lies_wholly_inside_it(search: Spec) -> None:
    """`eq` wants the stored date inside the month asked for; a bare year reaches beyond it."""
    search.given("Observation", OBSERVATIONS)
    assert await search("Observation?date=2024-02") == {"a"}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("eq2024-02-29", {"a"}),
        ("ne2024-02-29", {"b", "c"}),
        ("gt2024-02-29", {"b", "c"}),
        ("ge2024-02-29", {"a", "b", "c"}),
        ("lt2024-02-29", {"c"}),
        ("le2024-02-29", {"a", "c"}),
        ("sa2024-02-29", {"b"}),
        ("eb2024-03-01", {"a"}),
        ("2024", {"a", "b", "c"}),
    ],
)
async def test_prefixes_compare_intervals(search: Spec, asked: str, found: set[str]) -> None:
    search.given("Observation", OBSERVATIONS)
    assert await search(f"Observation?date={asked}") == found


async def test_a_day_is_a_day_in_japan(search: Spec) -> None:
    """03:00 in Japan on 1 March is 18:00 UTC on 29 February."""
    search.given(
        "Observation",
        """
        id | effectiveDateTime
        a  | 2024-02-29T18:00:00Z
        b  | 2024-02-29T10:00:00+09:00
    """,
    )
    assert await search("Observation?date=2024-03-01") == {"a"}
    assert await search("Observation?date=2024-02-29") == {"b"}


async def test_two_bounds_are_met_by_what_lies_between_and_by_what_spans_them(search: Spec) -> None:
    search.given(
        "Encounter",
        """
        id | period
        a  | {"start": "2024-02-10", "end": "2024-02-12"}
        b  | {"start": "2024-01-01"}
        c  | {"start": "2024-05-01", "end": "2024-05-02"}
        d  | {"end": "2024-01-31"}
    """,
    )
    assert await search("Encounter?date=ge2024-02-01&date=lt2024-03-01") == {"a", "b"}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("5.4", {"a", "b"}),
        ("5.40", {"a"}),
        ("gt5.4", {"b", "c", "d"}),
        ("ge5.4", {"a", "b", "c", "d"}),
        ("1e2", {"c"}),
        ("5.4|http://unitsofmeasure.org|mg", {"a"}),
        ("5.4||mg", {"a"}),
        ("5.4|http://unitsofmeasure.org|g", set()),
        ("ap100", {"c"}),
        ("gt1000", {"d"}),
    ],
)
async def test_quantities_are_found_with_the_precision_and_unit_they_are_asked_for(
    search: Spec, asked: str, found: set[str]
) -> None:
    """`>5` reaches up without end; 5.42 is 5.4 to two digits and not 5.40 to three."""
    search.given(
        "Observation",
        """
        id | valueQuantity
        a  | {"value": 5.4, "system": "http://unitsofmeasure.org", "code": "mg", "unit": "mg"}
        b  | {"value": 5.42}
        c  | {"value": 101, "unit": "g"}
        d  | {"value": 500, "comparator": ">"}
    """,
    )
    assert await search(f"Observation?value-quantity={asked}") == found


async def test_a_component_is_never_put_together_from_two(search: Spec) -> None:
    """Systolic 150 over diastolic 95 is not a diastolic pressure of 150."""
    search.given(
        "Observation",
        """
        id | component
        a  | [{"code": {"coding": [{"code": "8480-6"}]}, "valueQuantity": {"value": 150, "code": "mm[Hg]"}}, {"code": {"coding": [{"code": "8462-4"}]}, "valueQuantity": {"value": 95, "code": "mm[Hg]"}}]
    """,  # noqa: E501
    )
    assert await search("Observation?component-code-value-quantity=8480-6$gt140") == {"a"}
    assert await search("Observation?component-code-value-quantity=8480-6$gt140||mm[Hg]") == {"a"}
    assert await search("Observation?component-code-value-quantity=8462-4$gt140") == set()
    assert await search("Observation?combo-code-value-quantity=8480-6$gt140") == {"a"}


async def test_a_number_and_its_unit_are_never_taken_from_two_values(search: Spec) -> None:
    search.given(
        "Observation",
        """
        id | component
        a  | [{"valueQuantity": {"value": 5, "code": "mg"}}, {"valueQuantity": {"value": 70, "code": "kg"}}]
    """,
    )
    assert await search("Observation?component-value-quantity=5||mg") == {"a"}
    assert await search("Observation?component-value-quantity=70||mg") == set()


async def test_two_numbers_of_a_gene_are_taken_from_one_variant(search: Spec) -> None:
    search.given(
        "MolecularSequence",
        """
        id | referenceSeq | variant
        a  | {"chromosome": {"coding": [{"code": "1"}]}} | [{"start": 10, "end": 20}, {"start": 30, "end": 40}]
    """,
    )
    assert await search("MolecularSequence?chromosome-variant-coordinate=1$ge25$le45") == {"a"}
    assert await search("MolecularSequence?chromosome-variant-coordinate=1$ge25$le25") == set()


async def test_places_near_a_point(search: Spec) -> None:
    """Tokyo station to Yokohama station is about 27 km."""
    search.given(
        "Location",
        """
        id    | position
        tokyo | {"latitude": 35.681, "longitude": 139.767}
        yokohama | {"latitude": 35.466, "longitude": 139.622}
    """,
    )
    assert await search("Location?near=35.68|139.77|10|km") == {"tokyo"}
    assert await search("Location?near=35.68|139.77|30|km") == {"tokyo", "yokohama"}
