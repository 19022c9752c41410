"""Names of the Japanese code systems, identifier systems and extensions that rules and screens speak of.

Only facts: URLs, OIDs and codes. Sources: the implementation guides CLINS 1.5.0–1.11.0 (https://jpfhir.jp/fhir/clins/),
eReferral, eDischargeSummary, eCheckupReport 1.5.0, and JP Core 1.1.2.
"""

from typing import Final

JP: Final = "http://jpfhir.jp/fhir"

# Identifier systems
MEMBER_ID: Final = (
    f"{JP}/clins/Idsystem/JP_Insurance_memberID"  # 保険者番号:記号:番号:枝番 (small s in Idsystem)
)
PUBLIC_PAYER_ID: Final = (
    f"{JP}/clins/Idsystem/JP_PublicPayer_memberID"  # 生活保護: 公費負担者番号::受給者番号:
)
BUNDLE_ID: Final = f"{JP}/clins/bundle-identifier"  # 医療機関10桁^西暦4桁^施設内ID
RESOURCE_ID: Final = f"{JP}/core/IdSystem/resourceInstance-identifier"  # リソース一意識別ID
INSTITUTION_ID: Final = f"{JP}/core/IdSystem/insurance-medical-institution-no"  # 医療機関10桁
LOCAL_PATIENT_PREFIX: Final = "urn:oid:1.2.392.100495.20.3.51."  # + "1" + 医療機関10桁
RP_NUMBER: Final = frozenset(
    {f"{JP}/core/mhlw/IdSystem/Medication-RPGroupNumber", "urn:oid:1.2.392.100495.20.3.81"}
)
ORDER_IN_RP: Final = frozenset(
    {f"{JP}/core/mhlw/IdSystem/MedicationAdministrationIndex", "urn:oid:1.2.392.100495.20.3.82"}
)

# Extensions
INSTITUTION_NUMBER: Final = f"{JP}/clins/Extension/StructureDefinition/JP_eCS_InstitutionNumber"
DEPARTMENT: Final = f"{JP}/eCS/Extension/StructureDefinition/JP_eCS_Department"
DIAGNOSIS_TYPE: Final = f"{JP}/eCS/Extension/StructureDefinition/JP_eCS_DiagnosisType"
PREFIX_MODIFIER: Final = f"{JP}/core/Extension/StructureDefinition/JP_Condition_DiseasePrefixModifier"
POSTFIX_MODIFIER: Final = f"{JP}/core/Extension/StructureDefinition/JP_Condition_DiseasePostfixModifier"
PERIOD_OF_USE: Final = f"{JP}/core/Extension/StructureDefinition/JP_MedicationDosage_PeriodOfUse"
NAME_REPRESENTATION: Final = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
DOCUMENT_VERSION: Final = "http://hl7.org/fhir/StructureDefinition/composition-clinicaldocument-versionNumber"

# Tags
INDICATION: Final = f"{JP}/clins/CodeSystem/JP_ehrshrs_indication"  # LTS, UNINFORMED, UNDELIVERED
BUNDLE_RESOURCE_TYPE: Final = f"{JP}/clins/CodeSystem/BundleResourceType_CS"

# Diseases
DISEASE_KEY: Final = "http://medis.or.jp/CodeSystem/master-disease-keyNumber"  # 病名管理番号, 8 digits
DISEASE_EXCHANGE: Final = (
    "http://medis.or.jp/CodeSystem/master-disease-exCode"  # 病名交換用コード, 4 characters
)
MODIFIER_KEY: Final = "http://medis.or.jp/CodeSystem/master-disease-modKeyNumber"  # 修飾語管理番号
DISEASE_CLAIM: Final = f"{JP}/core/mhlw/CodeSystem/masterB-disease"
ICD10: Final = frozenset(
    {f"{JP}/core/mhlw/CodeSystem/ICD10-2013-full", f"{JP}/core/mhlw/CodeSystem/ICD10-2013-3digits"}
)
UNCODED_DISEASE: Final = ("99999999", "未コード化傷病名")

# Allergies (JFAGY)
ALLERGEN_FOOD: Final = f"{JP}/core/CodeSystem/JP_JfagyFoodAllergen_CS"
ALLERGEN_OTHER: Final = f"{JP}/core/CodeSystem/JP_JfagyNonFoodNonMedicationAllergen_CS"
ALLERGEN_DRUG: Final = frozenset(
    {
        f"{JP}/core/CodeSystem/YCM/JP_JfagyMedicationAllergen_CS",
        f"{JP}/core/CodeSystem/GCM/JP_JfagyMedicationAllergen_CS",
        f"{JP}/core/CodeSystem/JP_JfagyMedicationAllergen_CS",
    }
)

# Laboratory
LAB_LOCAL: Final = f"{JP}/clins/CodeSystem/JP_CLINS_ObsLabResult_LocalCode_CS"
LAB_UNCODED: Final = f"{JP}/clins/CodeSystem/JP_CLINS_ObsLabResult_Uncoded_CS"
UNCODED_LAB: Final = ("9" * 17, "未標準化コード項目(JLAC)")
JLAC10: Final = "http://medis.or.jp/CodeSystem/master-JLAC10-17digits"
JLAC10_ALIASES: Final = frozenset(
    {JLAC10, "urn:oid:1.2.392.200119.4.504", "urn:oid:1.2.392.200119.4.1005"}  # the last: clinosim 2026
)
LAB_CORE: Final = frozenset(
    {f"{JP}/clins/CodeSystem/{table}/JP_CLINS_ObsLabResult_CoreLabo_CS" for table in ("JLAC10", "JLAC11")}
)
LAB_INFECTION: Final = frozenset(
    {
        f"{JP}/clins/CodeSystem/{table}/JP_CLINS_ObsLabResult_InfectionLabo_CS"
        for table in ("JLAC10", "JLAC11")
    }
)
OBSERVATION_CATEGORY: Final = f"{JP}/core/CodeSystem/JP_SimpleObservationCategory_CS"

# Medicines
YJ: Final = "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"  # 12 characters
GENERAL_NAME: Final = f"{JP}/core/mhlw/CodeSystem/MedicationGeneralOrderCode"  # 一般名処方
DRUG_NOCODED: Final = f"{JP}/eCS/CodeSystem/MedicationCodeNocoded_CS"
NOCODED_DRUG: Final = ("NOCODED", "標準コードなし")
DRUG_BY_STRENGTH: Final = "http://capstandard.jp/CodeSystem/KikakubetsuYakuzaiSeibun"  # 規格別薬剤成分
USAGE: Final = f"{JP}/core/mhlw/CodeSystem/MedicationUsage_ePrescription"  # 用法 (電子処方箋), 16 characters
USAGE_DUMMY: Final = f"{JP}/clins/CodeSystem/JP_CLINS_MedicationUsage_Uncoded_CS"
DUMMY_USAGE: Final = ("0X0XXXXXXXXX0000", "ダミー用法コード")
UNIT_MERIT9: Final = f"{JP}/core/mhlw/CodeSystem/MedicationUnitMERIT9Code"
CLINICAL_DEPARTMENT: Final = "http://jami.jp/SS-MIX2/CodeSystem/ClinicalDepartment"

# Documents
DOCUMENT_TYPE: Final = f"{JP}/Common/CodeSystem/doc-typecodes"
DOCUMENT_SUBTYPE: Final = f"{JP}/Common/CodeSystem/doc-subtypecodes"
DOCUMENT_SECTION: Final = f"{JP}/clins/CodeSystem/document-section"
REFERRAL_CODE: Final = "57133-1"  # 診療情報提供書
DISCHARGE_CODE: Final = "18842-5"  # 退院時サマリー
CHECKUP_CODE: Final = "53576-5"  # 検診・健診報告書
CHECKUP_CODE_OLD: Final = "JPGCHKUP01"  # 健診結果報告書, in clinical-core's own list
CARE_PLAN_CODE: Final = "56447-6"  # 計画書: 患者サマリー（療養計画書）

# Check-ups
CHECKUP_ITEM: Final = "urn:oid:1.2.392.200119.6.1005"
CHECKUP_CATEGORY: Final = frozenset(
    {
        "urn:oid:1.2.392.200119.6.1001",
        "urn:oid:2.16.840.1.113883.2.2.1.6.1001",
        f"{JP}/eCheckup/CodeSystem/checkup-report-category",
    }
)
CHECKUP_PROGRAM: Final = "urn:oid:1.2.392.200119.6.1002"
CHECKUP_SECTION: Final = f"{JP}/eCheckup/CodeSystem/section-code"
CHECKUP_ENCOUNTER: Final = f"{JP}/eCheckup/CodeSystem/encounter-category"

# HL7
CONDITION_CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/condition-clinical"
CONDITION_VERIFICATION: Final = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
CONDITION_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/condition-category"
ALLERGY_CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
ALLERGY_VERIFICATION: Final = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
ENCOUNTER_CLASS: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
DIAGNOSIS_TYPE_CODES: Final = "http://terminology.hl7.org/CodeSystem/ex-diagnosistype"
LOINC: Final = "http://loinc.org"

# Forms of numbers
INSTITUTION_FORM: Final = r"[0-4][0-9][1-3][0-9]{7}"  # 都道府県2 + 区分1 (1|2|3) + 番号7
BUNDLE_ID_FORM: Final = INSTITUTION_FORM + r"\^20[2-3][0-9]\^[A-Za-z0-9\-]{1,36}"
MEMBER_ID_FORM: Final = r"[0-9]{8}:[^:\s\u3000]*:[^:\s\u3000]*:([0-9]{2})?"
PUBLIC_PAYER_FORM: Final = r"[0-9]{8}::[^:\s\u3000]+:"
