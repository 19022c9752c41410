"""Rules for 傷病名 (JP_Condition_eCS): a disease with its 病名管理番号, its state and its dates."""

import re

from kakehashi.services.sharing.rules import sources
from kakehashi.services.sharing.rules.checks import Found, coded, each_needs, needs, when
from kakehashi.services.sharing.rules.model import Case, Finding, Version, rule
from kakehashi.services.sharing.rules.reading import code_in, extensions, many, one, text, value_names
from kakehashi.terms import japan

NARROWED_SINCE: Version = (1, 10, 0)  # 1.10: fewer clinicalStatus; abatement means remission or resolved
STAYS_YEARS = 5  # after its end a disease is sent for so long
CLINICAL = ("active", "recurrence", "relapse", "inactive", "remission", "resolved", "unknown")
VERIFICATION = ("unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error")

_KEY = re.compile(r"[0-9]{8}", re.ASCII)
_EXCHANGE = re.compile(r"[A-Z0-9]{4}", re.ASCII)
_ICD10 = re.compile(r"[A-Z][0-9]{2}[0-9A-Z]{0,3}", re.ASCII)


def _is_error(case: Case) -> bool:
    code = code_in(one(case.tree, "verificationStatus"), japan.CONDITION_VERIFICATION)
    return code == "entered-in-error"


def _status(case: Case) -> str:
    return code_in(one(case.tree, "clinicalStatus"), japan.CONDITION_CLINICAL)


def _narrowed(case: Case) -> Found:
    if _status(case) in ("recurrence", "relapse", "inactive"):
        yield Finding(".clinicalStatus", _status(case))


def _ended(case: Case) -> Found:
    if value_names(case.tree, "abatement") and _status(case) not in ("remission", "resolved"):
        yield Finding(".clinicalStatus", _status(case))


def _end_said(case: Case) -> Found:
    if _status(case) in ("remission", "resolved", "inactive") and not value_names(case.tree, "abatement"):
        yield Finding(".abatementDateTime", _status(case))


def _ended_long_ago(case: Case) -> Found:
    """Five years before the Bundle was made, by the calendar: "2021-11-20" of a Bundle of 2026-11-20 is in time."""
    made, ended = text(case.whole.tree, "timestamp"), text(case.tree, "abatementDateTime")
    if (
        made[:4].isdecimal()
        and ended
        and ended[:10] < f"{int(made[:4]) - STAYS_YEARS}{made[4:10]}"[: len(ended)]
    ):
        yield Finding(".abatementDateTime", ended)


def _end_is_a_date(case: Case) -> Found:
    for name in value_names(case.tree, "abatement"):
        if name != "abatementDateTime":
            yield Finding(f".{name}")


def _codes(case: Case, system: str) -> list[tuple[str, str, str]]:
    """(place, code, display) of the codings of one system."""
    codings = many(one(case.tree, "code"), "coding")
    return [
        (f".code.coding[{i}]", text(coding, "code"), text(coding, "display"))
        for i, coding in enumerate(codings)
        if coding.get("system") == system
    ]


def _key_there(case: Case) -> Found:
    if not _codes(case, japan.DISEASE_KEY):
        said = " ".join(text(coding, "system") for coding in many(one(case.tree, "code"), "coding"))
        yield Finding(".code.coding", said)


def _key_form(case: Case) -> Found:
    for place, code, _ in _codes(case, japan.DISEASE_KEY):
        if not _KEY.fullmatch(code):
            yield Finding(f"{place}.code", code)


def _uncoded_display(case: Case) -> Found:
    for place, code, display in _codes(case, japan.DISEASE_KEY):
        if code == japan.UNCODED_DISEASE[0] and display != japan.UNCODED_DISEASE[1]:
            yield Finding(f"{place}.display", display)


def _exchange_form(case: Case) -> Found:
    for place, code, _ in _codes(case, japan.DISEASE_EXCHANGE):
        if not _EXCHANGE.fullmatch(code):
            yield Finding(f"{place}.code", code)


def _icd10_form(case: Case) -> Found:
    for system in japan.ICD10:
        for place, code, _ in _codes(case, system):
            if not _ICD10.fullmatch(code):
                yield Finding(f"{place}.code", code)


def _modifiers(case: Case) -> Found:
    concept = one(case.tree, "code")
    for url in (japan.PREFIX_MODIFIER, japan.POSTFIX_MODIFIER):
        for given in extensions(concept, url):
            said = one(given, "valueCodeableConcept")
            if many(said, "coding") and not code_in(said, japan.MODIFIER_KEY):
                yield Finding(".code.extension", url.rpartition("/")[2])


def _principal(case: Case) -> Found:
    for given in extensions(case.tree, japan.DIAGNOSIS_TYPE):
        if code_in(one(given, "valueCodeableConcept"), japan.DIAGNOSIS_TYPE_CODES) != "principal":
            yield Finding(".extension")


def _not_an_error(case: Case) -> bool:
    return not _is_error(case)


def _status_coded(case: Case) -> bool:
    return bool(one(case.tree, "clinicalStatus"))


RULES = (
    rule(
        "C1.condition.verification", "Condition",
        "verificationStatus は condition-ver-status のコードで書いてください (疑いは unconfirmed、確定は "
        "confirmed)。",
        "verificationStatus must be coded in condition-ver-status (unconfirmed for suspected, confirmed "
        "otherwise).",
        sources.table("ConditionTable"), coded("verificationStatus", japan.CONDITION_VERIFICATION, VERIFICATION),
    ),
    rule(
        "C1.condition.clinical", "Condition/collection",
        "clinicalStatus がありません。転帰を condition-clinical のコードで書いてください。",
        "clinicalStatus is missing; code the outcome in condition-clinical.",
        sources.GUIDE, when(_not_an_error, needs("clinicalStatus")),
    ),
    rule(
        "C1.condition.clinical-system", "Condition",
        f"clinicalStatus の system は {japan.CONDITION_CLINICAL} としてください。",
        f"clinicalStatus must be coded in {japan.CONDITION_CLINICAL}.",
        sources.table("ConditionTable"),
        when(_status_coded, coded("clinicalStatus", japan.CONDITION_CLINICAL, CLINICAL)),
    ),
    rule(
        "C1.condition.clinical-narrowed", "Condition",
        "1.10 から clinicalStatus に recurrence、relapse、inactive は使えません。active、remission、"
        "resolved から選んでください。",
        "From 1.10 clinicalStatus may not be recurrence, relapse or inactive; choose active, remission "
        "or resolved.",
        sources.CHANGES, _narrowed, since=NARROWED_SINCE,
    ),
    rule(
        "C1.condition.ended", "Condition",
        "終了日 (abatement) があるときの clinicalStatus は remission か resolved としてください。",
        "With an abatement, clinicalStatus must be remission or resolved.",
        sources.CHANGES, _ended, since=NARROWED_SINCE,
    ),
    rule(
        "C1.condition.end-said", "Condition/collection",
        "終わった傷病名です。終了日を abatementDateTime に書いてください。",
        "The condition has ended; say when in abatementDateTime.",
        sources.GUIDE, _end_said, severity="warning",
    ),
    rule(
        "C1.condition.end-date", "Condition/collection",
        "終了日は abatementDateTime で書いてください (年齢や期間は使えません)。",
        "Write the end as abatementDateTime (no age, period or text).",
        sources.table("ConditionTable"), _end_is_a_date,
    ),
    rule(
        "C1.condition.ended-long-ago", "Condition/collection",
        "終わって5年を過ぎた傷病名です。送るのは終了日のないものと、終了から5年以内のものです。",
        "The condition ended more than five years ago; what is sent has not ended, or within five years.",
        sources.GUIDE, _ended_long_ago, severity="warning",
    ),
    rule(
        "C1.condition.category", "Condition/collection",
        "category は condition-category の encounter-diagnosis としてください。",
        "category must be encounter-diagnosis of condition-category.",
        sources.table("ConditionTable"), coded("category", japan.CONDITION_CATEGORY, ("encounter-diagnosis",)),
    ),
    rule(
        "C1.condition.category-coded", "Condition",
        "category は condition-category の encounter-diagnosis か problem-list-item としてください。",
        "category must be encounter-diagnosis or problem-list-item of condition-category.",
        sources.table("ConditionTable"),
        coded("category", japan.CONDITION_CATEGORY, ("encounter-diagnosis", "problem-list-item")),
    ),
    rule(
        "C1.condition.key", "Condition",
        f"病名管理番号 (system {japan.DISEASE_KEY}) がありません。コード化できないときは 99999999 "
        "と「未コード化傷病名」を書いてください。",
        f"The disease's management number (system {japan.DISEASE_KEY}) is missing; when uncoded write "
        "99999999 "
        "with 未コード化傷病名.",
        sources.table("ConditionTable"), _key_there,
    ),
    rule(
        "C1.condition.key-form", "Condition",
        "病名管理番号は半角数字8桁です。",
        "The disease's management number has 8 digits.",
        sources.table("ConditionTable"), _key_form,
    ),
    rule(
        "C1.condition.uncoded", "Condition",
        "病名管理番号 99999999 の display は「未コード化傷病名」としてください。",
        "The display of 99999999 must be 未コード化傷病名.",
        sources.table("ConditionTable"), _uncoded_display,
    ),
    rule(
        "C1.condition.exchange", "Condition",
        "病名交換用コードは半角英数字4桁です。",
        "The disease's exchange code has 4 letters or digits.",
        sources.table("ConditionTable"), _exchange_form,
    ),
    rule(
        "C1.condition.icd10", "Condition",
        "ICD-10 のコードは点を入れずに書いてください (例 C169)。",
        "Write the ICD-10 code without its dot (e.g. C169).",
        sources.GUIDE, _icd10_form,
    ),
    rule(
        "C1.condition.display", "Condition",
        "code.coding の display がありません。コードの名称を書いてください。",
        "A code.coding has no display; write the code's name.",
        sources.table("ConditionTable"), each_needs("code.coding", "display"),
    ),
    rule(
        "C1.condition.text", "Condition",
        "code.text がありません。修飾語を含めた入力どおりの病名を書いてください。",
        "code.text is missing; write the disease as it was entered, with modifiers.",
        sources.table("ConditionTable"), needs("code.text"),
    ),
    rule(
        "C1.condition.modifier", "Condition",
        f"修飾語のコードには修飾語管理番号 (system {japan.MODIFIER_KEY}) を入れてください。",
        f"A coded modifier needs its management number (system {japan.MODIFIER_KEY}).",
        sources.table("ConditionTable"), _modifiers,
    ),
    rule(
        "C1.condition.principal", "Condition",
        "主病名の拡張は ex-diagnosistype の principal で書いてください。",
        "The diagnosis type extension must be principal of ex-diagnosistype.",
        sources.table("ConditionTable"), _principal,
    ),
    rule(
        "C1.condition.subject", "Condition",
        "subject がありません。患者を指してください。",
        "subject is missing; point at the patient.",
        sources.table("ConditionTable"), needs("subject"),
    ),
    rule(
        "R9013C.onset", "Condition/collection",
        "病名開始日を onsetDateTime に書いてください。",
        "Write the disease's first day in onsetDateTime.",
        sources.invariant("condition-needs-onsetDateTime", "JP_Bundle_CLINS"), needs("onsetDateTime"),
    ),
)  # fmt: skip
