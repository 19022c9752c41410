"""What each R4 type is about: a fixed kind, or a function that looks inside.

Silence means refusal: a type that nobody decided is OTHER, shown to fewer than SHARED is. SHARED is only for
types that hold no person's data. The list is complete for R4 (a test holds it against HL7's own).
Sources: kinds of the sharing service (CLINS guide, 3文書6情報); https://hl7.org/fhir/R4/resourcelist.html
"""

from collections.abc import Iterator
from typing import Any, Final

from kakehashi.core.kinds import EVERY_KIND, Kind
from kakehashi.terms import japan, japan_labs

Tree = dict[str, Any]


def _words(text: str) -> list[str]:
    return text.split()


FIXED: Final[dict[str, Kind]] = {
    **dict.fromkeys(
        _words(
            "ActivityDefinition CapabilityStatement CatalogEntry ChargeItemDefinition CodeSystem "
            "CompartmentDefinition ConceptMap DeviceDefinition DeviceMetric EffectEvidenceSynthesis Endpoint "
            "EventDefinition Evidence EvidenceVariable ExampleScenario GraphDefinition HealthcareService "
            "ImplementationGuide InsurancePlan Library Location Measure Medication MedicationKnowledge "
            "MedicinalProduct MedicinalProductAuthorization MedicinalProductContraindication "
            "MedicinalProductIndication MedicinalProductIngredient MedicinalProductInteraction "
            "MedicinalProductManufactured MedicinalProductPackaged MedicinalProductPharmaceutical "
            "MedicinalProductUndesirableEffect MessageDefinition NamingSystem ObservationDefinition "
            "OperationDefinition Organization OrganizationAffiliation PlanDefinition Practitioner "
            "PractitionerRole Questionnaire ResearchDefinition ResearchElementDefinition ResearchStudy "
            "RiskEvidenceSynthesis SearchParameter Slot SpecimenDefinition StructureDefinition StructureMap "
            "Substance SubstanceNucleicAcid SubstancePolymer SubstanceProtein SubstanceReferenceInformation "
            "SubstanceSourceMaterial SubstanceSpecification TerminologyCapabilities TestReport TestScript "
            "ValueSet VerificationResult"
        ),
        Kind.SHARED,
    ),
    **dict.fromkeys(
        _words(
            "Account AdverseEvent Appointment AppointmentResponse AuditEvent Binary "
            "BiologicallyDerivedProduct BodyStructure CareTeam ChargeItem Claim ClaimResponse Communication "
            "CommunicationRequest Contract DetectedIssue DeviceRequest DeviceUseStatement DocumentManifest "
            "ExplanationOfBenefit FamilyMemberHistory Flag Goal Group GuidanceResponse Invoice Linkage List "
            "MeasureReport MessageHeader MolecularSequence NutritionOrder OperationOutcome Parameters "
            "PaymentNotice PaymentReconciliation Provenance QuestionnaireResponse RequestGroup "
            "ResearchSubject RiskAssessment ServiceRequest SupplyDelivery SupplyRequest Task "
            "VisionPrescription"
        ),
        Kind.OTHER,
    ),
    **dict.fromkeys(("Patient", "Person", "RelatedPerson"), Kind.PATIENT),
    **dict.fromkeys(("Encounter", "EpisodeOfCare"), Kind.VISIT),
    **dict.fromkeys(("MedicationRequest", "MedicationStatement"), Kind.PRESCRIPTION),
    **dict.fromkeys(("MedicationDispense", "MedicationAdministration"), Kind.DISPENSE),
    **dict.fromkeys(("ImagingStudy", "Media"), Kind.IMAGING),
    **dict.fromkeys(
        ("Immunization", "ImmunizationEvaluation", "ImmunizationRecommendation"), Kind.IMMUNIZATION
    ),
    **dict.fromkeys(
        _words(
            "Coverage CoverageEligibilityRequest CoverageEligibilityResponse EnrollmentRequest "
            "EnrollmentResponse"
        ),
        Kind.COVERAGE,
    ),
    "ClinicalImpression": Kind.NOTE,
    "Subscription": Kind.SUBSCRIPTION,
    "Condition": Kind.CONDITION,
    "Consent": Kind.CONSENT,
    "Procedure": Kind.PROCEDURE,
    "Specimen": Kind.LAB,
}

DOCUMENTS: Final[dict[str, Kind]] = {
    japan.REFERRAL_CODE: Kind.REFERRAL,
    japan.DISCHARGE_CODE: Kind.DISCHARGE,
    japan.CHECKUP_CODE: Kind.CHECKUP,
    japan.CHECKUP_CODE_OLD: Kind.CHECKUP,
    japan.CARE_PLAN_CODE: Kind.CARE_PLAN,
    "18748-4": Kind.IMAGING,  # LOINC: diagnostic imaging study
    "11502-2": Kind.LAB,  # LOINC: laboratory report
}
_DOCUMENT_SYSTEMS: Final = frozenset({japan.DOCUMENT_TYPE, japan.LOINC})

_LABORATORY: Final = frozenset({"laboratory", "LAB", "CH", "HM", "MB", "SR", "IMM", "BLB", "TX", "URN", "VR"})
_VITALS: Final = frozenset({"vital-signs", "body-measurement"})
_IMAGING: Final = frozenset({"imaging", "RAD", "RX", "CT", "NMR", "NMS", "RUS", "OUS", "VUS", "NRS", "IMG"})

# LOINC codes of the five infections (HBs, HCV, HIV, 梅毒STS, 梅毒TP) for systems that code with LOINC.
# UNSOURCED: the CLINS guide lists the infections in its own code system and JLAC10 only (japan_labs.INFECTION). These
# were picked by hand from LOINC's terms for the same five analytes (https://loinc.org/search/) and wait for a review by
# a laboratory physician. A code too many hides a result among the infections; one too few shows it among the results.
INFECTION_LOINC: Final = frozenset(
    _words(
        "5195-3 5196-1 63557-3 65633-0 16935-9 22322-2 10900-9 5193-8 "  # HBs
        "16128-1 13955-0 5198-7 5199-5 11259-9 11011-4 20416-4 29609-5 38180-6 "  # HCV
        "7917-8 7918-6 5220-9 5221-7 29893-5 56888-1 75622-1 58900-2 25836-8 20447-9 22356-0 31201-7 "  # HIV
        "20507-0 20508-8 31147-2 5292-8 5291-0 "  # 梅毒STS
        "22461-8 24312-1 22587-0 24110-9 17724-6 22585-4 47236-5 71793-4"  # 梅毒TP
    )
)


def codings(concepts: object) -> Iterator[tuple[str, str]]:
    """Yield (system, code) of a CodeableConcept or of a list of them; anything else yields nothing."""
    for concept in concepts if isinstance(concepts, list) else (concepts,):
        if isinstance(concept, dict) and isinstance(given := concept.get("coding"), list):
            for one in given:
                if isinstance(one, dict):
                    yield str(one.get("system", "")), str(one.get("code", ""))


def _shows_infection(system: str, code: str) -> bool:
    if system in japan.JLAC10_ALIASES:
        return code[:5] in japan_labs.INFECTION_ANALYTES
    return system in japan.LAB_INFECTION or (system == japan.LOINC and code in INFECTION_LOINC)


def _observation(tree: Tree) -> Kind:
    is_lab = False
    for system, code in codings(tree.get("code")):
        if _shows_infection(system, code):
            return Kind.INFECTION
        if system == japan.CHECKUP_ITEM:
            return Kind.CHECKUP
        is_lab = is_lab or system == japan.LAB_LOCAL or system in japan.LAB_CORE
    if is_lab:
        return Kind.LAB
    return _by_category(tree)


def _by_category(tree: Tree) -> Kind:
    for _, code in codings(tree.get("category")):
        if code in _LABORATORY:
            return Kind.LAB
        if code in _VITALS:
            return Kind.VITAL
        if code in _IMAGING:
            return Kind.IMAGING
    return Kind.OTHER


def _report(tree: Tree) -> Kind:
    if any(_shows_infection(system, code) for system, code in codings(tree.get("code"))):
        return Kind.INFECTION
    return _by_category(tree)


def _allergy(tree: Tree) -> Kind:
    given = tree.get("category")
    drug = isinstance(given, list) and ("medication" in given or "biologic" in given)
    return Kind.CONTRAINDICATION if drug else Kind.ALLERGY


def _document(tree: Tree) -> Kind:
    for system, code in codings(tree.get("type")):
        if system in _DOCUMENT_SYSTEMS and code in DOCUMENTS:
            return DOCUMENTS[code]
    return Kind.NOTE


def _bundle(tree: Tree) -> Kind:
    """A document Bundle is what its Composition is; every other Bundle is a message as received."""
    given = tree.get("entry")
    first = given[0] if tree.get("type") == "document" and isinstance(given, list) and given else None
    inner = first.get("resource") if isinstance(first, dict) else None
    if isinstance(inner, dict) and inner.get("resourceType") == "Composition":
        return _document(inner)
    return Kind.SUBMISSION


def _care_plan(tree: Tree) -> Kind:
    """Only the plan of a 患者サマリー goes to the patient alone; other plans are ordinary data."""
    meta = tree.get("meta")
    given = meta.get("profile") if isinstance(meta, dict) else None
    plans = isinstance(given, list) and any("/JP_CarePlan_ePCS" in str(url) for url in given)
    return Kind.CARE_PLAN if plans else Kind.OTHER


def _basic(tree: Tree) -> Kind:
    """A SubscriptionTopic of R5 comes in a Basic: it says what is told, of nobody."""
    topic = ("http://hl7.org/fhir/fhir-types", "SubscriptionTopic") in codings(tree.get("code"))
    return Kind.SUBSCRIPTION if topic and "subject" not in tree else Kind.OTHER


def _about_someone(tree: Tree) -> Kind:
    """A device or a schedule is shared, unless it names a patient."""
    text = str(tree.get("patient") or tree.get("actor") or "")
    return Kind.OTHER if "patient" in tree or "Patient" in text else Kind.SHARED


LOOKED_INTO: Final = {
    "AllergyIntolerance": _allergy,
    "Basic": _basic,
    "Bundle": _bundle,
    "CarePlan": _care_plan,
    "Composition": _document,
    "Device": _about_someone,
    "DiagnosticReport": _report,
    "DocumentReference": _document,
    "Observation": _observation,
    "Schedule": _about_someone,
}


def kinds_of_type(resource_type: str) -> int:
    """Return the kinds that resources of a type may be, as a bit set; every kind where that is not told here."""
    if resource_type in FIXED:
        return FIXED[resource_type].bit
    if resource_type in LOOKED_INTO and LOOKED_INTO[resource_type] is not _about_someone:
        return EVERY_KIND & ~Kind.SHARED.bit
    return EVERY_KIND
