"""What R4 asks of a resource's structure, rule by rule: what is broken is named, placed and mended. All synthetic."""

import json

import pytest
from r4_least import LEAST, least

from kakehashi.fhir.parse import parse
from kakehashi.fhir.validate import explain, validate
from kakehashi.fhir.validation.accept import accepts
from kakehashi.fhir.validation.explain import MOST


def found(tree):
    return [(one.rule, one.place) for one in validate(parse(json.dumps(tree, ensure_ascii=False).encode()))]


ELEMENT = {
    "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
    ]
}
DAY = "2024-02-29"

GOOD = {
    "a primitive with an extension beside it": ("Patient", {"birthDate": DAY, "_birthDate": ELEMENT}),
    "an extension in place of a primitive": ("Patient", {"_birthDate": ELEMENT}),
    "an extension in place of a required primitive": ("Observation", {"status": None, "_status": ELEMENT}),
    "an extension in place of a choice": ("Patient", {"_deceasedBoolean": ELEMENT}),
    "null where only the extension is known": ("Patient",
        {"name": [{"given": ["一", None], "_given": [None, ELEMENT]}]}),
    "extensions in an array that is shorter": ("Patient", {"name": [{"given": ["一", "二"], "_given": [ELEMENT]}]}),
    "an element's own id": ("Patient", {"name": [{"id": "n", "family": "見本"}]}),
    "full-width space in a name": ("Patient", {"name": [{"text": "見本　太郎"}]}),
    "an instance of another language": ("Patient", {"language": "ja"}),
    "a required concept with another coding beside": (
        "Condition",
        {"clinicalStatus": {"coding": [{"code": "x"},
        {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
                                                       "code": "active"}]}},
    ),
    "a nested extension": ("Patient", {"extension": [{"url": "u", "extension": [{"url": "a", "valueInteger": 1}]}]}),
    "content that refers to itself": (
        "Composition",
        {"section": [{"section": [{"section": [{"text": {"status": "generated",
         "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}}]}]}]},
    ),
    "a reference by urn": ("Observation",
        {"subject": {"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}}),
    "a reference by address": ("Observation", {"subject": {"reference": "https://example.org/fhir/Patient/1"}}),
    "a reference to a version": ("Observation", {"subject": {"reference": "Patient/1/_history/2"}}),
    "a conditional reference": ("Observation", {"subject": {"reference": "Patient?identifier=urn:x|1"}}),
    "a reference by identifier": ("Observation", {"subject": {"type": "Patient", "identifier": {"value": "1"}}}),
    "a reference by words": ("Observation", {"subject": {"display": "見本 太郎"}}),
    "a reference to anything": ("Observation", {"focus": [{"reference": "Basic/1"}]}),
    "a currency": ("Basic", {"extension": [{"url": "u", "valueMoney": {"value": 100, "currency": "JPY"}}]}),
}  # fmt: skip

BAD = {
    # what: (type, members, rule, place below the type)
    "an unknown element": ("Patient", {"nickname": "x"}, "fhir.unknown-element", "nickname"),
    "an unknown element, deep": ("Patient", {"name": [{"famly": "x"}]}, "fhir.unknown-element", "name[0].famly"),
    "a choice without its type": ("Observation", {"value": "x"}, "fhir.unknown-element", "value"),
    "a choice of a type it has not": ("Observation", {"valueUri": "x"}, "fhir.unknown-element", "valueUri"),
    "an extension beside an object": ("Patient", {"_name": [ELEMENT]}, "fhir.unknown-element", "_name"),
    "resourceType inside": ("Patient", {"name": [{"resourceType": "HumanName"}]}, "fhir.unknown-element",
        "name[0].resourceType"),
    "a comparator in a SimpleQuantity": (
        "MedicationAdministration", {"dosage": {"dose": {"value": 1, "comparator": "<"}}}, "fhir.unknown-element",
        "dosage.dose.comparator"),
    "a required element missing": ("Observation", {"code": None}, "fhir.cardinality", "code"),
    "a required choice missing": ("Immunization", {"occurrenceDateTime": None}, "fhir.cardinality",
        "occurrenceDateTime"),
    "a required element missing, deep": ("Patient", {"link": [{"type": "seealso"}]}, "fhir.cardinality",
        "link[0].other"),
    "a reference range of a component": ("Observation", {"component": [{"valueString": "x"}]},
        "fhir.cardinality", "component[0].code"),
    "two types of one choice": ("Patient", {"deceasedBoolean": True, "deceasedDateTime": DAY}, "fhir.choice",
        "deceasedDateTime"),
    "two types of one choice, one by extension": (
        "Patient", {"deceasedBoolean": True, "_deceasedDateTime": ELEMENT}, "fhir.choice", "deceasedDateTime"),
    "no array": ("Patient", {"name": {"family": "x"}}, "fhir.array", "name"),
    "no array of texts": ("Patient", {"name": [{"given": "x"}]}, "fhir.array", "name[0].given"),
    "an array too many": ("Patient", {"birthDate": [DAY]}, "fhir.array", "birthDate"),
    "an array of objects too many": ("Patient", {"maritalStatus": [{"text": "x"}]}, "fhir.array", "maritalStatus"),
    "an empty array": ("Patient", {"name": []}, "fhir.empty", "name"),
    "an empty array of texts": ("Patient", {"name": [{"given": []}]}, "fhir.empty", "name[0].given"),
    "an empty object": ("Patient", {"name": [{}]}, "fhir.empty", "name[0]"),
    "an object with an id only": ("Patient", {"name": [{"id": "a"}]}, "fhir.empty", "name[0]"),
    "an empty text": ("Patient", {"name": [{"family": ""}]}, "fhir.empty", "name[0].family"),
    "null in place of an object": ("Patient", {"name": [None]}, "fhir.empty", "name[0]"),
    "null in place of a text": ("Patient", {"name": [{"given": [None]}]}, "fhir.empty", "name[0].given[0]"),
    "null twice": ("Patient", {"name": [{"given": [None], "_given": [None]}]}, "fhir.empty", "name[0].given[0]"),
    "an empty extension beside": ("Patient", {"birthDate": DAY, "_birthDate": {}}, "fhir.empty", "birthDate"),
    "an unknown member beside": ("Patient", {"_birthDate": {"value": 1}}, "fhir.unknown-element", "birthDate.value"),
    "a text in place of an object": ("Patient", {"maritalStatus": "M"}, "fhir.type", "maritalStatus"),
    "an object in place of a text": ("Patient", {"birthDate": {"x": 1}}, "fhir.primitive", "birthDate"),
    "a date that no calendar has": ("Patient", {"birthDate": "2023-02-29"}, "fhir.primitive", "birthDate"),
    "a time without its offset": ("Observation", {"effectiveDateTime": "2024-01-01T10:00:00"}, "fhir.primitive",
        "effectiveDateTime"),
    "a number in quotes": ("Observation", {"valueQuantity": {"value": "1.0"}}, "fhir.primitive",
        "valueQuantity.value"),
    "a boolean in quotes": ("Patient", {"active": "true"}, "fhir.primitive", "active"),
    "an id that is none": ("Patient", {"id": "a_b"}, "fhir.primitive", "id"),
    "a code outside its set": ("Patient", {"gender": "M"}, "fhir.binding", "gender"),
    "a code outside its set, deep": ("Patient", {"name": [{"use": "x"}]}, "fhir.binding", "name[0].use"),
    "a concept outside its set": ("Condition",
        {"clinicalStatus": {"coding": [{"system": "urn:x", "code": "active"}]}},
                                  "fhir.binding", "clinicalStatus"),
    "a required concept in words only": ("Condition", {"clinicalStatus": {"text": "継続"}}, "fhir.binding",
        "clinicalStatus"),
    "a currency that is none": ("Basic", {"extension": [{"url": "u", "valueMoney": {"currency": "yen"}}]},
        "fhir.binding",
                                "extension[0].valueMoney.currency"),
    "a media type that is none": ("Patient", {"photo": [{"contentType": "png"}]}, "fhir.binding",
        "photo[0].contentType"),
    "a reference that is none": ("Observation", {"subject": {"reference": "患者1"}}, "fhir.reference",
        "subject.reference"),
    "a reference to no type": ("Observation", {"subject": {"reference": "Kanja/1"}}, "fhir.reference",
        "subject.reference"),
    "a reference to the wrong type": ("Observation", {"subject": {"reference": "Practitioner/1"}},
        "fhir.reference-target",
                                      "subject.reference"),
    "an address of the wrong type": ("Observation", {"subject": {"reference": "http://x/Practitioner/1"}},
        "fhir.reference-target",
                                     "subject.reference"),
    "a conditional reference to the wrong type": (
        "Observation", {"subject": {"reference": "Practitioner?name=x"}}, "fhir.reference-target",
            "subject.reference"),
    "a stated type that may not be": ("Observation", {"subject": {"type": "Practitioner"}},
        "fhir.reference-target", "subject.type"),
    "a contained resource of the wrong type": (
        "Observation",
        {"contained": [{"resourceType": "Organization", "id": "o", "name": "x"}], "subject": {"reference": "#o"}},
        "fhir.reference-target", "subject.reference"),
    "a contained resource of no type": ("Patient", {"contained": [{"id": "x"}]}, "fhir.resource-type",
        "contained[0].resourceType"),
    "an entry's resource in error": (
        "Bundle", {"entry": [{"resource": {"resourceType": "Patient", "gender": "M"}}]}, "fhir.binding",
            "entry[0].resource.gender"),
    "an entry under a wrong address": (
        "Bundle", {"entry": [{"fullUrl": "http://x/Patient/2", "resource": {"resourceType": "Patient", "id": "1"}}]},
        "fhir.bundle.full-url", "entry[0].fullUrl"),
    "a reference into another entry's contained": (
        "Bundle",
        {"entry": [{"resource": least("Patient", contained=[{"resourceType": "Organization", "id": "o", "name": "x"}],
                                      managingOrganization={"reference": "#o"})},
                   {"resource": least("Patient", managingOrganization={"reference": "#o"})}]},
        "ref-1", "entry[1].resource.managingOrganization.reference"),
}  # fmt: skip


@pytest.mark.parametrize("case", GOOD)
def test_what_r4_allows_is_taken(case):
    kind, members = GOOD[case]
    assert found(least(kind, **members)) == []


@pytest.mark.parametrize("case", BAD)
def test_what_r4_forbids_is_named_and_placed(case):
    kind, members, rule, place = BAD[case]
    assert (rule, f"{kind}.{place}") in found(least(kind, **members))


def test_all_problems_are_told_at_once_each_in_both_languages():
    tree = least("Patient", gender="M", birthDate="1980-13", nickname="x", name=[{"family": ""}])
    told = validate(parse(json.dumps(tree).encode()))
    assert {one.rule for one in told} == {
        "fhir.binding",
        "fhir.primitive",
        "fhir.unknown-element",
        "fhir.empty",
    }
    assert all(one.ja != one.en and one.source.startswith("http") and one.severity == "error" for one in told)


def test_a_misspelled_element_is_met_with_the_right_one():
    (problem,) = validate(parse(b'{"resourceType":"Patient","birthdate":"1980"}'))
    assert "birthDate" in problem.en and "birthDate" in problem.ja


def test_a_wrong_code_is_met_with_the_right_ones():
    (problem,) = validate(parse(b'{"resourceType":"Patient","gender":"M"}'))
    assert "female, male, other, unknown" in problem.en


def test_a_long_wrong_value_is_not_repeated_whole():
    (problem,) = validate(parse(b'{"resourceType":"Patient","gender":"%s"}' % (b"x" * 10_000)))
    assert len(problem.en) < 400


@pytest.mark.parametrize("length", [1_048_576, 1_048_577])
def test_a_text_may_be_one_mebi_characters_long_and_no_longer(length):
    """Base64 data may be longer."""
    tree = least("Observation", note=[{"text": "x" * length}], id="o")
    assert bool(found(tree)) is (length > 1_048_576)
    assert found(least("Patient", photo=[{"contentType": "image/png", "data": "AAAA" * 300_000}])) == []


def test_deep_nesting_that_json_allows_is_judged_without_a_crash():
    section = {
        "title": "x",
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'},
    }
    for _ in range(110):
        section = {"section": [section]}
    assert found(least("Composition", section=[section])) == []
    extension = {"url": "u", "valueBoolean": True}
    for _ in range(110):
        extension = {"url": "u", "extension": [extension]}
    assert found(least("Patient", extension=[extension])) == []


@pytest.mark.parametrize("kind", LEAST)
def test_the_quick_way_takes_the_least_of_each_type(kind):
    assert accepts(least(kind), 0)


def test_a_flood_of_problems_is_cut_short():
    names = [{"x" * 100_000: "y"} for _ in range(1_000)]
    told = validate(parse(json.dumps(least("Patient", name=names)).encode()))
    assert len(told) == MOST + 1
    assert told[-1].rule == "fhir.too-many"
    assert all(len(one.en) < 400 for one in told)


def test_a_huge_resource_with_a_fault_is_refused_without_a_long_walk():
    names = [{"family": "x"}] * 60_000
    assert found(least("Patient", name=names)) == []
    assert found(least("Patient", name=names, gender="M"))[0][0] == "fhir.too-large"


def test_a_bad_entry_is_found_among_good_ones():
    good = {"resource": least("Observation", subject={"reference": "Patient/1"})}
    bad = {"resource": least("Observation", status="x")}
    assert found(least("Bundle", entry=[good, bad, good])) == [
        ("fhir.binding", "Bundle.entry[1].resource.status")
    ]


def test_explain_and_validate_tell_the_same_errors():
    resource = parse(json.dumps(least("Patient", gender="M", active="true")).encode())
    assert validate(resource) == [one for one in explain(resource) if one.severity == "error"]
