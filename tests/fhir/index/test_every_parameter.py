"""Every search parameter that R4 publishes is compiled and finds its values, or says why it cannot."""

import pytest
from sample_trees import item, tree

from kakehashi.fhir.definitions import load
from kakehashi.fhir.indexing.entries import PLACES, entries, numbered
from kakehashi.fhir.indexing.errata import NOT_EXTRACTED
from kakehashi.fhir.indexing.parameters import COLUMNS, parameter, parameters
from kakehashi.fhir.indexing.program import program
from kakehashi.fhir.indexing.words import CONTENT, NARRATIVE, text_key

TYPES = load().resource_types()


def test_every_published_parameter_has_an_answer_or_a_reason() -> None:
    """A parameter without routes would silently find nothing."""
    published = {
        (base, one.code)
        for one in load().search_parameters
        for owner in one.base
        for base in ([owner] if owner in TYPES else TYPES)
    }
    silent = [
        f"{base}.{code}"
        for base, code in sorted(published)
        if code not in NOT_EXTRACTED and not ((p := parameter(base, code)) and (p.routes or p.both))
    ]
    assert silent == []
    assert len(published) > 2500


def test_what_is_not_extracted_is_no_more_than_what_needs_full_text_or_a_language_of_its_own() -> None:
    assert set(NOT_EXTRACTED) == {"_text", "_content", "_list", "_query", "_filter", "age"}


@pytest.mark.parametrize("base", TYPES)
def test_each_route_of_each_parameter_leads_to_its_value(base: str) -> None:
    """A resource made for the route has a value there, and index entries for it."""
    compiled = program(base)
    for place, one in enumerate(compiled.parameters):
        for route in one.routes:
            made = item(one, route) if one.parts else tree(base, route)
            assert compiled.extract(made).get(place), f"{one.name} {route}"
            found = entries(base, made)
            assert found.tokens or len(found.ranges) > 1, one.name


@pytest.mark.parametrize("base", TYPES)
def test_a_parameter_without_entries_is_answered_by_others(base: str) -> None:
    for one in parameters(base).values():
        for code in one.union + one.both:
            other = parameter(base, code)
            assert other is not None, f"{one.name} needs {code}"
            assert other.has_entries or other.union or other.both, f"{one.name} needs {code}"
        assert one.has_entries or one.union or one.both or one.code in COLUMNS


@pytest.mark.parametrize("base", TYPES)
def test_numbers_are_distinct_within_a_type(base: str) -> None:
    """Two parameters with one number would find each other's ranges and texts."""
    names = [f"{one.name}{end}" for one in parameters(base).values() for end in ("", ":text")]
    assert len({numbered(name) for name in names}) == len(names)
    assert len({CONTENT, NARRATIVE, *map(text_key, names)}) == len(names) + 2


@pytest.mark.parametrize("base", TYPES)
def test_there_is_a_bit_for_each_parameter(base: str) -> None:
    """`:missing` looks at the bits of one number."""
    assert len(program(base).parameters) <= PLACES


def test_an_empty_resource_has_hardly_any_entries() -> None:
    """Only a Patient says something by silence: not deceased."""
    for base in TYPES:
        found = entries(base, {"resourceType": base, "id": "1"})
        assert len(found.ranges) == 1, "the number that says which parameters have values"
        assert not found.texts
        assert bool(found.tokens) == (base == "Patient")
