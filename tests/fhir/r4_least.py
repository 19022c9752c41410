"""The least that each resource type needs to be valid, as far as tests ask for it. All of it is synthetic."""

from typing import Any

_CODE = {"coding": [{"system": "urn:x", "code": "1"}]}
_WHO = {"reference": "Patient/1"}
_CONDITION = "http://terminology.hl7.org/CodeSystem/condition-clinical"

LEAST: dict[str, dict[str, Any]] = {
    "AllergyIntolerance": {
        "patient": _WHO,
        "clinicalStatus": {
            "coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}
            ]
        },
    },
    "Appointment": {"status": "proposed", "participant": [{"actor": _WHO, "status": "accepted"}]},
    "Basic": {"code": _CODE},
    "Bundle": {"type": "collection"},
    "CarePlan": {"status": "active", "intent": "plan", "subject": _WHO},
    "Composition": {
        "status": "final", "type": _CODE, "date": "2024", "author": [{"reference": "Practitioner/1"}], "title": "見本",
    },
    "Condition": {"subject": _WHO, "clinicalStatus": {"coding": [{"system": _CONDITION, "code": "active"}]}},
    "Consent": {
        "status": "active", "scope": _CODE, "category": [_CODE], "policyRule": _CODE,
    },
    "Encounter": {"status": "finished", "class": {"code": "AMB"}},
    "FamilyMemberHistory": {"status": "completed", "patient": _WHO, "relationship": _CODE},
    "Goal": {"lifecycleStatus": "active", "description": _CODE, "subject": _WHO},
    "Group": {"type": "person", "actual": True},
    "Immunization": {"status": "completed", "vaccineCode": _CODE, "patient": _WHO, "occurrenceDateTime": "2024"},
    "List": {"status": "current", "mode": "working"},
    "MedicationAdministration": {
        "status": "completed", "medicationCodeableConcept": _CODE, "subject": _WHO, "effectiveDateTime": "2024",
    },
    "MedicationDispense": {"status": "completed", "medicationCodeableConcept": _CODE},
    "MedicationRequest": {
        "status": "active", "intent": "order", "medicationCodeableConcept": _CODE, "subject": _WHO,
    },
    "Observation": {"status": "final", "code": _CODE},
    "Organization": {"name": "見本病院"},
    "Parameters": {},
    "Patient": {},
    "Questionnaire": {"status": "active"},
    "QuestionnaireResponse": {"status": "completed"},
    "RiskAssessment": {"status": "final", "subject": _WHO},
    "ServiceRequest": {"status": "active", "intent": "order", "subject": _WHO},
    "ValueSet": {"status": "active"},
}  # fmt: skip


def least(kind: str, **members: Any) -> dict[str, Any]:
    """Return the least resource of a type, with more members or, given None, without."""
    tree = {"resourceType": kind, **LEAST[kind], **members}
    return {name: value for name, value in tree.items() if value is not None}
