"""Systems that the samples name beside those of terms/japan. Sources: CLINS guide 1.11, eCheckup guide 1.5, HL7."""

from kakehashi.terms import japan

HL7 = "http://terminology.hl7.org/CodeSystem"
LOCAL_PATIENT = japan.LOCAL_PATIENT_PREFIX + "1"  # + institution code
LOCAL_PRACTITIONER = "urn:oid:1.2.392.100495.20.3.41.1"  # + institution code
MEDICAL_REGISTRATION = "urn:oid:1.2.392.100495.20.3.31"  # 医籍登録番号
INSURER_NO = f"{japan.JP}/core/mhlw/IdSystem/InsurerNumber"
PRESCRIPTION_ID = "urn:oid:1.2.392.100495.20.3.11"
DISPENSING_ID = "urn:oid:1.2.392.100495.20.3.12"
RP_NUMBER = f"{japan.JP}/core/mhlw/IdSystem/Medication-RPGroupNumber"
RP_INDEX = f"{japan.JP}/core/mhlw/IdSystem/MedicationAdministrationIndex"
ICD10 = f"{japan.JP}/core/mhlw/CodeSystem/ICD10-2013-full"
CORE_LAB = f"{japan.JP}/clins/CodeSystem/JLAC10/JP_CLINS_ObsLabResult_CoreLabo_CS"
INFECTION_LAB = f"{japan.JP}/clins/CodeSystem/JLAC10/JP_CLINS_ObsLabResult_InfectionLabo_CS"
ALLERGEN_DRUG = f"{japan.JP}/core/CodeSystem/YCM/JP_JfagyMedicationAllergen_CS"
MATERIAL = f"{japan.JP}/core/CodeSystem/JP_ObservationSampleMaterialCode_CS"
ACT = japan.ENCOUNTER_CLASS
UCUM = "http://unitsofmeasure.org"
TEST_DATA = {"system": f"{HL7}/v3-ActReason", "code": "HTEST", "display": "test health data"}
