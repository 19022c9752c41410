"""Minimal valid submissions of every kind. Every person in them is invented; institution numbers too.

A builder returns a fresh tree each time, so that a test may break it. `mutated` breaks one thing by its path.
"""

import uuid
from typing import Any

import orjson

from kakehashi.fhir.parse import Resource, parse
from kakehashi.terms import japan

Tree = dict[str, Any]

HOSPITAL, CLINIC = "1311234567", "1319876543"
MEMBER = "00012345:あいう:１８７:05"
CORE_SYSTEM = f"{japan.JP}/clins/CodeSystem/JLAC10/JP_CLINS_ObsLabResult_CoreLabo_CS"
INFECTION_SYSTEM = f"{japan.JP}/clins/CodeSystem/JLAC10/JP_CLINS_ObsLabResult_InfectionLabo_CS"
AT = "2026-11-20T10:00:00.000+09:00"
DROP = object()


def urn(name: str) -> str:
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}"


def meta(profile: str, **more: Any) -> Tree:
    return {"lastUpdated": AT, "profile": [f"{japan.JP}/{profile}"], **more}


def coding(system: str, code: str, display: str = "") -> Tree:
    return {"system": system, "code": code, **({"display": display} if display else {})}


def concept(system: str, code: str, display: str = "", text: str = "") -> Tree:
    return {"coding": [coding(system, code, display)], **({"text": text} if text else {})}


def identifier(system: str, value: str) -> Tree:
    return {"system": system, "value": value}


def institution(number: str = HOSPITAL) -> Tree:
    return {
        "url": japan.INSTITUTION_NUMBER,
        "valueIdentifier": identifier(japan.INSTITUTION_ID, number),
    }


def department() -> Tree:
    return {
        "url": japan.DEPARTMENT,
        "valueCodeableConcept": concept(japan.CLINICAL_DEPARTMENT, "08", "循環器科", "循環器内科"),
    }


def contained_encounter() -> Tree:
    return {
        "resourceType": "Encounter",
        "id": "enc",
        "meta": {"profile": [f"{japan.JP}/core/StructureDefinition/JP_Encounter"]},
        "status": "finished",
        "class": coding(japan.ENCOUNTER_CLASS, "AMB", "外来"),
    }


def contained_doctor() -> Tree:
    return {"resourceType": "Practitioner", "id": "doc", "name": [{"text": "架空 医師"}]}


def marked(mark: str, family: str, given: str) -> Tree:
    return {
        "extension": [{"url": japan.NAME_REPRESENTATION, "valueCode": mark}],
        "text": f"{family} {given}",
        "family": family,
        "given": [given],
    }


def patient(profile: str = "eCS/StructureDefinition/JP_Patient_eCS") -> Tree:
    return {
        "resourceType": "Patient",
        "id": "p1",
        "meta": meta(profile),
        "identifier": [
            identifier(f"{japan.LOCAL_PATIENT_PREFIX}1{HOSPITAL}", "000999739"),
            identifier(japan.MEMBER_ID, MEMBER),
        ],
        "name": [marked("IDE", "架空", "花子"), marked("SYL", "カクウ", "ハナコ")],
        "gender": "female",
        "birthDate": "1950-06-28",
        "address": [{"text": "東京都架空区一丁目1番"}],
    }


def condition(name: str = "c1") -> Tree:
    return {
        "resourceType": "Condition",
        "meta": meta("eCS/StructureDefinition/JP_Condition_eCS"),
        "contained": [contained_encounter()],
        "extension": [institution(), department()],
        "identifier": [identifier(japan.RESOURCE_ID, f"{HOSPITAL}-{name}")],
        "clinicalStatus": concept(japan.CONDITION_CLINICAL, "active"),
        "verificationStatus": concept(japan.CONDITION_VERIFICATION, "confirmed"),
        "category": [concept(japan.CONDITION_CATEGORY, "encounter-diagnosis")],
        "code": concept(japan.DISEASE_KEY, "20061593", "高血圧症", "高血圧"),
        "subject": {"reference": urn("patient")},
        "encounter": {"reference": "#enc"},
        "onsetDateTime": "2020-04-10",
    }


def allergy(*, drug: bool = True) -> Tree:
    code = (
        concept(
            f"{japan.JP}/core/CodeSystem/GCM/JP_JfagyMedicationAllergen_CS",
            "GCM2260701F1ZZZ",
            "ヨード",
            "ヨード",
        )
        if drug
        else concept(japan.ALLERGEN_FOOD, "J9FC11310000", "さば", "サバ")
    )
    return {
        "resourceType": "AllergyIntolerance",
        "meta": meta("eCS/StructureDefinition/JP_AllergyIntolerance_eCS"),
        "extension": [institution()],
        "identifier": [identifier(japan.RESOURCE_ID, f"{HOSPITAL}-a{drug:d}")],
        "clinicalStatus": concept(japan.ALLERGY_CLINICAL, "active"),
        "category": ["medication" if drug else "food"],
        "code": code,
        "patient": {"identifier": identifier(japan.MEMBER_ID, MEMBER)},
    }


def lab(name: str = "o1") -> Tree:
    return {
        "resourceType": "Observation",
        "meta": meta("eCS/StructureDefinition/JP_Observation_LabResult_eCS"),
        "contained": [contained_encounter(), contained_doctor()],
        "extension": [institution(), department()],
        "identifier": [identifier(japan.RESOURCE_ID, f"{HOSPITAL}-{name}")],
        "status": "final",
        "category": [concept(japan.OBSERVATION_CATEGORY, "laboratory")],
        "code": {
            "coding": [
                coding(japan.LAB_LOCAL, "0000181800", "アルブミン"),
                coding(CORE_SYSTEM, "3A015000002329101", "ALB"),
            ],
            "text": "アルブミン",
        },
        "subject": {"reference": urn("patient")},
        "encounter": {"reference": "#enc"},
        "effectiveDateTime": "2026-11-19T09:00:00+09:00",
        "performer": [{"reference": "#doc"}],
        "valueQuantity": {"value": 3.9, "unit": "g/dL"},
        "specimen": {"display": "血清"},
    }


def prescription() -> Tree:
    return {
        "resourceType": "MedicationRequest",
        "meta": meta("eCS/StructureDefinition/JP_MedicationRequest_eCS"),
        "contained": [contained_encounter(), contained_doctor()],
        "extension": [institution()],
        "identifier": [
            identifier(f"{japan.JP}/core/mhlw/IdSystem/Medication-RPGroupNumber", "1"),
            identifier(f"{japan.JP}/core/mhlw/IdSystem/MedicationAdministrationIndex", "1"),
            identifier(japan.RESOURCE_ID, f"{HOSPITAL}-m1"),
        ],
        "status": "completed",
        "intent": "order",
        "medicationCodeableConcept": concept(japan.YJ, "1141007F3012", "架空錠500mg", "架空錠500mg"),
        "subject": {"reference": urn("patient")},
        "encounter": {"reference": "#enc"},
        "requester": {"reference": "#doc"},
        "authoredOn": "2026-11-19T09:30:00+09:00",
        "dosageInstruction": [
            {
                "extension": [{"url": japan.PERIOD_OF_USE, "valuePeriod": {"start": "2026-11-19"}}],
                "text": "1日3回 毎食後 7日分",
                "timing": {"code": concept(japan.USAGE, "1013044400000000", "１日３回朝昼夕食後", "毎食後")},
                "doseAndRate": [
                    {
                        "type": concept(f"{japan.JP}/core/mhlw/CodeSystem/Strength", "1", "製剤量"),
                        "doseQuantity": {
                            "value": 1,
                            "unit": "錠",
                            "system": japan.UNIT_MERIT9,
                            "code": "TAB",
                        },
                    }
                ],
            }
        ],
    }


def bundle(profile: str, kind: str, entries: list[tuple[str, Tree]], **more: Any) -> Tree:
    return {
        "resourceType": "Bundle",
        "meta": meta(f"clins/StructureDefinition/{profile}", **more),
        "identifier": identifier(japan.BUNDLE_ID, f"{HOSPITAL}^2026^{profile.replace('_', '-')}-1"),
        "type": kind,
        "timestamp": AT,
        "entry": [{"fullUrl": urn(name), "resource": tree} for name, tree in entries],
    }


def collection(kind: str, *resources: Tree) -> Tree:
    tag = [coding(japan.BUNDLE_RESOURCE_TYPE, kind)]
    inner = [(f"{kind}{i}", tree) for i, tree in enumerate(resources)]
    return bundle("JP_Bundle_CLINS", "collection", [("patient", patient()), *inner], tag=tag)


def conditions() -> Tree:
    return collection("Condition", condition("c1"), condition("c2"))


def allergies() -> Tree:
    return collection("AllergyIntolerance", allergy(), allergy(drug=False))


def labs() -> Tree:
    return collection("Observation", lab("o1"), lab("o2"))


def deletion() -> Tree:
    return collection("Condition")


def section(code: str, title: str, *names: str, inner: list[Tree] | None = None) -> Tree:
    made: Tree = {"title": title, "code": concept(japan.DOCUMENT_SECTION, code)}
    if names:
        made["entry"] = [{"reference": urn(name)} for name in names]
    elif inner is None:
        made["text"] = {
            "status": "additional",
            "div": "<div xmlns='http://www.w3.org/1999/xhtml'>特になし</div>",
        }
    if inner is not None:
        made["section"] = inner
    return made


def composition(profile: str, code: str, display: str, sections: list[Tree], **more: Any) -> Tree:
    return {
        "resourceType": "Composition",
        "meta": meta(profile),
        "extension": [{"url": japan.DOCUMENT_VERSION, "valueString": "1.0"}],
        "identifier": identifier(japan.RESOURCE_ID, f"{HOSPITAL}-2026-{code}"),
        "status": "final",
        "type": concept(japan.DOCUMENT_TYPE, code, display),
        "subject": {"reference": urn("patient")},
        "date": "2026-11-20T10:00:00+09:00",
        "author": [{"reference": urn("doctor")}, {"reference": urn("hospital")}],
        "section": sections,
        **more,
    }


def doctor(profile: str = "eCS/StructureDefinition/JP_Practitioner_eCS") -> Tree:
    return {"resourceType": "Practitioner", "meta": meta(profile), "name": [{"text": "架空 医師"}]}


def organization(number: str, profile: str = "eCS/StructureDefinition/JP_Organization_eCS") -> Tree:
    return {
        "resourceType": "Organization",
        "meta": meta(profile),
        "identifier": [identifier(japan.INSTITUTION_ID, number)],
        "name": "架空病院",
    }


def encounter() -> Tree:
    return {
        "resourceType": "Encounter",
        "meta": meta("eCS/StructureDefinition/JP_Encounter_eCS"),
        "status": "finished",
        "class": coding(japan.ENCOUNTER_CLASS, "IMP", "入院"),
        "period": {"start": "2026-11-01", "end": "2026-11-18"},
    }


def course() -> Tree:
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": {"contentType": "text/plain", "data": "57WM6YGO"}}],
    }


def referral() -> Tree:
    body = [
        section("950", "紹介目的"),
        section("340", "傷病名・主訴", "condition"),
        section("360", "現病歴"),
        section("430", "投薬指示", "prescription"),
    ]
    letter = composition(
        "eReferral/StructureDefinition/JP_Composition_eReferral",
        "57133-1",
        "診療情報提供書",
        [
            section("920", "紹介元情報", "hospital", "doctor"),
            section("910", "紹介先情報", "clinic"),
            section("300", "構造情報", inner=body),
        ],
        title="診療情報提供書",
        category=[concept(japan.DOCUMENT_SUBTYPE, "OUTPATIENT")],
        custodian={"reference": urn("hospital")},
        event=[{"code": [{"text": "診療情報提供書発行"}], "period": {"start": "2026-11-20"}}],
    )
    return bundle(
        "JP_Bundle_eReferral",
        "document",
        [
            ("letter", letter),
            ("patient", patient()),
            ("doctor", doctor()),
            ("hospital", organization(HOSPITAL)),
            ("clinic", organization(CLINIC)),
            ("condition", condition()),
            ("prescription", prescription()),
        ],
    )


def discharge() -> Tree:
    """A discharge summary as it is attached; alone it is refused."""
    body = [
        section("322", "入院時詳細", "stay"),
        section("342", "入院時診断", "condition"),
        section("352", "主訴"),
        section("312", "入院理由"),
        section("360", "現病歴"),
        section("333", "入院中経過", "course"),
        section("324", "退院時詳細", "stay"),
        section("344", "退院時診断", "condition"),
        section("444", "退院時投薬指示", "prescription"),
        section("424", "退院時方針指示"),
    ]
    summary = composition(
        "eDischargeSummary/StructureDefinition/JP_Composition_eDischargeSummary",
        "18842-5",
        "退院時サマリー",
        [section("300", "構造情報", inner=body)],
        title="退院時サマリー",
        category=[concept(japan.DOCUMENT_SUBTYPE, "DISCHARGE")],
        custodian={"reference": urn("hospital")},
        event=[{"period": {"start": "2026-11-01", "end": "2026-11-18"}}],
    )
    return bundle(
        "JP_Bundle_eDischargeSummary",
        "document",
        [
            ("summary", summary),
            ("patient", patient()),
            ("doctor", doctor()),
            ("hospital", organization(HOSPITAL)),
            ("stay", encounter()),
            ("condition", condition()),
            ("course", course()),
            ("prescription", prescription()),
        ],
    )


def referral_with_discharge() -> Tree:
    made = referral()
    made["entry"].append({"fullUrl": urn("attached"), "resource": discharge()})
    made["entry"][0]["resource"]["section"].append(section("210", "添付情報", "attached"))
    return made


def care_plan() -> Tree:
    summary = composition(
        "ePCS/StructureDefinition/JP_Composition_ePCS",
        "56447-6",
        "計画書",
        [section("422", "計画サマリー", "plan", "condition")],
        title="患者サマリー（療養計画書）",
        category=[concept(japan.DOCUMENT_SUBTYPE, "OUTPATIENT")],
        encounter={"reference": urn("stay")},
    )
    plan = {
        "resourceType": "CarePlan",
        "meta": meta("eCS/StructureDefinition/JP_CarePlan_ePCS"),
        "status": "active",
        "intent": "plan",
        "title": "療養計画",
        "description": "1日30分の散歩を続けましょう。",
        "subject": {"reference": urn("patient")},
    }
    return bundle(
        "JP_Bundle_ePCS",
        "document",
        [
            ("summary", summary),
            ("patient", patient()),
            ("doctor", doctor()),
            ("hospital", organization(HOSPITAL)),
            ("stay", encounter()),
            ("plan", plan),
            ("condition", condition()),
        ],
    )


def result(item: str, display: str) -> Tree:
    return {
        "resourceType": "Observation",
        "meta": meta("eCheckup/StructureDefinition/JP_Observation_eCheckupGeneral"),
        "status": "final",
        "code": concept(japan.CHECKUP_ITEM, item, display),
        "subject": {"reference": urn("patient")},
        "effectiveDateTime": "2026-11-02",
        "valueQuantity": {"value": 162.3, "unit": "cm"},
    }


def checkup(category: str = "10") -> Tree:
    results = {
        "title": "健診",
        "code": concept(japan.CHECKUP_SECTION, "01011", "特定健診検査結果セクション"),
        "entry": [{"reference": urn("height")}, {"reference": urn("missing")}],
    }
    report = composition(
        "eCheckup/StructureDefinition/JP_Composition_eCheckupGeneral",
        "53576-5",
        "検診・健診報告書",
        [results],
        title="健康診断結果報告書",
        category=[concept("urn:oid:1.2.392.200119.6.1001", category)],
        encounter={"reference": urn("visit")},
        event=[{"code": [concept(japan.CHECKUP_PROGRAM, "010", "特定健診")]}],
    )
    visit = {
        "resourceType": "Encounter",
        "meta": meta("eCheckup/StructureDefinition/JP_Encounter_eCheckupGeneral"),
        "status": "finished",
        "class": coding(japan.CHECKUP_ENCOUNTER, "checkup", "健診"),
        "period": {"start": "2026-11-02", "end": "2026-11-02"},
        "serviceProvider": {"reference": urn("hospital")},
    }
    missing = result("9N011000000000001", "BMI")
    del missing["valueQuantity"]
    missing |= {"status": "cancelled", "dataAbsentReason": {"text": "未実施"}}
    return bundle(
        "JP_Bundle_eCheckupGeneral",
        "document",
        [
            ("report", report),
            ("patient", patient("clins/StructureDefinition/JP_Patient_eCheckupGeneral")),
            ("doctor", doctor("eCheckup/StructureDefinition/JP_Practitioner_eCheckupGeneral")),
            (
                "hospital",
                organization(HOSPITAL, "eCheckup/StructureDefinition/JP_Organization_eCheckupGeneral"),
            ),
            ("visit", visit),
            ("height", result("9N001000000000001", "身長")),
            ("missing", missing),
        ],
    )


BUILDERS = {
    "conditions": conditions,
    "allergies": allergies,
    "labs": labs,
    "deletion": deletion,
    "referral": referral,
    "referral_with_discharge": referral_with_discharge,
    "discharge": discharge,
    "care_plan": care_plan,
    "checkup": checkup,
}


def put(tree: Any, path: str, value: Any = DROP) -> None:
    """Set, or without a value remove, what stands at a dotted path; numbers are positions ("+" appends)."""
    *way, last = path.split(".")
    for name in way:
        tree = tree[int(name)] if isinstance(tree, list) else tree.setdefault(name, {})
    if isinstance(tree, list):
        if last == "+":
            tree.append(value)
        elif value is DROP:
            del tree[int(last)]
        else:
            tree[int(last)] = value
    elif value is DROP:
        del tree[last]
    else:
        tree[last] = value


def resource(tree: Tree) -> Resource:
    """Return the tree as it would arrive: parsed from its bytes."""
    return parse(orjson.dumps(tree))
