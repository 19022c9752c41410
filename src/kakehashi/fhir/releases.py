"""Which release of FHIR a body speaks: this house speaks R4 (4.0.1), and says so to STU3, R4B, R5 and R6. Pure.

A body is told by what R4 does not have: a resource type (types.OTHER_RELEASES), a member, a member of another shape.
A test holds the list against R4's definitions, so that nothing that R4 knows is ever taken for another release's.
Sources: the pages "diff" of https://hl7.org/fhir/R4/diff.html and https://hl7.org/fhir/R5/diff.html
"""

from collections.abc import Callable, Sequence
from typing import Any

from kakehashi.core.errors import Malformed
from kakehashi.fhir import definitions
from kakehashi.fhir.parse import Resource

SPOKEN = frozenset({"4.0", "4.0.1"})
"""What `fhirVersion` of a media type may say. Source: https://hl7.org/fhir/R4/http.html#version-parameter"""

_NAMES = {"1.0": "DSTU2", "3.0": "STU3", "4.3": "R4B", "5.0": "R5", "6.0": "R6"}

MEMBERS: dict[str, dict[str, tuple[str, ...]]] = {
    "STU3": {
        "AllergyIntolerance": ("assertedDate",),
        "Appointment": ("incomingReferral", "indication"),
        "CarePlan": ("context", "definition"),
        "Claim": ("employmentImpacted", "hospitalization", "information"),
        "Composition": ("class",),
        "Condition": ("assertedDate", "context"),
        "Consent": ("action", "actor", "consentingParty", "except"),
        "Coverage": ("grouping", "sequence"),
        "Device": ("model", "udi"),
        "DiagnosticReport": ("codedDiagnosis", "context", "image"),
        "DocumentReference": ("class", "created", "indexed"),
        "Goal": ("status",),
        "Immunization": ("date", "explanation", "notGiven", "practitioner", "vaccinationProtocol"),
        "Medication": ("image", "isBrand", "isOverTheCounter", "package"),
        "MedicationAdministration": ("notGiven", "prescription", "reasonNotGiven"),
        "MedicationDispense": ("notDone", "notDoneReasonCodeableConcept", "notDoneReasonReference"),
        "MedicationRequest": ("context", "definition"),
        "MedicationStatement": ("reasonNotTaken", "taken"),
        "Observation": ("comment", "context", "related"),
        "Patient": ("animal",),
        "Procedure": ("context", "definition", "notDone", "notDoneReason"),
        "QuestionnaireResponse": ("context", "parent"),
        "RiskAssessment": ("context",),
        "Task": ("context", "definitionReference", "definitionUri"),
    },
    "R5": {
        "Appointment": ("account", "class", "recurrenceTemplate", "subject", "virtualService"),
        "CarePlan": ("custodian",),
        "Claim": ("diagnosisRelatedGroup", "encounter", "event"),
        "Composition": ("useContext",),
        "Consent": ("controller", "decision", "grantee", "grantor", "manager", "regulatoryBasis", "subject"),
        "Coverage": ("insurancePlan", "kind", "paymentBy"),
        "Device": ("biologicalSourceEvent", "category", "conformsTo", "displayName", "mode", "name"),
        "DiagnosticReport": ("composition", "note", "supportingInfo"),
        "DocumentReference": ("attester", "bodySite", "facilityType", "modality", "practiceSetting"),
        "Encounter": (
            "actualPeriod",
            "admission",
            "careTeam",
            "dietPreference",
            "plannedEndDate",
            "plannedStartDate",
            "reason",
            "specialArrangement",
            "specialCourtesy",
            "subjectStatus",
            "virtualService",
        ),
        "Goal": ("acceptance", "continuous"),
        "Group": ("membership",),
        "Immunization": ("administeredProduct", "informationSource", "supportingInformation"),
        "Location": ("characteristic", "form", "virtualService"),
        "Medication": ("definition", "marketingAuthorizationHolder", "totalVolume"),
        "MedicationAdministration": (
            "encounter",
            "medication",
            "occurenceDateTime",
            "occurencePeriod",
            "occurenceTiming",
        ),
        "MedicationDispense": ("encounter", "medication", "notPerformedReason", "recorded"),
        "MedicationRequest": (
            "device",
            "effectiveDosePeriod",
            "informationSource",
            "medication",
            "reason",
            "renderedDosageInstruction",
        ),
        "MedicationStatement": ("adherence", "encounter", "medication", "relatedClinicalInformation"),
        "Observation": ("bodyStructure", "instantiatesCanonical", "instantiatesReference", "triggeredBy"),
        "Organization": ("qualification",),
        "Practitioner": ("deceasedBoolean", "deceasedDateTime"),
        "Procedure": ("focus", "occurrenceDateTime", "occurrencePeriod", "recorded", "supportingInfo"),
        "ServiceRequest": ("reason",),
        "Specimen": ("combined", "feature", "role"),
        "Subscription": ("content", "filterBy", "heartbeatPeriod", "managingEntity", "topic"),
        "Task": ("requestedPerformer", "requestedPeriod"),
    },
}
"""Release -> resource type -> members that it has and R4 has not. Not all of them: the usual ones."""

SHAPED: dict[tuple[str, str], tuple[Callable[[Any], bool], str, str]] = {
    ("Encounter", "class"): (lambda value: isinstance(value, list), "coding", "R5"),
    ("ServiceRequest", "code"): (lambda value: "concept" in value or "reference" in value, "concept", "R5"),
    ("Condition", "clinicalStatus"): (lambda value: isinstance(value, str), "", "STU3"),
    ("Condition", "verificationStatus"): (lambda value: isinstance(value, str), "", "STU3"),
    ("AllergyIntolerance", "clinicalStatus"): (lambda value: isinstance(value, str), "", "STU3"),
    ("AllergyIntolerance", "type"): (lambda value: isinstance(value, dict), "coding", "R5"),
}
"""Members that another release writes in another shape: how JSON shows it, and a child that XML shows it by."""

_OF: dict[str, dict[str, str]] = {}
for _release, _types in MEMBERS.items():
    for _type, _members in _types.items():
        _OF.setdefault(_type, {}).update(dict.fromkeys(_members, _release))
_PATHS = {
    **{f"{name}.{member}": release for name, found in _OF.items() for member, release in found.items()},
    **{f"{name}.{member}.{child}": found for (name, member), (_, child, found) in SHAPED.items() if child},
}
_SHAPED: dict[str, list[str]] = {}
for _name, _member in SHAPED:
    _SHAPED.setdefault(_name, []).append(_member)


def require_r4(resource: Resource) -> None:
    """Raise Malformed where a resource, or one in a Bundle, speaks another release of FHIR."""
    _require(resource.tree, resource.type)
    entries = resource.tree.get("entry") if resource.type == "Bundle" else None
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        inside = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(inside, dict):
            _require(inside, f"Bundle.entry[{number}].resource")


def _require(tree: dict[str, Any], place: str) -> None:
    name = tree.get("resourceType")
    if not isinstance(name, str):
        return
    for member in _OF.get(name, {}).keys() & tree.keys():
        raise refusal(_OF[name][member], f"{place}.{member}")
    for member in _SHAPED.get(name, ()):
        shown, _, release = SHAPED[name, member]
        if (value := tree.get(member)) and shown(value):
            raise refusal(release, f"{place}.{member}")
    version = tree.get("fhirVersion")
    if isinstance(version, str) and version not in _versions():
        raise refusal(release_of(version), f"{place}.fhirVersion")


def of_path(steps: Sequence[str]) -> str:
    """Return the release that has an XML element which R4 has not, "" for none known.

    `steps`: the way to it; a resource's step ends in its type: ["Bundle", "entry[0]", "resource:Encounter", "reason"].
    """
    path = ""
    for step in steps:
        plain, _, kind = step.partition("[")[0].partition(":")
        kind = kind or step.partition(":")[2]
        path = kind or (f"{path}.{plain}" if path else plain)
    return _PATHS.get(path, "")


def refusal(release: str, place: str) -> Malformed:
    """Return the refusal of a body of another release, told by what stands at a place."""
    return Malformed(
        f"FHIR {release} の書き方です。このサーバーは FHIR R4 (4.0.1) だけを扱います。R4 に直して送ってください。",
        f"This is FHIR {release}; this server speaks FHIR R4 (4.0.1) only. Convert it to R4 and send it again.",
        rule="fhir.release",
        place=place,
    )


def release_of(version: str) -> str:
    """Return a release's name from its number: "R5" for "5.0" and "5.0.0"; the number where it has none."""
    short = ".".join(version.split(".")[:2])
    return _NAMES.get(short, version[:20])


def _versions() -> frozenset[str]:
    """The versions of FHIR that R4 itself can name: an R4 resource may speak of an older server."""
    held = definitions.load().value_sets["http://hl7.org/fhir/ValueSet/FHIR-version"]
    return frozenset(code for codes in held.codes.values() for code in codes)
