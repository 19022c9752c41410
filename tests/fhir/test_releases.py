"""Bodies of STU3, R5 and R6 are told that R4 is spoken here; nothing that R4 knows is taken for theirs."""

import orjson
import pytest
from r4_least import LEAST, least

from kakehashi.core.errors import Malformed
from kakehashi.fhir import releases
from kakehashi.fhir.parse import parse
from kakehashi.fhir.releases import MEMBERS, SHAPED, require_r4
from kakehashi.fhir.shapes import shape
from kakehashi.fhir.types import NUMBER, OTHER_RELEASES
from kakehashi.fhir.xml import json_of


def refused(tree) -> Malformed:
    with pytest.raises(Malformed) as caught:
        require_r4(parse(orjson.dumps(tree)))
    return caught.value


@pytest.mark.parametrize("name", sorted({name for found in MEMBERS.values() for name in found}))
def test_no_member_of_r4_is_among_the_others(name):
    for found in MEMBERS.values():
        assert not set(found.get(name, ())) & set(shape(name).members), name


def test_no_type_of_r4_is_among_the_others():
    assert not set(OTHER_RELEASES) & set(NUMBER)


def test_members_of_another_shape_are_members_of_r4():
    for name, member in SHAPED:
        assert member in shape(name).members


@pytest.mark.parametrize("name", sorted(LEAST))
def test_r4_is_r4(name):
    require_r4(parse(orjson.dumps(least(name))))


@pytest.mark.parametrize(
    ("tree", "release", "place"),
    [
        (least("Encounter", **{"class": [{"coding": [{"code": "AMB"}]}]}), "R5", "Encounter.class"),
        (least("Encounter", actualPeriod={"start": "2024"}), "R5", "Encounter.actualPeriod"),
        (
            least("MedicationRequest", medicationCodeableConcept=None, medication={"concept": {"text": "x"}}),
            "R5",
            "MedicationRequest.medication",
        ),
        (least("ServiceRequest", code={"concept": {"text": "x"}}), "R5", "ServiceRequest.code"),
        (least("Observation", context={"reference": "Encounter/1"}), "STU3", "Observation.context"),
        (least("Condition", clinicalStatus="active"), "STU3", "Condition.clinicalStatus"),
        ({"resourceType": "CapabilityStatement", "fhirVersion": "5.0.0"}, "R5", "CapabilityStatement.fhirVersion"),
        ({"resourceType": "StructureDefinition", "fhirVersion": "4.3.0"}, "R4B", "StructureDefinition.fhirVersion"),
        (
            {"resourceType": "Bundle", "type": "batch", "entry": [
                {"resource": least("Patient")}, {"resource": least("Encounter", actualPeriod={})}]},
            "R5", "Bundle.entry[1].resource.actualPeriod",
        ),
    ],
)  # fmt: skip
def test_a_body_of_another_release_is_told_which_is_spoken_here(tree, release, place):
    failure = refused(tree)
    [problem] = failure.problems
    assert (failure.status, problem.rule, problem.place) == (400, "fhir.release", place)
    assert release in problem.en and "R4 (4.0.1)" in problem.en and "R4 (4.0.1)" in problem.ja


def test_an_r4_statement_may_speak_of_an_older_server():
    require_r4(parse(b'{"resourceType":"CapabilityStatement","fhirVersion":"3.0.1"}'))


@pytest.mark.parametrize("name", ["ProcedureRequest", "SubscriptionTopic", "NutritionIntake", "DeviceAlert"])
def test_types_of_other_releases_are_named_as_such(name):
    with pytest.raises(Malformed, match="belongs to FHIR"):
        parse(orjson.dumps({"resourceType": name}))
    with pytest.raises(Malformed, match="belongs to FHIR"):
        json_of(f'<{name} xmlns="http://hl7.org/fhir"/>'.encode())


@pytest.mark.parametrize(
    ("xml", "release"),
    [
        ("<Encounter><class><coding/></class></Encounter>", "R5"),
        ("<MedicationRequest><medication><concept/></medication></MedicationRequest>", "R5"),
        ("<Bundle><entry/><entry><resource><Encounter><reason/></Encounter></resource></entry></Bundle>", "R5"),
        ("<Patient><contained><Observation><context/></Observation></contained></Patient>", "STU3"),
    ],
)  # fmt: skip
def test_xml_of_another_release_is_told_alike(xml, release):
    with pytest.raises(Malformed) as caught:
        json_of(xml.replace(">", ' xmlns="http://hl7.org/fhir">', 1).encode())
    assert caught.value.problems[0].rule == "fhir.release"
    assert release in caught.value.problems[0].en


def test_numbers_of_releases_have_names():
    assert [releases.release_of(one) for one in ("5.0", "3.0.2", "4.3.0", "6.0.0-ballot3", "9.9.9")] == [
        "R5", "STU3", "R4B", "R6", "9.9.9",
    ]  # fmt: skip
