"""Rules for 処方 (JP_MedicationRequest_eCS), which travels in documents only."""

import re

from kakehashi.services.sharing.rules import sources
from kakehashi.services.sharing.rules.checks import Found, each_needs, fixed, needs, zoned
from kakehashi.services.sharing.rules.model import Case, Finding, Version, rule
from kakehashi.services.sharing.rules.reading import Tree, extensions, many, one, text
from kakehashi.terms import japan

THREE_IDS_SINCE: Version = (1, 10, 0)

_YJ = re.compile(r"[0-9]{4}[0-9A-Z]{3}[A-Z][0-9]{4}", re.ASCII)
_GENERAL = re.compile(r"[0-9]{4}[0-9A-Z]{3}[A-Z][0-9A-Z]ZZZ", re.ASCII)
_USAGE = re.compile(r"[0-9A-Z]{16}", re.ASCII)


def _drug(case: Case) -> list[tuple[str, str, str, str]]:
    return [
        (f".medicationCodeableConcept.coding[{i}]", text(c, "system"), text(c, "code"), text(c, "display"))
        for i, c in enumerate(many(one(case.tree, "medicationCodeableConcept"), "coding"))
    ]


def _standard(case: Case) -> Found:
    systems = [system for _, system, _, _ in _drug(case)]
    if not any(systems.count(wanted) == 1 for wanted in (japan.YJ, japan.DRUG_NOCODED, japan.GENERAL_NAME)):
        yield Finding(".medicationCodeableConcept.coding", " ".join(systems))


def _form(case: Case) -> Found:
    forms = {japan.YJ: _YJ, japan.GENERAL_NAME: _GENERAL}
    for place, system, code, _ in _drug(case):
        if system in forms and not forms[system].fullmatch(code):
            yield Finding(f"{place}.code", code)


def _nocoded(case: Case) -> Found:
    for place, system, code, display in _drug(case):
        if system == japan.DRUG_NOCODED and (code, display) != japan.NOCODED_DRUG:
            yield Finding(place, f"{code} {display}")


def _by_strength(case: Case) -> Found:
    for place, system, code, _ in _drug(case):
        if system == japan.DRUG_BY_STRENGTH:
            yield Finding(place, code)


def _group_numbers(case: Case) -> Found:
    systems = [text(item, "system") for item in many(case.tree, "identifier")]
    for wanted in (japan.RP_NUMBER, japan.ORDER_IN_RP):
        if sum(system in wanted for system in systems) != 1:
            yield Finding(".identifier", " ".join(systems))


def _three_ids(case: Case) -> Found:
    if len(many(case.tree, "identifier")) < 3:
        yield Finding(".identifier", str(len(many(case.tree, "identifier"))))


def _institution(case: Case) -> Found:
    if not extensions(case.tree, japan.INSTITUTION_NUMBER):
        yield Finding(".extension")


def _dosages(case: Case) -> list[tuple[str, Tree]]:
    return [(f".dosageInstruction[{i}]", dose) for i, dose in enumerate(many(case.tree, "dosageInstruction"))]


def _usage(dose: Tree, system: str) -> list[Tree]:
    return [c for c in many(one(one(dose, "timing"), "code"), "coding") if c.get("system") == system]


def _one_usage(case: Case) -> Found:
    for place, dose in _dosages(case):
        dummy = any(text(c, "code") == japan.DUMMY_USAGE[0] for c in _usage(dose, japan.USAGE_DUMMY))
        if dummy == bool(_usage(dose, japan.USAGE)):
            yield Finding(f"{place}.timing.code.coding")


def _not_both(case: Case) -> Found:
    for place, dose in _dosages(case):
        if _usage(dose, japan.USAGE_DUMMY) and _usage(dose, japan.USAGE):
            yield Finding(f"{place}.timing.code.coding")


def _usage_form(case: Case) -> Found:
    for place, dose in _dosages(case):
        for coding in _usage(dose, japan.USAGE):
            if not _USAGE.fullmatch(text(coding, "code")):
                yield Finding(f"{place}.timing.code.coding.code", text(coding, "code"))


def _dummy_display(case: Case) -> Found:
    for place, dose in _dosages(case):
        for coding in _usage(dose, japan.USAGE_DUMMY):
            if (text(coding, "code"), text(coding, "display")) != japan.DUMMY_USAGE:
                yield Finding(f"{place}.timing.code.coding", text(coding, "display"))


def _usage_text(case: Case) -> Found:
    for place, dose in _dosages(case):
        if not text(one(one(dose, "timing"), "code"), "text"):
            yield Finding(f"{place}.timing.code.text")


def _period_of_use(case: Case) -> Found:
    for place, dose in _dosages(case):
        given = extensions(dose, japan.PERIOD_OF_USE)
        if len(given) != 1 or not text(one(given[0], "valuePeriod"), "start"):
            yield Finding(f"{place}.extension")


def _strength(case: Case) -> Found:
    for place, dose in _dosages(case):
        for i, given in enumerate(many(dose, "doseAndRate")):
            if not many(one(given, "type"), "coding"):
                yield Finding(f"{place}.doseAndRate[{i}].type")


def _dose_unit(case: Case) -> Found:
    for place, dose in _dosages(case):
        for i, given in enumerate(many(dose, "doseAndRate")):
            quantity = one(given, "doseQuantity")
            if quantity and not (text(quantity, "unit") and text(quantity, "system")):
                yield Finding(f"{place}.doseAndRate[{i}].doseQuantity", text(quantity, "unit"))


TABLE = sources.table("MedicationRequestTable")
DOSAGE = sources.table("dosageInstructionTable")
RULES = (
    rule(
        "C1.medication.group", "MedicationRequest",
        "RP番号と RP内番号 (Medication-RPGroupNumber、MedicationAdministrationIndex) "
        "を1つずつ書いてください。番号がなければ 1 とします。",
        "Write the RP number and the number in the RP (Medication-RPGroupNumber, "
        "MedicationAdministrationIndex) "
        "once each; 1 where there is none.",
        TABLE, _group_numbers,
    ),
    rule(
        "C1.medication.three-ids", "MedicationRequest",
        "1.10 から identifier は3つ以上必要です (RP番号、RP内番号、リソース一意識別ID)。",
        "From 1.10 three identifiers or more are needed (RP, number in RP, the resource's own).",
        sources.CHANGES, _three_ids, since=THREE_IDS_SINCE,
    ),
    rule(
        "C1.medication.status", "MedicationRequest",
        "status は completed としてください。",
        "status must be completed.",
        TABLE, fixed("status", "completed"),
    ),
    rule(
        "C1.medication.intent", "MedicationRequest",
        "intent は order としてください。",
        "intent must be order.",
        TABLE, fixed("intent", "order"),
    ),
    rule(
        "R3010", "MedicationRequest",
        "医薬品コードに YJコード、一般名処方コード、標準コードなし (NOCODED) "
        "のいずれかを1つ書いてください。ほかのコードも併記できます。",
        "Code the medicine with one of YJ, general-name or NOCODED; other codes may stand beside it.",
        sources.invariant("needs-anyOfStandardCode-medication", "JP_MedicationRequest_eCS"), _standard,
    ),
    rule(
        "C1.medication.code-form", "MedicationRequest",
        "医薬品コードの形が違います。YJコードは12桁、一般名処方コードは9桁 + ZZZ です。",
        "The medicine's code has the wrong form: YJ has 12 characters, a general name 9 and ZZZ.",
        sources.GUIDE, _form,
    ),
    rule(
        "C1.medication.nocoded", "MedicationRequest",
        "標準コードなしは code NOCODED、display「標準コードなし」としてください。",
        "An uncoded medicine has the code NOCODED and the display 標準コードなし.",
        TABLE, _nocoded,
    ),
    rule(
        "C1.medication.by-strength", "MedicationRequest",
        "1.10 から規格別薬剤成分コードは使えません。YJコードか一般名処方コードで書いてください。",
        "From 1.10 the code by ingredient and strength is not accepted; use YJ or the general name.",
        sources.CHANGES, _by_strength, since=THREE_IDS_SINCE,
    ),
    rule(
        "C1.medication.text", "MedicationRequest",
        "medicationCodeableConcept.text がありません。処方箋に印字される医薬品名を書いてください。",
        "medicationCodeableConcept.text is missing; write the name printed on the prescription.",
        TABLE, needs("medicationCodeableConcept.text"),
    ),
    rule(
        "C1.medication.required", "MedicationRequest",
        "必須項目がありません。subject (患者) と authoredOn (処方日時) を書いてください。",
        "A required element is missing: subject, authoredOn.",
        TABLE, needs("subject", "authoredOn"),
    ),
    rule(
        "C1.medication.authored", "MedicationRequest",
        "authoredOn は秒まで、時差つきで書いてください (例 2026-11-21T09:00:00+09:00)。",
        "Write authoredOn to the second with its time zone.",
        TABLE, zoned("authoredOn"),
    ),
    rule(
        "C1.medication.institution", "MedicationRequest",
        "医療機関番号の拡張 JP_eCS_InstitutionNumber がありません。処方は文書から取り出されるため、"
        "処方ごとに必要です。",
        "The extension JP_eCS_InstitutionNumber is missing; a prescription is taken out of its document "
        "and needs it.",
        TABLE, _institution,
    ),
    rule(
        "C1.medication.encounter", "MedicationRequest",
        "encounter がありません。外来か入院かを contained の Encounter で示すことになっています。",
        "encounter is missing; a contained Encounter should say whether ambulatory or inpatient.",
        TABLE, needs("encounter"), severity="warning",
    ),
    rule(
        "C1.medication.requester", "MedicationRequest",
        "requester (処方医) がありません。書くことをお勧めします。",
        "requester is missing; it is recommended.",
        sources.CHANGES, needs("requester"), severity="warning",
    ),
    rule(
        "C1.medication.dosage", "MedicationRequest",
        "dosageInstruction (用法) がありません。",
        "dosageInstruction is missing.",
        TABLE, needs("dosageInstruction"),
    ),
    rule(
        "C1.dosage.text", "MedicationRequest",
        "dosageInstruction.text がありません。用法用量の全体を文で書いてください。",
        "dosageInstruction.text is missing; write the whole instruction.",
        DOSAGE, each_needs("dosageInstruction", "text"),
    ),
    rule(
        "C1.dosage.period", "MedicationRequest",
        "投与開始日の拡張 JP_MedicationDosage_PeriodOfUse を1つ、valuePeriod.start つきで書いてください "
        "(なければ処方日)。",
        "The extension JP_MedicationDosage_PeriodOfUse with valuePeriod.start is needed once "
        "(the day of prescribing where no other is said).",
        DOSAGE, _period_of_use,
    ),
    rule(
        "R5020", "MedicationRequest",
        "用法コードは、電子処方箋の用法コードかダミー用法コードのどちらか一方だけを必ず使ってください。",
        "Use exactly one of the e-prescription usage code and the dummy usage code.",
        sources.invariant("validUsage-MedicationUsage-codesystem", "JP_MedicationDosage_eCS"), _one_usage,
    ),
    rule(
        "R5021", "MedicationRequest",
        "電子処方箋の用法コードとダミー用法コードの両方があります。ダミーを除いてください。",
        "Both the e-prescription usage code and the dummy are there; remove the dummy.",
        sources.invariant("invalidUsage-MedicationUsage-codesystem", "JP_MedicationDosage_eCS"), _not_both,
    ),
    rule(
        "C1.dosage.usage-form", "MedicationRequest",
        "用法コードは16桁の半角英数字です。",
        "The usage code has 16 letters and digits.",
        DOSAGE, _usage_form,
    ),
    rule(
        "C1.dosage.dummy", "MedicationRequest",
        "ダミー用法コードは 0X0XXXXXXXXX0000、display「ダミー用法コード」としてください。",
        "The dummy usage code is 0X0XXXXXXXXX0000 with the display ダミー用法コード.",
        "JP_MedicationDosage_eCS (CLINS 1.5.2)", _dummy_display,
    ),
    rule(
        "C1.dosage.usage-text", "MedicationRequest",
        "timing.code.text がありません。コードの有無によらず用法を文で書いてください。",
        "timing.code.text is missing; write the usage in words, coded or not.",
        DOSAGE, _usage_text,
    ),
    rule(
        "C1.dosage.strength", "MedicationRequest",
        "doseAndRate.type がありません。力価区分 (1 製剤量、2 原薬量) をコードで書いてください。",
        "doseAndRate.type is missing; code the strength type (1 product, 2 ingredient).",
        DOSAGE, _strength,
    ),
    rule(
        "C1.dosage.unit", "MedicationRequest",
        f"1回量の単位がありません。unit と system ({japan.UNIT_MERIT9}) を書いてください。",
        f"The dose has no unit; write unit and system ({japan.UNIT_MERIT9}).",
        DOSAGE, _dose_unit,
    ),
)  # fmt: skip
