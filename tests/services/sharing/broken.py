"""For every rule one submission that breaks it: the builder, what is changed, and under which version.

`@1` stands for the resource of entry 1, `@C` for the Composition, `@300` for the structured section of a referral.
A change is (path, value); without a value the member is removed.
"""

from typing import Any

from builders import (
    CLINIC,
    DROP,
    HOSPITAL,
    INFECTION_SYSTEM,
    coding,
    concept,
    identifier,
    section,
    urn,
)

from kakehashi.terms import japan

Change = tuple[str, Any]
P, C1 = "@0", "@1"  # Patient and first information of a collection
LABCODE = "@1.code.coding"
MED = "@6"  # the prescription of a referral
DOSE = f"{MED}.dosageInstruction.0"
INNER = "@0.section.2.section"  # of a referral
OTHER = "urn:elsewhere"
WHO = "urn:uuid:00000000-0000-5000-8000-000000000000"


def gone(*paths: str) -> list[Change]:
    return [(path, DROP) for path in paths]


def tag(code: str, system: str = japan.INDICATION) -> list[dict[str, str]]:
    return [coding(system, code)]


BROKEN: dict[str, tuple[Any, ...]] = {
    # rule: (builder, changes[, version])
    "C1.bundle.recognised": ("conditions", [("meta", {"lastUpdated": "x"}), ("type", "batch")]),
    "C1.version.known": (
        "conditions",
        [("meta.profile.0", f"{japan.JP}/clins/StructureDefinition/JP_Bundle_CLINS|9.9.9")],
    ),
    "C1.bundle.lastUpdated": ("conditions", gone("meta.lastUpdated")),
    "R02151": ("conditions", [("identifier.system", OTHER)]),
    "R2152": ("conditions", [("identifier.value", "1311234567-2026-1")]),
    "C1.bundle.timestamp": ("conditions", [("timestamp", "2026-11-20")]),
    "C1.bundle.timestamp-milliseconds": ("conditions", [("timestamp", "2026-11-20T10:00:00+09:00")]),
    "C1.bundle.entries": ("conditions", gone("entry.2.resource")),
    "C1.bundle.fullUrl": ("conditions", [("entry.1.fullUrl", "Condition/1")]),
    "C1.bundle.fullUrl-once": ("conditions", [("entry.2.fullUrl", urn("Condition0"))]),
    "C1.bundle.size": ("conditions", [("@1.code.text", "あ" * 3_600_000)]),
    "C1.bundle.one-patient": (
        "conditions",
        [("entry.+", {"fullUrl": WHO, "resource": {"resourceType": "Patient"}})],
    ),
    "C1.text.gaiji": ("conditions", [(f"{P}.name.0.text", "架空 花\ue001")]),
    "C1.text.mojibake": ("conditions", [(f"{P}.address.0.text", "東京都\ufffd")]),
    "C1.text.half-kana-name": ("conditions", [(f"{P}.name.1.text", "ｶｸｳ ﾊﾅｺ")]),
    "C1.text.half-kana": ("labs", [("@1.code.text", "ｱﾙﾌﾞﾐﾝ")]),
    "R0213": ("conditions", [("meta.profile.0", OTHER)]),
    "C1.collection.type": ("conditions", [("type", "batch")]),
    "R02141": ("conditions", gone("meta.tag")),
    "R02142": ("conditions", [("meta.tag.0.code", "MedicationRequest")]),
    "R02143": ("conditions", [("meta.tag.0.code", "Observation")]),
    "C1.collection.one-kind": (
        "conditions",
        [("entry.+", {"fullUrl": WHO, "resource": {"resourceType": "Observation"}})],
    ),
    "C1.collection.unhandled": (
        "conditions",
        [("entry.+", {"fullUrl": WHO, "resource": {"resourceType": "Procedure"}})],
    ),
    "R0211": ("conditions", gone("entry.0")),
    "R0212": ("conditions", [(f"{P}.meta.profile.0", OTHER)]),
    "C1.collection.bare-entry": ("conditions", [("entry.1.request", {"method": "POST", "url": "Condition"})]),
    "validEntryProfile-AllergyIntolerance": ("allergies", [("@1.meta.profile.0", OTHER)]),
    "validEntryProfile-Condition": ("conditions", [("@1.meta.profile.0", OTHER)]),
    "validEntryProfile-MedicationRequest": ("referral", [(f"{MED}.meta.profile.0", OTHER)]),
    "validEntryProfile-ObservationLabResult": ("labs", [("@1.meta.profile.0", OTHER)]),
    "R9011": ("allergies", gone("@1.extension")),
    "R9012": ("conditions", [("@1.extension.0.valueIdentifier.value", "131123456")]),
    "C1.institution.system": ("conditions", [("@1.extension.0.valueIdentifier.system", OTHER)]),
    "C1.institution.same": ("conditions", [("@1.extension.0.valueIdentifier.value", CLINIC)]),
    "R9014C": ("conditions", gone("@1.extension.1")),
    "R9014O": ("labs", gone("@1.extension.1")),
    "C1.department.text": ("conditions", gone("@1.extension.1.valueCodeableConcept.text")),
    "R9013C": ("conditions", gone("@1.contained")),
    "R9013O": ("labs", gone("@1.contained.0")),
    "C1.encounter.reference": ("conditions", gone("@1.encounter")),
    "C1.encounter.content": ("conditions", [("@1.contained.0.status", "planned")]),
    "C1.reference.patient": ("conditions", [("@1.subject.reference", WHO)]),
    "C1.reference.crossing": ("conditions", [("@1.recorder", {"reference": urn("Condition1")})]),
    "R1010": ("conditions", [(f"{P}.identifier.0.system", f"{japan.LOCAL_PATIENT_PREFIX}9{HOSPITAL}")]),
    "R1012": ("conditions", [(f"{P}.identifier.1.system", japan.MEMBER_ID.replace("Idsystem", "IdSystem"))]),
    "R1013": ("conditions", [(f"{P}.identifier.1.value", "00012345:あいう:１８７:5")]),
    "C1.patient.local-institution": (
        "conditions",
        [(f"{P}.identifier.0.system", f"{japan.LOCAL_PATIENT_PREFIX}1{CLINIC}")],
    ),
    "C1.patient.public-payer": (
        "conditions",
        [(f"{P}.identifier.1", identifier(japan.PUBLIC_PAYER_ID, "1213:1:2:"))],
    ),
    "C1.patient.branch": ("conditions", [(f"{P}.identifier.1.value", "00012345:あいう:１８７:")]),
    "R1112": ("conditions", gone(f"{P}.name.0.extension", f"{P}.name.1.extension")),
    "R1113": ("conditions", [(f"{P}.name.0.text", "架空\u3000花子")]),
    "C1.patient.required": ("conditions", gone(f"{P}.birthDate")),
    "C1.patient.name-text": ("conditions", gone(f"{P}.name.0.text")),
    "C1.patient.name-parts": ("conditions", gone(f"{P}.name.0.family")),
    "C1.patient.one-address": ("conditions", [(f"{P}.address.+", {"text": "京都府架空市"})]),
    "C1.patient.address-text": ("conditions", gone(f"{P}.address.0.text")),
    "C1.patient.one-profile": ("conditions", [(f"{P}.meta.profile.+", OTHER)]),
    "C1.meta.required": ("conditions", gone("@1.meta.lastUpdated")),
    "C1.identifier.own": ("conditions", [("@1.identifier.0.system", OTHER)]),
    "C1.identifier.once": ("conditions", [("@2.identifier.0.value", f"{HOSPITAL}-c1")]),
    "C1.flag.allowed": ("allergies", [("@1.meta.tag", tag("UNINFORMED"))]),
    "C1.flag.once": ("conditions", [("@1.meta.tag", tag("LTS") * 2)]),
    "C1.flag.system": (
        "conditions",
        [("@1.meta.tag", tag("UNINFORMED", "http:/jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication"))],
    ),
    "C1.flag.undeliverable": ("referral", [("@5.meta.tag", tag("UNDELIVERED"))]),
    "C1.tag.system": ("conditions", [("@1.meta.tag", tag("x", OTHER))], "1.5.5"),
    "C1.reference.contained": ("conditions", [("@1.recorder", {"reference": "#nobody"})]),
    "C1.condition.verification": ("conditions", [("@1.verificationStatus.coding.0.system", OTHER)]),
    "C1.condition.clinical": ("conditions", gone("@1.clinicalStatus")),
    "C1.condition.clinical-system": ("conditions", [("@1.clinicalStatus.coding.0.system", OTHER)]),
    "C1.condition.clinical-narrowed": ("conditions", [("@1.clinicalStatus.coding.0.code", "relapse")]),
    "C1.condition.ended": ("conditions", [("@1.abatementDateTime", "2026-01-01")]),
    "C1.condition.end-said": ("conditions", [("@1.clinicalStatus.coding.0.code", "resolved")]),
    "C1.condition.ended-long-ago": (
        "conditions",
        [("@1.abatementDateTime", "2021-11-19"), ("@1.clinicalStatus.coding.0.code", "resolved")],
    ),
    "C1.condition.end-date": (
        "conditions",
        [("@1.abatementString", "春"), ("@1.clinicalStatus.coding.0.code", "resolved")],
    ),
    "C1.condition.category": ("conditions", [("@1.category.0.coding.0.code", "problem-list-item")]),
    "C1.condition.category-coded": ("conditions", [("@1.category.0.coding.0.system", OTHER)]),
    "C1.condition.key": ("conditions", [("@1.code.coding.0.system", japan.DISEASE_CLAIM)]),
    "C1.condition.key-form": ("conditions", [("@1.code.coding.0.code", "2006159")]),
    "C1.condition.uncoded": ("conditions", [("@1.code.coding.0.code", "99999999")]),
    "C1.condition.exchange": (
        "conditions",
        [("@1.code.coding.+", coding(japan.DISEASE_EXCHANGE, "L3R", "x"))],
    ),
    "C1.condition.icd10": (
        "conditions",
        [("@1.code.coding.+", coding(f"{japan.JP}/core/mhlw/CodeSystem/ICD10-2013-full", "C16.9", "胃癌"))],
    ),
    "C1.condition.display": ("conditions", gone("@1.code.coding.0.display")),
    "C1.condition.text": ("conditions", gone("@1.code.text")),
    "C1.condition.modifier": (
        "conditions",
        [
            (
                "@1.code.extension",
                [{"url": japan.PREFIX_MODIFIER, "valueCodeableConcept": concept(OTHER, "1")}],
            )
        ],
    ),
    "C1.condition.principal": (
        "conditions",
        [
            (
                "@1.extension.+",
                {"url": japan.DIAGNOSIS_TYPE, "valueCodeableConcept": concept(OTHER, "principal")},
            )
        ],
    ),
    "C1.condition.subject": ("conditions", gone("@1.subject")),
    "R9013C.onset": ("conditions", gone("@1.onsetDateTime")),
    "C1.allergy.clinical": ("allergies", gone("@1.clinicalStatus")),
    "C1.allergy.clinical-system": ("allergies", [("@1.clinicalStatus.coding.0.system", OTHER)]),
    "C1.allergy.verification-system": ("allergies", [("@1.verificationStatus", concept(OTHER, "confirmed"))]),
    "C1.allergy.standard": ("allergies", [("@1.code.coding.0.system", OTHER)]),
    "C1.allergy.form": ("allergies", [("@1.code.coding.0.code", "2260701F1ZZZ")]),
    "C1.allergy.coding-complete": ("allergies", gone("@1.code.coding.0.display")),
    "C1.allergy.text": ("allergies", gone("@1.code.text")),
    "C1.allergy.drug-category": ("allergies", gone("@1.category")),
    "C1.allergy.other-category": ("allergies", [("@2.category", ["medication"])]),
    "C1.allergy.patient": ("allergies", gone("@1.patient")),
    "R901101": ("labs", gone("@1.extension.0")),
    "C1.lab.category": ("labs", [("@1.category.0.coding.0.system", OTHER)]),
    "C1.lab.status": ("labs", [("@1.status", "done")]),
    "C1.lab.status-narrowed": ("labs", [("@1.status", "amended")]),
    "C1.lab.local": ("labs", gone(f"{LABCODE}.0")),
    "C1.lab.standard": ("labs", gone(f"{LABCODE}.1")),
    "C1.lab.contradiction": ("labs", [(f"{LABCODE}.+", coding(japan.LAB_UNCODED, *japan.UNCODED_LAB))]),
    "C1.lab.uncoded": (
        "labs",
        [(f"{LABCODE}.1", coding(japan.LAB_UNCODED, "9999", "未標準化コード項目(JLAC)"))],
    ),
    "C1.lab.jlac10": ("labs", [(f"{LABCODE}.1", coding(japan.JLAC10, "3A015", "ALB"))]),
    "C1.lab.listed": ("labs", [(f"{LABCODE}.1.code", "0A015000002329101")], "1.5.2"),
    "C1.lab.listed-later": ("labs", [(f"{LABCODE}.1.code", "0A015000002329101")]),
    "C1.lab.removed": (
        "labs",
        [
            (
                f"{LABCODE}.1",
                coding(INFECTION_SYSTEM, "5F560155002302304", "HIV-1+2抗体・p24抗原(吸光度)"),
            )
        ],
    ),
    "C1.lab.display": ("labs", [(f"{LABCODE}.1.display", "アルブミン")]),
    "C1.lab.list-needed": ("labs", [(f"{LABCODE}.1.system", japan.JLAC10)]),
    "C1.lab.coding-complete": ("labs", gone(f"{LABCODE}.0.display")),
    "C1.lab.text": ("labs", gone("@1.code.text")),
    "C1.lab.subject": ("labs", gone("@1.subject")),
    "C1.lab.effective": ("labs", [("@1.effectiveDateTime", "2026-11")]),
    "C1.lab.specimen": ("labs", gone("@1.specimen")),
    "C1.lab.value": ("labs", gone("@1.valueQuantity")),
    "C1.lab.absent-text": ("labs", [*gone("@1.valueQuantity"), ("@1.dataAbsentReason", concept(OTHER, "x"))]),
    "R6081": ("labs", [("@1.hasMember", [{"reference": urn("Observation1")}])]),
    "C1.lab.performer": ("labs", gone("@1.performer"), "1.5.5"),
    "C1.lab.performer-always": ("labs", gone("@1.performer")),
    "C1.lab.one-performer": ("labs", [("@1.performer.+", {"reference": "#doc"})]),
    "C1.lab.performer-contained": ("labs", [("@1.performer.0.reference", "#enc")]),
    "C1.medication.group": ("referral", [(f"{MED}.identifier.0.system", OTHER)]),
    "C1.medication.three-ids": ("referral", gone(f"{MED}.identifier.2")),
    "C1.medication.status": ("referral", [(f"{MED}.status", "active")]),
    "C1.medication.intent": ("referral", [(f"{MED}.intent", "plan")]),
    "R3010": (
        "referral",
        [(f"{MED}.medicationCodeableConcept.coding.0.system", "http://medis.or.jp/CodeSystem/master-HOT9")],
    ),
    "C1.medication.code-form": ("referral", [(f"{MED}.medicationCodeableConcept.coding.0.code", "1141007F")]),
    "C1.medication.nocoded": (
        "referral",
        [(f"{MED}.medicationCodeableConcept.coding.0", coding(japan.DRUG_NOCODED, "NOCODED", "なし"))],
    ),
    "C1.medication.by-strength": (
        "referral",
        [
            (
                f"{MED}.medicationCodeableConcept.coding.+",
                coding(japan.DRUG_BY_STRENGTH, "1141007F3ZZZ", "架空錠"),
            )
        ],
    ),
    "C1.medication.text": ("referral", gone(f"{MED}.medicationCodeableConcept.text")),
    "C1.medication.required": ("referral", gone(f"{MED}.authoredOn")),
    "C1.medication.authored": ("referral", [(f"{MED}.authoredOn", "2026-11-19")]),
    "C1.medication.institution": ("referral", gone(f"{MED}.extension")),
    "C1.medication.encounter": ("referral", gone(f"{MED}.encounter")),
    "C1.medication.requester": ("referral", gone(f"{MED}.requester")),
    "C1.medication.dosage": ("referral", gone(f"{MED}.dosageInstruction")),
    "C1.dosage.text": ("referral", gone(f"{DOSE}.text")),
    "C1.dosage.period": ("referral", gone(f"{DOSE}.extension")),
    "R5020": (
        "referral",
        [(f"{DOSE}.timing.code.coding.0.system", "http://jami.jp/CodeSystem/MedicationUsage")],
    ),
    "R5021": ("referral", [(f"{DOSE}.timing.code.coding.+", coding(japan.USAGE_DUMMY, *japan.DUMMY_USAGE))]),
    "C1.dosage.usage-form": ("referral", [(f"{DOSE}.timing.code.coding.0.code", "1013")]),
    "C1.dosage.dummy": (
        "referral",
        [(f"{DOSE}.timing.code.coding.0", coding(japan.USAGE_DUMMY, japan.DUMMY_USAGE[0], "x"))],
    ),
    "C1.dosage.usage-text": ("referral", gone(f"{DOSE}.timing.code.text")),
    "C1.dosage.strength": ("referral", gone(f"{DOSE}.doseAndRate.0.type")),
    "C1.dosage.unit": ("referral", gone(f"{DOSE}.doseAndRate.0.doseQuantity.unit")),
    "C1.document.type": ("referral", [("type", "collection")]),
    "C1.document.first": ("referral", [("entry.0", {"fullUrl": WHO, "resource": {"resourceType": "Basic"}})]),
    "C1.document.kind": ("referral", [("@0.type.coding.0.code", "57833-6")]),
    "C1.document.profile": ("referral", [("meta.profile.0", OTHER)]),
    "C1.composition.profile": ("referral", [("@0.meta.profile.0", OTHER)]),
    "C1.document.entries": ("referral", gone("entry.6", "entry.5", "entry.4")),
    "C1.document.members": ("referral", gone("entry.4")),
    "C1.document.reference": ("referral", [("@5.recorder", {"reference": WHO})]),
    "C1.composition.version": ("referral", gone("@0.extension")),
    "C1.composition.identifier": ("referral", gone("@0.identifier")),
    "C1.composition.status": ("referral", [("@0.status", "preliminary")]),
    "C1.composition.type": ("referral", [("@0.type.coding.+", coding(japan.LOINC, "57133-1"))]),
    "C1.composition.category": ("referral", [("@0.category.0.coding.0.code", "LETTER")]),
    "C1.composition.category-discharge": ("discharge", [("@0.category.0.coding.0.code", "OUTPATIENT")]),
    "C1.composition.category-plan": ("care_plan", [("@0.category.0.coding.0.code", "CONSULT")]),
    "C1.composition.one-category": ("referral", [("@0.category.+", concept(OTHER, "x"))]),
    "C1.composition.subject": ("referral", [("@0.subject.reference", WHO)]),
    "C1.composition.date": ("referral", [("@0.date", "2026-11-20")]),
    "C1.composition.author": ("referral", gone("@0.author.1")),
    "C1.composition.title": ("referral", [("@0.title", "紹介状")]),
    "C1.composition.custodian": ("referral", gone("@0.custodian")),
    "C1.composition.event-referral": ("referral", [("@0.event.0.code.0.text", "発行")]),
    "C1.composition.event-discharge": ("discharge", gone("@0.event.0.period.end")),
    "C1.composition.plan-extra": ("care_plan", [("@0.custodian", {"reference": urn("hospital")})]),
    "C1.composition.plan-encounter": ("care_plan", gone("@0.encounter")),
    "checkExist-CDASection": ("referral", gone("@0.section.2")),
    "C1.section.only-pdf": (
        "referral",
        [
            ("@0.section.2", section("200", "CDA参照", "pdf")),
            (
                "entry.+",
                {
                    "fullUrl": urn("pdf"),
                    "resource": {
                        "resourceType": "DocumentReference",
                        "status": "current",
                        "content": [{"attachment": {"contentType": "application/pdf", "data": "JVBERi0="}}],
                    },
                },
            ),
        ],
    ),
    "C1.section.system": ("referral", [(f"{INNER}.0.code.coding.0.system", OTHER)]),
    "C1.section.allowed": ("referral", [(f"{INNER}.+", section("342", "入院時診断"))]),
    "C1.section.level": ("referral", [("@0.section.+", section("330", "臨床経過"))]),
    "C1.section.needed": ("referral", gone(f"{INNER}.2")),
    "C1.section.once": ("referral", [(f"{INNER}.+", section("360", "現病歴"))]),
    "C1.section.title": ("referral", [(f"{INNER}.2.title", "病歴")]),
    "C1.section.entries": ("discharge", gone("@0.section.0.section.0.entry.0")),
    "C1.section.nowhere": ("referral", [(f"{INNER}.1.entry.0.reference", WHO)]),
    "C1.section.target": ("referral", [(f"{INNER}.1.entry.0.reference", urn("prescription"))]),
    "cmp-1": ("referral", gone(f"{INNER}.2.text")),
    "C1.referral.organizations": ("referral", [("@0.section.1.entry.0.reference", urn("doctor"))]),
    "C1.referral.addressee": ("referral", gone("@4.identifier")),
    "C1.referral.to-oneself": ("referral", [("@4.identifier.0.value", HOSPITAL)]),
    "C1.discharge.alone": ("discharge", [], "1.11.0", False),
    "C1.attached.person": (
        "referral_with_discharge",
        [("@7.entry.1.resource.identifier.1.value", "00012345:あいう:１８７:06")],
    ),
    "C1.organization.number": ("referral", [("@3.identifier.0.value", "13-1234567")]),
    "C1.plan.status": ("care_plan", [("@5.status", "draft")]),
    "C1.plan.intent": ("care_plan", [("@5.intent", "order")]),
    "C1.plan.title": ("care_plan", [("@5.title", "計画")]),
    "R0213.checkup": ("checkup", [("meta.profile.0", OTHER)]),
    "R0213.checkup-composition": ("checkup", [("@0.meta.profile.0", OTHER)]),
    "bundle-entry-JP-Encounter-eCheckupGeneral": ("checkup", [("@4.meta.profile.0", OTHER)]),
    "bundle-entry-JP-OrganizationReporter-eCheckupGeneral": ("checkup", [("@3.meta.profile.0", OTHER)]),
    "bundle-entry-JP-PractitionerReporter-eCheckupGeneral": ("checkup", [("@2.meta.profile.0", OTHER)]),
    "bundle-entry-JP-Patient-CLINS-eCheckupGeneral": ("checkup", [("@1.meta.profile.0", OTHER)]),
    "C1.checkup.category": ("checkup", [("@0.category.0.coding.0.code", "11")]),
    "C1.checkup.program": ("checkup", gone("@0.event.0.code")),
    "C1.checkup.scope": ("checkup", [("@0.event.0.code.0.coding.0.code", "060")]),
    "C1.checkup.section": ("checkup", [("@0.section.0.code.coding.0.code", "01060")]),
    "C1.checkup.section-entries": ("checkup", gone("@0.section.0.entry")),
    "C1.checkup.sections": ("checkup", gone("@0.section")),
    "C1.checkup.section-program": ("checkup", [("@0.section.0.code.coding.0.code", "01031")]),
    "C1.checkup.encounter": ("checkup", gone("@0.encounter")),
    "C1.checkup.encounter-class": ("checkup", [("@4.class.code", "AMB")]),
    "C1.checkup.encounter-status": ("checkup", [("@4.status", "planned")]),
    "C1.checkup.encounter-period": ("checkup", gone("@4.period.end")),
    "C1.checkup.result": ("checkup", [("@6.status", "final")]),
    "C1.checkup.effective": ("checkup", gone("@5.effectiveDateTime")),
    "C1.checkup.item": ("checkup", gone("@5.code.coding")),
    "C1.checkup.subject": ("checkup", gone("@5.subject")),
}
