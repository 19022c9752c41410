"""Rules for 薬剤アレルギー等 and その他アレルギー等 (JP_AllergyIntolerance_eCS). The category tells them apart."""

import re

from kakehashi.services.sharing.rules import sources
from kakehashi.services.sharing.rules.checks import Found, coded, each_needs, needs, when
from kakehashi.services.sharing.rules.model import Case, Finding, rule
from kakehashi.services.sharing.rules.reading import code_in, many, one, text, texts
from kakehashi.terms import japan

CLINICAL = ("active", "inactive", "resolved")
VERIFICATION = ("unconfirmed", "confirmed", "refuted", "entered-in-error")

# JFAGY: drug YCM + YJ12 or GCM + YJ9 + ZZZ, food J9F + 9, other J9N + 9; dummies D9M…, D9F…, D9N….
_DRUG = re.compile(r"(YCM[0-9A-Z]{12}|GCM[0-9A-Z]{9}ZZZ|D9M[0-9A-Z]{9})", re.ASCII)
_FOOD = re.compile(r"(J9F|D9F)[0-9A-Z]{9}", re.ASCII)
_OTHER = re.compile(r"(J9N|D9N)[0-9A-Z]{9}", re.ASCII)
FORMS = {
    japan.ALLERGEN_FOOD: _FOOD,
    japan.ALLERGEN_OTHER: _OTHER,
    **dict.fromkeys(japan.ALLERGEN_DRUG, _DRUG),
}


def _is_error(case: Case) -> bool:
    return code_in(one(case.tree, "verificationStatus"), japan.ALLERGY_VERIFICATION) == "entered-in-error"


def _codings(case: Case) -> list[tuple[str, str, str]]:
    codings = many(one(case.tree, "code"), "coding")
    return [(f".code.coding[{i}]", text(c, "system"), text(c, "code")) for i, c in enumerate(codings)]


def _standard(case: Case) -> Found:
    if not any(system in FORMS for _, system, _ in _codings(case)):
        yield Finding(".code.coding", " ".join(system for _, system, _ in _codings(case)))


def _form(case: Case) -> Found:
    for place, system, code in _codings(case):
        if system in FORMS and not FORMS[system].fullmatch(code):
            yield Finding(f"{place}.code", code)


def _drug_category(case: Case) -> Found:
    """The service reads a drug allergy without the category as 'other', and no one would be warned."""
    said = texts(case.tree, "category")
    drug = any(system in japan.ALLERGEN_DRUG for _, system, _ in _codings(case))
    if drug and not {"medication", "biologic"} & set(said):
        yield Finding(".category", " ".join(said))


def _other_category(case: Case) -> Found:
    said = texts(case.tree, "category")
    systems = {system for _, system, _ in _codings(case)}
    other = systems & {japan.ALLERGEN_FOOD, japan.ALLERGEN_OTHER} and not systems & japan.ALLERGEN_DRUG
    if other and "medication" in said:
        yield Finding(".category", " ".join(said))


def _clinical_there(case: Case) -> bool:
    return bool(one(case.tree, "clinicalStatus"))


def _verification_there(case: Case) -> bool:
    return bool(one(case.tree, "verificationStatus"))


RULES = (
    rule(
        "C1.allergy.clinical", "AllergyIntolerance",
        "clinicalStatus がありません (入力エラーのとき以外は必須です)。",
        "clinicalStatus is missing (it is needed unless entered in error).",
        sources.table("AllergyIntoleranceTable"),
        when(lambda case: not _is_error(case), needs("clinicalStatus")),
    ),
    rule(
        "C1.allergy.clinical-system", "AllergyIntolerance",
        f"clinicalStatus は {japan.ALLERGY_CLINICAL} の active、inactive、resolved で書いてください。",
        f"clinicalStatus must be active, inactive or resolved of {japan.ALLERGY_CLINICAL}.",
        sources.table("AllergyIntoleranceTable"),
        when(_clinical_there, coded("clinicalStatus", japan.ALLERGY_CLINICAL, CLINICAL)),
    ),
    rule(
        "C1.allergy.verification-system", "AllergyIntolerance",
        f"verificationStatus は {japan.ALLERGY_VERIFICATION} のコードで書いてください。",
        f"verificationStatus must be coded in {japan.ALLERGY_VERIFICATION}.",
        sources.table("AllergyIntoleranceTable"),
        when(_verification_there, coded("verificationStatus", japan.ALLERGY_VERIFICATION, VERIFICATION)),
    ),
    rule(
        "C1.allergy.standard", "AllergyIntolerance",
        "JFAGY のアレルゲンコードがありません。食品、医薬品 (YCM・GCM)、非食品・非医薬品のいずれかの "
        "system で、"
        "コードがなければダミーコード (D9F・D9M・D9N) を書いてください。",
        "No JFAGY allergen code is there; use the food, drug (YCM, GCM) or other system, "
        "with a dummy code (D9F, D9M, D9N) when uncoded.",
        sources.table("AllergyIntoleranceTable"), _standard,
    ),
    rule(
        "C1.allergy.form", "AllergyIntolerance",
        "アレルゲンコードの形が違います。医薬品は YCM か GCM + 12桁、食品は J9F + 9桁、その他は J9N + "
        "9桁です。",
        "The allergen code has the wrong form: drugs YCM or GCM + 12, food J9F + 9, others J9N + 9 "
        "characters.",
        sources.GUIDE, _form,
    ),
    rule(
        "C1.allergy.coding-complete", "AllergyIntolerance",
        "code.coding には system、code、display のすべてが必要です (display を書いてください)。",
        "Each code.coding needs system, code and display; write the display.",
        sources.table("AllergyIntoleranceTable"), each_needs("code.coding", "display"),
    ),
    rule(
        "C1.allergy.text", "AllergyIntolerance",
        "code.text がありません。カルテに表示される文字列を書いてください。",
        "code.text is missing; write what the record shows.",
        sources.table("AllergyIntoleranceTable"), needs("code.text"),
    ),
    rule(
        "C1.allergy.drug-category", "AllergyIntolerance",
        "薬剤アレルギー等の category は medication としてください。"
        "ないと「その他アレルギー等」として扱われます。",
        "A drug allergy's category must be medication; else it is taken for another allergy.",
        sources.table("AllergyIntoleranceTable"), _drug_category,
    ),
    rule(
        "C1.allergy.other-category", "AllergyIntolerance",
        "食品・その他のアレルゲンの category に medication は使えません。food か environment "
        "としてください。",
        "The category of a food or other allergen may not be medication; use food or environment.",
        sources.table("AllergyIntoleranceTable"), _other_category,
    ),
    rule(
        "C1.allergy.patient", "AllergyIntolerance",
        "patient がありません。患者を指してください。",
        "patient is missing; point at the patient.",
        sources.table("AllergyIntoleranceTable"), needs("patient"),
    ),
)  # fmt: skip
