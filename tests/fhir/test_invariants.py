"""R4's invariants: each is checked or listed with its reason, and each row below shows one kept and one broken."""

import json

import pytest
from r4_least import LEAST, least

from kakehashi.fhir.invariants import BY_HAND, REWRITTEN, UNCHECKED, all_constraints
from kakehashi.fhir.parse import parse
from kakehashi.fhir.paths.evaluate import compile_path
from kakehashi.fhir.validate import explain, validate
from kakehashi.fhir.validation.sayings import SAYINGS
from kakehashi.fhir.validation.swift import SWIFT


def test_every_invariant_is_checked_or_listed_with_a_reason():
    known = all_constraints()
    for key, expressions in known.items():
        if key not in BY_HAND and key not in UNCHECKED:
            for expression in expressions:
                compile_path(expression)  # raises UnknownPath for what it cannot check
    assert BY_HAND.keys() | UNCHECKED.keys() <= known.keys()
    assert not BY_HAND.keys() & UNCHECKED.keys()
    assert SWIFT.keys() <= known.keys() - BY_HAND.keys()
    assert SAYINGS.keys() <= known.keys()
    assert REWRITTEN.keys() <= set().union(*known.values())


def body(tree):
    return parse(json.dumps(tree).encode())


@pytest.mark.parametrize("kind", LEAST)
def test_the_least_of_each_type_is_valid(kind):
    assert validate(body(least(kind))) == []


def concept(system, code):
    return {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/" + system, "code": code}]}


def q(value, **more):
    return {"value": value, "system": "http://unitsofmeasure.org", "code": "mg", **more}


def entry(**members):
    return {"fullUrl": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", **members}


PATIENT = {"resourceType": "Patient"}
WHO = {"reference": "Patient/1"}
ERROR = concept("allergyintolerance-verification", "entered-in-error")
CODE = {"coding": [{"system": "urn:x", "code": "1"}]}
GET = {"method": "GET", "url": "x"}
DOCUMENT = least("Composition")
ITEM = {"linkId": "1", "type": "string"}

CASES = [
    # (invariant, type, members that keep it, members that break it)
    ("ait-1", "AllergyIntolerance", {"clinicalStatus": None, "verificationStatus": ERROR}, {"clinicalStatus": None}),
    ("ait-2", "AllergyIntolerance", {}, {"verificationStatus": ERROR}),
    ("app-1", "Appointment", {}, {"participant": [{"status": "accepted"}]}),
    ("app-2", "Appointment", {}, {"start": "2024-01-01T00:00:00Z"}),
    ("app-3", "Appointment", {"status": "waitlist"}, {"status": "booked"}),
    ("app-4", "Appointment", {"status": "cancelled", "cancelationReason": CODE}, {"cancelationReason": CODE}),
    ("bdl-1", "Bundle", {"type": "searchset", "total": 0}, {"total": 0}),
    ("bdl-2", "Bundle", {"type": "searchset", "entry": [entry(resource=PATIENT, search={"mode": "match"})]},
     {"entry": [entry(resource=PATIENT, search={"mode": "match"})]}),
    ("bdl-3", "Bundle", {"type": "batch", "entry": [entry(request=GET)]},
     {"type": "batch", "entry": [entry(resource=PATIENT)]}),
    ("bdl-3", "Bundle", {"entry": [entry(resource=PATIENT)]}, {"entry": [entry(resource=PATIENT, request=GET)]}),
    ("bdl-4", "Bundle", {"type": "batch-response", "entry": [entry(response={"status": "200"})]},
     {"type": "batch-response", "entry": [entry(resource=PATIENT)]}),
    ("bdl-5", "Bundle", {"entry": [entry(resource=PATIENT)]}, {"entry": [entry()]}),
    ("bdl-7", "Bundle", {"entry": [entry(resource=PATIENT)]},
     {"entry": [entry(resource=PATIENT), entry(resource=PATIENT)]}),
    ("bdl-8", "Bundle", {"entry": [{"resource": PATIENT}]},
     {"entry": [{"fullUrl": "http://x/Patient/1/_history/2", "resource": PATIENT}]}),
    ("bdl-9", "Bundle", {}, {"type": "document", "timestamp": "2024-01-01T00:00:00Z",
     "entry": [entry(resource=DOCUMENT)]}),
    ("bdl-10", "Bundle", {}, {"type": "document", "identifier": {"system": "urn:x", "value": "1"},
     "entry": [entry(resource=DOCUMENT)]}),
    ("bdl-11", "Bundle",
     {"type": "document", "identifier": {"system": "urn:x", "value": "1"}, "timestamp": "2024-01-01T00:00:00Z",
      "entry": [entry(resource=DOCUMENT)]},
     {"type": "document", "identifier": {"system": "urn:x", "value": "1"}, "timestamp": "2024-01-01T00:00:00Z",
      "entry": [entry(resource=PATIENT)]}),
    ("bdl-12", "Bundle", {}, {"type": "message", "entry": [entry(resource=PATIENT)]}),
    ("cmp-1", "Composition", {"section": [{"entry": [WHO]}]}, {"section": [{"title": "空"}]}),
    ("cmp-2", "Composition", {"section": [{"entry": [WHO]}]}, {"section": [{"entry": [WHO], "emptyReason": CODE}]}),
    ("con-1", "Condition", {"stage": [{"summary": CODE}]}, {"stage": [{"type": CODE}]}),
    ("con-4", "Condition", {"clinicalStatus": concept("condition-clinical", "resolved"), "abatementDateTime": "2024"},
     {"abatementDateTime": "2024"}),
    ("con-5", "Condition", {"verificationStatus": concept("condition-ver-status", "confirmed")},
     {"verificationStatus": concept("condition-ver-status", "entered-in-error")}),
    ("cpl-3", "CarePlan", {"activity": [{"reference": {"reference": "Task/1"}}]},
     {"activity": [{"reference": {"reference": "Task/1"}, "detail": {"status": "completed"}}]}),
    ("cpt-2", "Patient", {"telecom": [{"system": "phone", "value": "03"}]}, {"telecom": [{"value": "03"}]}),
    ("fhs-1", "FamilyMemberHistory", {"ageString": "40"}, {"ageString": "40", "bornDate": "1950"}),
    ("fhs-2", "FamilyMemberHistory", {"ageString": "40", "estimatedAge": True}, {"estimatedAge": True}),
    ("age-1", "FamilyMemberHistory",
     {"ageAge": {"value": 40, "system": "http://unitsofmeasure.org", "code": "a"}},
     {"ageAge": {"value": -1, "system": "http://unitsofmeasure.org", "code": "a"}}),
    ("ext-1", "Patient", {"extension": [{"url": "u", "valueString": "x"}]}, {"extension": [{"url": "u"}]}),
    ("ext-1", "Patient", {"extension": [{"url": "u", "extension": [{"url": "v", "valueBoolean": True}]}]},
     {"extension": [{"url": "u", "valueBoolean": True, "extension": [{"url": "v", "valueBoolean": True}]}]}),
    ("gol-1", "Goal", {"target": [{"detailString": "x", "measure": CODE}]}, {"target": [{"detailString": "x"}]}),
    ("grp-1", "Group", {"member": [{"entity": WHO}]}, {"actual": False, "member": [{"entity": WHO}]}),
    ("imm-1", "Immunization", {"education": [{"documentType": "x"}]}, {"education": [{"publicationDate": "2024"}]}),
    ("lst-1", "List", {"emptyReason": CODE}, {"emptyReason": CODE, "entry": [{"item": WHO}]}),
    ("lst-2", "List", {"mode": "changes", "entry": [{"item": WHO, "deleted": True}]},
     {"entry": [{"item": WHO, "deleted": True}]}),
    ("lst-3", "List", {"entry": [{"item": WHO, "date": "2024"}]},
     {"mode": "snapshot", "entry": [{"item": WHO, "date": "2024"}]}),
    ("mad-1", "MedicationAdministration", {"dosage": {"dose": q(1)}}, {"dosage": {"text": "x"}}),
    ("mdd-1", "MedicationDispense", {"whenPrepared": "2024-01-01", "whenHandedOver": "2024-01-02"},
     {"whenPrepared": "2024-01-02", "whenHandedOver": "2024-01-01"}),
    ("obs-3", "Observation", {"referenceRange": [{"text": "1-2"}]}, {"referenceRange": [{"age": {"low": q(1)}}]}),
    ("obs-6", "Observation", {"valueString": "x"}, {"valueString": "x", "dataAbsentReason": CODE}),
    ("obs-7", "Observation", {"component": [{"code": CODE, "valueString": "y"}]},
     {"valueString": "x", "component": [{"code": CODE, "valueString": "y"}]}),
    ("qty-3", "Observation", {"valueQuantity": q(1)}, {"valueQuantity": {"value": 1, "code": "mg"}}),
    ("rng-2", "Observation", {"valueRange": {"low": q(1), "high": q(2)}},
     {"valueRange": {"low": q(3), "high": q(2)}}),
    ("rat-1", "Observation", {"valueRatio": {"numerator": q(1), "denominator": q(2)}},
     {"valueRatio": {"numerator": q(1)}}),
    ("per-1", "Encounter", {"period": {"start": "2024-01-01", "end": "2024-01-01"}},
     {"period": {"start": "2024-02", "end": "2024-01"}}),
    ("per-1", "Encounter", {"period": {"start": "2024-01-01T09:00:00+09:00", "end": "2024-01-01T00:30:00Z"}},
     {"period": {"start": "2024-01-01T09:00:00+09:00", "end": "2023-12-31T23:59:59Z"}}),
    ("per-1", "Encounter", {"period": {"start": "2024-01-01T09:00:00+09:00", "end": "2024-01-01"}},
     {"period": {"start": "2024-01-02T09:00:00+09:00", "end": "2024-01-01"}}),
    ("per-1", "Encounter", {"period": {"start": "2024-01-01T09:00:00+09:00", "end": "2024-01-01T09:00:00.5+09:00"}},
     {"period": {"start": "2024-01-01T09:00:00.5+09:00", "end": "2024-01-01T09:00:00+09:00"}}),
    ("org-1", "Organization", {}, {"name": None}),
    ("org-2", "Organization", {"address": [{"use": "work", "text": "x"}]},
     {"address": [{"use": "home", "text": "x"}]}),
    ("org-3", "Organization", {"telecom": [{"use": "work"}]}, {"telecom": [{"use": "home"}]}),
    ("pat-1", "Patient", {"contact": [{"name": {"text": "x"}}]}, {"contact": [{"gender": "male"}]}),
    ("ppc-1", "Consent", {}, {"policyRule": None}),
    ("prr-1", "ServiceRequest", {"code": CODE, "orderDetail": [CODE]}, {"orderDetail": [CODE]}),
    ("qrs-1", "QuestionnaireResponse", {"item": [{"linkId": "1", "answer": [{"valueString": "x"}]}]},
     {"item": [{"linkId": "1", "answer": [{"valueString": "x"}], "item": [{"linkId": "2"}]}]}),
    ("que-2", "Questionnaire", {"item": [ITEM]}, {"item": [ITEM, ITEM]}),
    ("que-1", "Questionnaire", {"item": [{"linkId": "1", "type": "group", "item": [{**ITEM, "linkId": "2"}]}]},
     {"item": [{"linkId": "1", "type": "group"}]}),
    ("que-10", "Questionnaire", {"item": [{**ITEM, "maxLength": 5}]},
     {"item": [{**ITEM, "type": "date", "maxLength": 5}]}),
    ("ras-2", "RiskAssessment", {"prediction": [{"probabilityDecimal": 100}]},
     {"prediction": [{"probabilityDecimal": 101}]}),
    ("inv-1", "Parameters", {"parameter": [{"name": "a", "valueString": "x"}]}, {"parameter": [{"name": "a"}]}),
    ("tim-1", "ServiceRequest", {"occurrenceTiming": {"repeat": {"duration": 1, "durationUnit": "h"}}},
     {"occurrenceTiming": {"repeat": {"duration": 1}}}),
    ("tim-2", "ServiceRequest", {"occurrenceTiming": {"repeat": {"period": 1, "periodUnit": "d"}}},
     {"occurrenceTiming": {"repeat": {"period": 1}}}),
    ("tim-5", "ServiceRequest", {}, {"occurrenceTiming": {"repeat": {"period": -1, "periodUnit": "d"}}}),
    ("tim-9", "ServiceRequest", {"occurrenceTiming": {"repeat": {"offset": 30, "when": ["ACM"]}}},
     {"occurrenceTiming": {"repeat": {"offset": 30, "when": ["C"]}}}),
    ("tim-10", "ServiceRequest", {"occurrenceTiming": {"repeat": {"when": ["ACM"]}}},
     {"occurrenceTiming": {"repeat": {"when": ["ACM"], "timeOfDay": ["09:00:00"]}}}),
    ("att-1", "Patient", {"photo": [{"contentType": "image/png", "data": "AAAA"}]}, {"photo": [{"data": "AAAA"}]}),
    ("vsd-1", "ValueSet", {"compose": {"include": [{"system": "urn:x"}]}},
     {"compose": {"include": [{"version": "1"}]}}),
    ("vsd-3", "ValueSet", {"compose": {"include": [{"system": "urn:x", "concept": [{"code": "a"}]}]}},
     {"compose": {"include": [{"system": "urn:x", "concept": [{"code": "a"}],
                               "filter": [{"property": "p", "op": "=", "value": "v"}]}]}}),
    ("dom-2", "Patient", {"contained": [{"resourceType": "Organization", "id": "o", "name": "x"}],
     "managingOrganization": {"reference": "#o"}},
     {"contained": [{"resourceType": "Organization", "id": "o", "name": "x", "contained": [{**PATIENT, "id": "p"}]}],
      "managingOrganization": {"reference": "#o"}}),
    ("dom-3", "Patient", {"contained": [least("Basic", id="b", subject={"reference": "#"})]},
     {"contained": [{"resourceType": "Organization", "id": "o", "name": "x"}]}),
    ("dom-4", "Patient", {},
     {"contained": [{"resourceType": "Organization", "id": "o", "name": "x", "meta": {"versionId": "1"}}],
      "managingOrganization": {"reference": "#o"}}),
    ("dom-5", "Patient",
     {"contained": [{"resourceType": "Organization", "id": "o", "name": "x", "meta": {"profile": ["http://x"]}}],
      "managingOrganization": {"reference": "#o"}},
     {"contained": [{"resourceType": "Organization", "id": "o", "name": "x", "meta": {"security": [{"code": "R"}]}}],
      "managingOrganization": {"reference": "#o"}}),
    ("ref-1", "Patient", {}, {"managingOrganization": {"reference": "#o"}}),
    ("txt-1", "Patient", {"text": {"status": "generated",
     "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}},
     {"text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><script>x</script></div>'}}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "kind", "kept", "broken"), CASES, ids=[f"{row[0]}-{n}" for n, row in enumerate(CASES)]
)
def test_an_invariant_takes_the_good_and_names_itself_for_the_bad(key, kind, kept, broken):
    assert [one.rule for one in validate(body(least(kind, **kept)))] == []
    found = validate(body(least(kind, **broken)))
    assert key in [one.rule for one in found]
    assert all(one.ja and one.en and one.place.startswith(kind) for one in found)


def test_a_warning_is_told_by_explain_and_never_stops_a_write():
    patient = body(least("Patient"))
    assert [(one.rule, one.severity) for one in explain(patient)] == [("dom-6", "warning")]
    assert validate(patient) == []


def test_every_error_told_in_words_of_its_own_for_the_records_of_care():
    """The services' senders read Japanese; types that only a software maker sends may show the expression."""
    from kakehashi.fhir import definitions

    kinds = {*LEAST} - {"Questionnaire", "ValueSet", "Parameters", "QuestionnaireResponse"}
    wanted = {
        one.key
        for name in kinds
        for element in definitions.load().structures[name].elements
        for one in element.constraints
        if one.severity == "error" and one.key not in ("ele-1", "txt-1", "txt-2")
    }
    assert {key for key in wanted if key not in SAYINGS and not key.startswith("ppc-")} == set()
