"""Where each R4 type names the person it is about.

`PRIMARY`: elements whose target is the subject; any reference counts there, unless it names another type.
`SECONDARY`: the other elements of the patient compartment; only an explicit `Patient/…` counts there.
`Task.for`, `Device.patient`, `Contract.subject`, `GuidanceResponse.subject` and `Binary.securityContext`
name a person too, though the compartment leaves them out.
Source: https://hl7.org/fhir/R4/compartmentdefinition-patient.html
"""

from typing import Final


def _words(text: str) -> list[str]:
    return text.split()


_SUBJECT: Final = ("subject",)
_PATIENT: Final = ("patient",)

PRIMARY: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        _words(
            "Account AdverseEvent Basic CarePlan CareTeam ChargeItem ClinicalImpression Communication "
            "CommunicationRequest Composition Condition Contract DeviceRequest DeviceUseStatement "
            "DiagnosticReport DocumentManifest DocumentReference Encounter Flag Goal GuidanceResponse "
            "ImagingStudy Invoice List MeasureReport Media MedicationAdministration MedicationDispense "
            "MedicationRequest MedicationStatement Observation Procedure QuestionnaireResponse RequestGroup "
            "RiskAssessment ServiceRequest Specimen"
        ),
        _SUBJECT,
    ),
    **dict.fromkeys(
        _words(
            "AllergyIntolerance BodyStructure Claim ClaimResponse Consent CoverageEligibilityRequest "
            "CoverageEligibilityResponse DetectedIssue Device EpisodeOfCare ExplanationOfBenefit "
            "FamilyMemberHistory Immunization ImmunizationEvaluation ImmunizationRecommendation "
            "MolecularSequence NutritionOrder RelatedPerson SupplyDelivery VisionPrescription"
        ),
        _PATIENT,
    ),
    "Coverage": ("beneficiary",),
    "EnrollmentRequest": ("candidate",),
    "ResearchSubject": ("individual",),
    "Task": ("for",),
}

SECONDARY: Final[dict[str, tuple[str, ...]]] = {
    "Appointment": ("participant.actor",),
    "AppointmentResponse": ("actor",),
    "AuditEvent": ("agent.who", "entity.what"),
    "Binary": ("securityContext",),
    "Coverage": ("policyHolder", "subscriber", "payor"),
    "DocumentManifest": ("author", "recipient"),
    "Group": ("member.entity",),
    "Invoice": ("recipient",),
    "List": ("source",),
    "Person": ("link.target",),
    "Provenance": ("target",),
    "Schedule": ("actor",),
    "SupplyRequest": ("deliverTo", "requester"),
    "Claim": ("payee.party",),
    "ExplanationOfBenefit": ("payee.party",),
    "RequestGroup": ("participant", "action.participant"),
}
