"""Which rule holds each invariant that the published profiles name; the rest is base FHIR, for the profile checker."""

from typing import Final

_SAME_NAME: Final = (
    "bundle-entry-JP-Encounter-eCheckupGeneral",
    "bundle-entry-JP-OrganizationReporter-eCheckupGeneral",
    "bundle-entry-JP-Patient-CLINS-eCheckupGeneral",
    "bundle-entry-JP-PractitionerReporter-eCheckupGeneral",
    "cmp-1",
    "validEntryProfile-AllergyIntolerance",
    "validEntryProfile-Condition",
    "validEntryProfile-MedicationRequest",
    "validEntryProfile-ObservationLabResult",
)

RULE_OF_KEY: Final[dict[str, str]] = {
    **{key: key for key in _SAME_NAME},
    "ait-1": "C1.allergy.clinical",
    "all-entries-needs-extension-of-institutionNumber": "R9011",
    "all-entries-needs-valid-institutionNumber": "R9012",
    "bundle-entry0-JP-Composition-eCheckupGeneral": "R0213.checkup-composition",
    "bundle-meta-tag-resourceType-exists": "R02141",
    "bundle-meta-tag-resourceType-valid": "R02142",
    "bundle-profile-is-JP-Bundle-CLINS": "R0213",
    "bundle-profile-is-JP-Bundle-eCheckupGeneral": "R0213.checkup",
    "checkExist-CDASection-or-CompositionSection": "checkExist-CDASection",
    "checkExist-CDASection-or-structuredSection": "checkExist-CDASection",
    "composition-profile-is-JP-Composition-eCheckupGeneral": "R0213.checkup-composition",
    "condition-needs-contained-of-Encounter": "R9013C",
    "condition-needs-extension-of-Department": "R9014C",
    "condition-needs-onsetDateTime": "R9013C.onset",
    "either-KanjiName-KanaName-exist": "R1112",
    "first-bundle-entry-is-Patient": "R0211",
    "invalidUsage-MedicationUsage-codesystem": "R5021",
    "kanjiName-kanaName-donot-contain-ZenkakuKuuhaku": "R1113",
    "mustHaveOneMoreResources-with-designatedResourceType": "R02143",
    "needs-anyOfStandardCode-medication": "R3010",
    "observation-needs-contained-of-Encounter": "R9013O",
    "observation-needs-extension-of-Department": "R9014O",
    "patients-profile-is-JP-Patient-eCS": "R0212",
    "resource-needs-extension-of-institutionNumber": "R901101",
    "valid-system-bundleIdenfifier": "R02151",
    "valid-system-insurance-patientIdentifier": "R1012",
    "valid-system-local-patientID": "R1010",
    "valid-value-bundleIdenfifier": "R2152",
    "valid-value-institutionNumberExtension": "R9012",
    "valid-value-insurance-patientIdentifier": "R1013",
    "validUsage-MedicationUsage-codesystem": "R5020",
}

# Base FHIR invariants that the profiles repeat: fhir.validate and fhir.profiles hold them for every resource.
COVERED_BY_CHECKER: Final = frozenset(
    {"ait-2", "cmp-2", "cpl-3", "fhs-1", "fhs-2", "imm-1", "org-1", "org-2", "org-3", "pat-1", "ppc-1", "ppc-2",
     "ppc-3", "ppc-4", "ppc-5", "prr-1", "tim-1", "tim-10", "tim-2", "tim-4", "tim-5", "tim-6", "tim-7", "tim-8",
     "tim-9", "txt-1", "txt-2"}
)  # fmt: skip
