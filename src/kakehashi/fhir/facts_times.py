"""The clinical time of a resource: when what it says was so, not when it was stored.

Elements are tried in order. A partial date (2018, 2018-06, 2018-06-01) begins at midnight in Japan.
Source: the elements that HL7 maps to FiveWs.done and FiveWs.recorded, in the order a reader wants them.
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

JST: Final = timezone(timedelta(hours=9))

_EVENT: Final = ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued")
TIMES: Final[dict[str, tuple[str, ...]]] = {
    "Account": ("servicePeriod",),
    "AdverseEvent": ("date", "detected", "recordedDate"),
    "AllergyIntolerance": ("onsetDateTime", "onsetPeriod", "recordedDate", "lastOccurrence"),
    "Appointment": ("start", "created"),
    "AppointmentResponse": ("start",),
    "AuditEvent": ("recorded",),
    "Basic": ("created",),
    "Bundle": ("timestamp",),
    "CarePlan": ("period", "created"),
    "CareTeam": ("period",),
    "ChargeItem": ("occurrenceDateTime", "occurrencePeriod", "enteredDate"),
    "Claim": ("billablePeriod", "created"),
    "ClaimResponse": ("created",),
    "ClinicalImpression": ("effectiveDateTime", "effectivePeriod", "date"),
    "Communication": ("sent", "received"),
    "CommunicationRequest": ("occurrenceDateTime", "occurrencePeriod", "authoredOn"),
    "Composition": ("date",),
    "Condition": ("onsetDateTime", "onsetPeriod", "recordedDate"),
    "Consent": ("dateTime",),
    "Contract": ("issued", "applies"),
    "Coverage": ("period",),
    "CoverageEligibilityRequest": ("servicedDate", "servicedPeriod", "created"),
    "CoverageEligibilityResponse": ("servicedDate", "servicedPeriod", "created"),
    "DetectedIssue": ("identifiedDateTime", "identifiedPeriod"),
    "DeviceRequest": ("occurrenceDateTime", "occurrencePeriod", "authoredOn"),
    "DeviceUseStatement": ("timingDateTime", "timingPeriod", "recordedOn"),
    "DiagnosticReport": _EVENT,
    "DocumentManifest": ("created",),
    "DocumentReference": ("date",),
    "Encounter": ("period",),
    "EnrollmentRequest": ("created",),
    "EnrollmentResponse": ("created",),
    "EpisodeOfCare": ("period",),
    "ExplanationOfBenefit": ("billablePeriod", "created"),
    "FamilyMemberHistory": ("date",),
    "Flag": ("period",),
    "Goal": ("startDate", "statusDate"),
    "GuidanceResponse": ("occurrenceDateTime",),
    "ImagingStudy": ("started",),
    "Immunization": ("occurrenceDateTime", "recorded"),
    "ImmunizationEvaluation": ("date",),
    "ImmunizationRecommendation": ("date",),
    "Invoice": ("date",),
    "List": ("date",),
    "MeasureReport": ("period", "date"),
    "Media": ("createdDateTime", "createdPeriod", "issued"),
    "MedicationAdministration": ("effectiveDateTime", "effectivePeriod"),
    "MedicationDispense": ("whenHandedOver", "whenPrepared"),
    "MedicationRequest": ("authoredOn",),
    "MedicationStatement": ("effectiveDateTime", "effectivePeriod", "dateAsserted"),
    "NutritionOrder": ("dateTime",),
    "Observation": _EVENT,
    "Procedure": ("performedDateTime", "performedPeriod"),
    "Provenance": ("occurredDateTime", "occurredPeriod", "recorded"),
    "QuestionnaireResponse": ("authored",),
    "RequestGroup": ("authoredOn",),
    "ResearchSubject": ("period",),
    "RiskAssessment": ("occurrenceDateTime", "occurrencePeriod"),
    "ServiceRequest": ("occurrenceDateTime", "occurrencePeriod", "authoredOn"),
    "Specimen": ("collection", "receivedTime"),
    "SupplyDelivery": ("occurrenceDateTime", "occurrencePeriod"),
    "SupplyRequest": ("occurrenceDateTime", "occurrencePeriod", "authoredOn"),
    "Task": ("executionPeriod", "authoredOn", "lastModified"),
    "VisionPrescription": ("dateWritten", "created"),
}

_PADDING: Final = {4: "-01-01", 7: "-01", 10: ""}


def moment(text: str) -> datetime | None:
    """Return the first moment of a FHIR date, dateTime or instant in UTC; None when it cannot be read.

    >>> moment("2018-06")
    datetime.datetime(2018, 5, 31, 15, 0, tzinfo=datetime.timezone.utc)
    """
    try:
        if (padding := _PADDING.get(len(text))) is not None:
            return datetime.fromisoformat(text + padding).replace(tzinfo=JST).astimezone(UTC)
        read = datetime.fromisoformat(text)
        return None if read.tzinfo is None or text[10:11] != "T" else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
