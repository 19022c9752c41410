"""The resource types of R4, each with the number that the store keeps. R4 is closed: nothing is ever renumbered."""

from kakehashi.fhir import definitions

NUMBER: dict[str, int] = {name: number for number, name in enumerate(definitions.load().resource_types(), 1)}
"""Resource type -> its number: 1 for Account to 146 for VisionPrescription, in alphabetical order."""

NAME: dict[int, str] = {number: name for name, number in NUMBER.items()}
"""Number -> resource type."""

OTHER_RELEASES: dict[str, str] = {
    **dict.fromkeys(
        (
            "BodySite",
            "DataElement",
            "DeviceComponent",
            "EligibilityRequest",
            "EligibilityResponse",
            "ExpansionProfile",
            "ImagingManifest",
            "ProcedureRequest",
            "ProcessRequest",
            "ProcessResponse",
            "ReferralRequest",
            "Sequence",
            "ServiceDefinition",
        ),
        "STU3",
    ),
    **dict.fromkeys(
        (
            "ActorDefinition",
            "AdministrableProductDefinition",
            "ArtifactAssessment",
            "BiologicallyDerivedProductDispense",
            "Citation",
            "ClinicalUseDefinition",
            "ConditionDefinition",
            "DeviceAssociation",
            "DeviceDispense",
            "DeviceUsage",
            "EncounterHistory",
            "EvidenceReport",
            "FormularyItem",
            "GenomicStudy",
            "ImagingSelection",
            "Ingredient",
            "InventoryItem",
            "InventoryReport",
            "ManufacturedItemDefinition",
            "MedicinalProductDefinition",
            "NutritionIntake",
            "NutritionProduct",
            "PackagedProductDefinition",
            "Permission",
            "RegulatedAuthorization",
            "RequestOrchestration",
            "Requirements",
            "SubscriptionStatus",
            "SubscriptionTopic",
            "SubstanceDefinition",
            "TestPlan",
            "Transport",
        ),
        "R4B/R5",
    ),
    **dict.fromkeys(
        (
            "ClinicalAssessment",
            "DeviceAlert",
            "InsuranceProduct",
            "MolecularDefinition",
            "PersonalRelationship",
        ),
        "R6",
    ),
}
"""Resource types that other releases of FHIR have and R4 has not, with the release that has them."""
