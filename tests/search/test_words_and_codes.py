"""Strings, tokens, references and URIs with their modifiers. Source: https://hl7.org/fhir/R4/search.html"""

import pytest
from search_spec import Spec

PEOPLE = """
    id | name
    a  | [{"text": "山田 太郎", "family": "山田", "given": ["太郎"]}]
    b  | [{"family": "ﾔﾏﾀﾞ"}, {"text": "Müller"}]
    c  | [{"family": "小林"}]
    d  | [{"family": "林"}]
"""


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("name=山田", {"a"}),
        ("name=太郎", {"a"}),
        ("name=山田太郎", {"a"}),
        ("name=やまだ", {"b"}),
        ("name=mull", {"b"}),
        ("name=林", {"d"}),
        ("name:contains=林", {"c", "d"}),
        ("name:contains=ダ", {"b"}),
        ("name:contains=田 太", {"a"}),
        ("name:exact=ヤマダ", set()),
        ("name:exact=ﾔﾏﾀﾞ", {"b"}),
        ("name=林,山田", {"a", "d"}),
        ("family:missing=true", set()),
        ("given:missing=false", {"a"}),
        ("phonetic=ヤマダ", {"b"}),
    ],
)
async def test_japanese_names_are_found_however_they_are_typed(
    search: Spec, asked: str, found: set[str]
) -> None:
    search.given("Patient", PEOPLE)
    assert await search(f"Patient?{asked}") == found


async def test_a_long_text_is_found_by_what_it_holds(search: Spec) -> None:
    search.given("ValueSet", f"id | description\na | {'あ' * 80}林\nb | {'あ' * 80}")
    assert await search("ValueSet?description:contains=ア林") == {"a"}


OBSERVATIONS = """
    id | status | code
    a  | final  | {"coding": [{"system": "http://loinc.org", "code": "718-7", "display": "Hb"}], "text": "ヘモグロビン"}
    b  | final  | {"coding": [{"code": "718-7"}]}
    c  | preliminary | {"coding": [{"system": "urn:x", "code": "a,b"}]}
    d  | final  | {"text": "血色素"}
"""


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("code=718-7", {"a", "b"}),
        ("code=http://loinc.org|718-7", {"a"}),
        ("code=|718-7", {"b"}),
        ("code=http://loinc.org|", {"a"}),
        ("code:not=718-7", {"c", "d"}),
        ("code=a\\,b", {"c"}),
        ("code=a,b", set()),
        ("code:text=へも", {"a"}),
        ("code:text=HB", {"a"}),
        ("status=final&code:not=718-7", {"d"}),
        ("status=http://hl7.org/fhir/observation-status|preliminary", {"c"}),
        ("status=http://elsewhere|preliminary", set()),
        ("code=718-7&code=http://loinc.org|", {"a"}),
    ],
)
async def test_codes(search: Spec, asked: str, found: set[str]) -> None:
    search.given("Observation", OBSERVATIONS)
    assert await search(f"Observation?{asked}") == found


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("identifier=1", {"a", "b", "d"}),
        ("identifier=urn:s|1", {"a", "b"}),
        ("identifier=urn:s|2", {"c"}),
        ("identifier=urn:t|1", {"d"}),
        ("identifier=urn:t|2", {"a", "d"}),
        ("identifier=urn:t|3", set()),
        ("identifier=urn:s|1,urn:t|2", {"a", "b", "d"}),
        ("identifier=urn:s|1&identifier=urn:t|2", {"a"}),
        ("identifier=|1", set()),
        ("identifier=|2", {"c"}),
        ("identifier=urn:t|", {"a", "d"}),
        ("identifier=urn:u|", {"e"}),
        ("identifier=urn:u|1", set()),
        ("identifier:not=urn:s|1", {"c", "d", "e"}),
    ],
)
async def test_a_value_is_never_taken_with_the_system_of_another(
    search: Spec, asked: str, found: set[str]
) -> None:
    """Rows in which every system goes with every value, and rows in which they could be confused."""
    search.given(
        "Patient",
        """
        id | identifier
        a  | [{"system": "urn:s", "value": "1"}, {"system": "urn:t", "value": "2"}]
        b  | [{"system": "urn:s", "value": "1"}]
        c  | [{"system": "urn:s", "value": "2"}, {"value": "2"}]
        d  | [{"system": "urn:t", "value": "1"}, {"system": "urn:t", "value": "2"}]
        e  | [{"system": "urn:u"}, {"system": "urn:s", "value": "7"}]
    """,
    )
    assert await search(f"Patient?{asked}") == found


async def test_a_lot_number_is_found_by_its_beginning_and_by_what_it_holds(search: Spec) -> None:
    """The index has no marks of the letters of such texts; the texts themselves are compared."""
    search.given("Immunization", "id | lotNumber\na | AB-1234\nb | XAB-12\nc | 99")
    assert await search("Immunization?lot-number=ab") == {"a"}
    assert await search("Immunization?lot-number:contains=ab-12") == {"a", "b"}
    assert await search("Immunization?lot-number:exact=AB-1234") == {"a"}


async def test_an_identifier_by_its_type(search: Spec) -> None:
    search.given(
        "Patient",
        """
        id | identifier
        a  | [{"type": {"coding": [{"system": "urn:t", "code": "MR"}]}, "value": "1"}, {"value": "2"}]
    """,
    )
    assert await search("Patient?identifier:of-type=urn:t|MR|1") == {"a"}
    assert await search("Patient?identifier:of-type=urn:t|MR|2") == set()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("subject=Patient/1", {"a", "e"}),
        ("subject=1", {"a", "b", "e"}),
        ("patient=1", {"a", "e"}),
        ("subject:Group=1", {"b"}),
        ("subject=http://elsewhere.example/Patient/1", {"c"}),
        ("subject:identifier=urn:x|9", {"d"}),
        ("patient:identifier=urn:x|9", {"d"}),
        ("patient.identifier=urn:x|9", {"d"}),
        ("patient.identifier=urn:y|9", set()),
        ("patient:identifier=urn:x|7", set()),
        ("subject:identifier=urn:x|7", {"f"}),
        ("subject:missing=true", set()),
        ("patient:missing=true", {"b", "f"}),
    ],
)
async def test_references(search: Spec, asked: str, found: set[str]) -> None:
    search.given(
        "Observation",
        """
        id | subject
        a  | {"reference": "Patient/1"}
        b  | {"reference": "Group/1"}
        c  | {"reference": "http://elsewhere.example/Patient/1"}
        d  | {"identifier": {"system": "urn:x", "value": "9"}}
        e  | {"reference": "Patient/1/_history/3"}
        f  | {"type": "Group", "identifier": {"system": "urn:x", "value": "7"}}
    """,
    )
    assert await search(f"Observation?{asked}") == found


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("url=http://a.example/fhir/x", {"a"}),
        ("url:below=http://a.example/fhir", {"a", "b"}),
        ("url:below=http://a.example/fh", set()),
        ("url:above=http://a.example/fhir/x/y", {"a", "b"}),
    ],
)
async def test_uris_by_path(search: Spec, asked: str, found: set[str]) -> None:
    search.given(
        "ValueSet", "id | url\na | http://a.example/fhir/x\nb | http://a.example/fhir\nc | urn:oid:1.2"
    )
    assert await search(f"ValueSet?{asked}") == found


async def test_a_profile_is_found_with_and_without_its_version(search: Spec) -> None:
    search.given("Patient", 'id | meta\na | {"profile": ["http://p|1.0"], "tag": [{"code": "LTS"}]}')
    assert (
        await search("Patient?_profile=http://p") == await search("Patient?_profile=http://p\\|1.0") == {"a"}
    )
    assert await search("Patient?_tag=LTS") == {"a"}


async def test_who_has_died(search: Spec) -> None:
    search.given("Patient", "id | deceasedBoolean | deceasedDateTime\na | true | \nb | | 2024-01-01\nc | |")
    assert await search("Patient?deceased=true") == {"a", "b"}
    assert await search("Patient?deceased=false") == {"c"}
