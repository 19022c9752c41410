"""What a resource is: kind, flags, time, person, institution. Cases are tables; laws are properties."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.core.kinds import Flag, Kind
from kakehashi.fhir import facts
from kakehashi.fhir.facts_kinds import FIXED, LOOKED_INTO
from kakehashi.fhir.facts_people import PRIMARY, SECONDARY
from kakehashi.fhir.facts_times import TIMES, moment
from kakehashi.fhir.parse import Resource
from kakehashi.fhir.types import NUMBER
from kakehashi.terms import japan

Tree = dict[str, Any]


def resource(kind: str, **members: Any) -> Resource:
    tree = {"resourceType": kind, **members}
    return Resource(kind, str(members.get("id", "")), b"", tree)


def concept(system: str, code: str) -> Tree:
    return {"coding": [{"system": system, "code": code}]}


def test_every_type_of_r4_has_a_decision():
    """A type cannot be stored until someone decides what it is about."""
    undecided = set(NUMBER) - set(FIXED) - set(LOOKED_INTO)
    assert not undecided, f"decide these in fhir/facts_kinds.py: {sorted(undecided)}"
    assert not set(FIXED) & set(LOOKED_INTO)


def test_tables_name_no_type_that_r4_lacks():
    named = set(FIXED) | set(LOOKED_INTO) | set(PRIMARY) | set(SECONDARY) | set(TIMES)
    assert named <= set(NUMBER)


def test_no_type_that_names_a_person_is_shared():
    """SHARED is read without consent, so it must never hold a person's data."""
    personal = set(PRIMARY) | set(SECONDARY)
    assert not {name for name in personal if FIXED.get(name) is Kind.SHARED}


KINDS = [
    (resource("Observation", code=concept(japan.LAB_LOCAL, "1")), Kind.LAB),
    (resource("Observation", code=concept(next(iter(japan.LAB_CORE)), "3A015000002329101")), Kind.LAB),
    (resource("Observation", code=concept(next(iter(japan.LAB_INFECTION)), "x")), Kind.INFECTION),
    (resource("Observation", code=concept(japan.JLAC10, "5F016141002305151")), Kind.INFECTION),
    (
        resource(
            "Observation",
            category=[concept(japan.OBSERVATION_CATEGORY, "laboratory")],
            code=concept(japan.LOINC, "5195-3"),
        ),
        Kind.INFECTION,
    ),
    (
        resource(
            "Observation",
            category=[concept(japan.OBSERVATION_CATEGORY, "laboratory")],
            code=concept(japan.LOINC, "1988-5"),
        ),
        Kind.LAB,
    ),
    (resource("Observation", category=[concept("x", "vital-signs")], code={"text": "体温"}), Kind.VITAL),
    (resource("Observation", category=[concept("x", "survey")], code={"text": "問診"}), Kind.OTHER),
    (resource("Observation", code=concept(japan.CHECKUP_ITEM, "9N001000000000001")), Kind.CHECKUP),
    (resource("Observation"), Kind.OTHER),
    (resource("AllergyIntolerance", category=["medication"]), Kind.CONTRAINDICATION),
    (resource("AllergyIntolerance", category=["biologic"]), Kind.CONTRAINDICATION),
    (resource("AllergyIntolerance", category=["food"]), Kind.ALLERGY),
    (resource("AllergyIntolerance"), Kind.ALLERGY),
    (resource("Composition", type=concept(japan.DOCUMENT_TYPE, "57133-1")), Kind.REFERRAL),
    (resource("Composition", type=concept(japan.DOCUMENT_TYPE, "18842-5")), Kind.DISCHARGE),
    (resource("Composition", type=concept(japan.DOCUMENT_TYPE, "53576-5")), Kind.CHECKUP),
    (resource("Composition", type=concept(japan.DOCUMENT_TYPE, "56447-6")), Kind.CARE_PLAN),
    (resource("Composition", type=concept("urn:other", "57133-1")), Kind.NOTE),
    (resource("DocumentReference", type=concept(japan.LOINC, "34746-8")), Kind.NOTE),
    (resource("Bundle", type="collection"), Kind.SUBMISSION),
    (
        resource(
            "Bundle",
            type="document",
            entry=[
                {"resource": {"resourceType": "Composition", "type": concept(japan.DOCUMENT_TYPE, "57133-1")}}
            ],
        ),
        Kind.REFERRAL,
    ),
    (
        resource(
            "CarePlan", meta={"profile": [f"{japan.JP}/eCS/StructureDefinition/JP_CarePlan_ePCS|1.5.2"]}
        ),
        Kind.CARE_PLAN,
    ),
    (resource("CarePlan"), Kind.OTHER),
    (resource("DiagnosticReport", category=[concept("x", "LAB")]), Kind.LAB),
    (resource("DiagnosticReport", category=[concept("x", "RAD")]), Kind.IMAGING),
    (resource("Device"), Kind.SHARED),
    (resource("Device", patient={"reference": "Patient/1"}), Kind.OTHER),
    (resource("Unheard"), Kind.OTHER),
]


@pytest.mark.parametrize(("given_resource", "kind"), KINDS)
def test_kind(given_resource: Resource, kind: Kind):
    assert facts.kind_of(given_resource) is kind


def test_flags_come_from_the_services_own_tag_system_only():
    tags = [
        {"system": japan.INDICATION, "code": "LTS"},
        {"system": japan.INDICATION, "code": "UNINFORMED"},
        {"system": "urn:elsewhere", "code": "UNDELIVERED"},
    ]
    assert facts.flags_of(resource("Condition", meta={"tag": tags})) == Flag.LTS | Flag.UNINFORMED
    assert facts.flags_of(resource("Condition")) == Flag.NONE


def test_a_bundle_is_as_secret_as_what_it_holds():
    """A referral that names an untold disease must not be shown to the person either."""
    told = {
        "resourceType": "Condition",
        "meta": {"tag": [{"system": japan.INDICATION, "code": "UNINFORMED"}]},
    }
    inner = {"resourceType": "Bundle", "entry": [{"resource": told}]}
    assert facts.flags_of(resource("Bundle", entry=[{"resource": inner}])) == Flag.UNINFORMED
    assert facts.flags_of(resource("Bundle", entry=[{"resource": {"resourceType": "Patient"}}])) == Flag.NONE


TIMES_SAID = [
    (
        "Observation",
        {"effectiveDateTime": "2021-07-05T11:19:41+09:00"},
        datetime(2021, 7, 5, 2, 19, 41, tzinfo=UTC),
    ),
    ("Observation", {"effectivePeriod": {"start": "2021-07-05"}}, datetime(2021, 7, 4, 15, tzinfo=UTC)),
    ("Condition", {"onsetDateTime": "2018"}, datetime(2017, 12, 31, 15, tzinfo=UTC)),
    (
        "Condition",
        {"onsetString": "子供の頃", "recordedDate": "2018-06"},
        datetime(2018, 5, 31, 15, tzinfo=UTC),
    ),
    ("Encounter", {"period": {"end": "2020-01-02"}}, datetime(2020, 1, 1, 15, tzinfo=UTC)),
    ("Condition", {"onsetDateTime": "20180601"}, None),
    ("Condition", {"onsetDateTime": "2018-02-30"}, None),
    ("Specimen", {"collection": {"collectedDateTime": "2020-01-02"}}, datetime(2020, 1, 1, 15, tzinfo=UTC)),
    ("Patient", {"birthDate": "1930-06-28"}, None),
]


@pytest.mark.parametrize(("kind", "members", "at"), TIMES_SAID)
def test_clinical_time(kind: str, members: Tree, at: datetime | None):
    assert facts.clinical_time(resource(kind, **members)) == at


@given(st.dates(min_value=date(1, 1, 2), max_value=date(9999, 12, 30)))
def test_a_day_begins_at_midnight_in_japan_and_its_month_and_year_not_after_it(day: date):
    text = day.isoformat()
    year, month, single = (moment(text[:length]) for length in (4, 7, 10))
    assert single is not None
    assert single + timedelta(hours=9) == datetime(day.year, day.month, day.day, tzinfo=UTC)
    if day.year > 1:
        assert year is not None and month is not None and year <= month <= single


MEMBER = {"system": japan.MEMBER_ID, "value": "00012345:あいう:１８７:05"}
SUBJECTS = [
    (resource("Patient", id="1"), "Patient/1"),
    (resource("Patient"), None),
    (resource("Condition", subject={"reference": "Patient/1"}), "Patient/1"),
    (resource("Condition", subject={"reference": "urn:uuid:a"}), "urn:uuid:a"),
    (resource("Condition", subject={"reference": "Group/1"}), None),
    (resource("Observation", subject={"reference": "urn:uuid:d", "type": "Device"}), None),
    (resource("AllergyIntolerance", patient={"reference": "https://a.example/fhir/Patient/1"}),
     "https://a.example/fhir/Patient/1"),
    (resource("Coverage", beneficiary={"reference": "Patient/1"}, payor=[{"reference": "Patient/2"}]),
     "Patient/1"),
    (resource("Appointment", participant=[{"actor": {"reference": "Practitioner/9"}},
                                          {"actor": {"reference": "Patient/1"}}]), "Patient/1"),
    (resource("Provenance", target=[{"reference": "urn:uuid:a"}]), None),
    (resource("Organization"), None),
    (resource("Condition", subject={"identifier": {"system": "urn:s", "value": "a&b"}}),
     "Patient?identifier=urn:s|a%26b"),
    (resource("Condition", subject={"reference": "#p"},
              contained=[{"resourceType": "Patient", "id": "p", "identifier": [MEMBER]}]),
     facts.logical_reference(MEMBER["system"], MEMBER["value"])),
    (resource("Bundle", entry=[{"fullUrl": "urn:uuid:a", "resource": {"resourceType": "Patient"}}]),
     "urn:uuid:a"),
    (resource("Bundle", entry=[{"resource": {"resourceType": "Patient", "id": "1"}},
                               {"resource": {"resourceType": "Patient", "id": "2"}}]), None),
]  # fmt: skip


@pytest.mark.parametrize(("given_resource", "person"), SUBJECTS)
def test_subject(given_resource: Resource, person: str | None):
    assert facts.subject_of(given_resource) == person


@pytest.mark.parametrize("kind", sorted(set(PRIMARY) | set(SECONDARY)))
def test_every_type_of_the_compartment_leads_to_its_person(kind: str):
    path = (PRIMARY.get(kind) or SECONDARY[kind])[0]
    value: Any = {"reference": "Patient/1"}
    for name in reversed(path.split(".")):
        value = {name: [value]}
    assert facts.subject_of(resource(kind, **value)) == "Patient/1"


NAMES = st.sampled_from(
    ["meta", "tag", "system", "code", "coding", "category", "type", "entry", "resource", "subject", "patient",
     "reference", "identifier", "value", "extension", "url", "period", "start", "contained", "member"]
)  # fmt: skip
LEAVES = st.none() | st.integers() | st.sampled_from(["", "2018-06", "Patient/1", "#p", japan.INDICATION])
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=5,
)


@given(st.sampled_from(sorted(NUMBER)), st.dictionaries(NAMES, JSON, max_size=3))
def test_no_shape_of_json_breaks_the_facts(kind: str, members: Tree):
    """Facts are read before anyone has said that the resource is valid."""
    odd = resource(kind, **members)
    facts.kind_of(odd), facts.flags_of(odd), facts.clinical_time(odd)
    facts.subject_of(odd)
