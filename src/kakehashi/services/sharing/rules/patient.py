"""Rules for the Patient: the member id (被保険者個人識別子), the names and what a person is found by."""

import re

from kakehashi.services.sharing.rules import sources
from kakehashi.services.sharing.rules.checks import Found, each_needs, needs
from kakehashi.services.sharing.rules.model import Case, Finding, Version, rule
from kakehashi.services.sharing.rules.reading import extensions, identifiers, many, text, texts
from kakehashi.terms import japan

PUBLIC_PAYER_SINCE: Version = (1, 10, 0)  # 生活保護の識別子 came with 1.10

_MEMBER_ID = re.compile(japan.MEMBER_ID_FORM)
_PUBLIC_PAYER = re.compile(japan.PUBLIC_PAYER_FORM)
_LOCAL = re.compile(re.escape(japan.LOCAL_PATIENT_PREFIX) + "1" + japan.INSTITUTION_FORM, re.ASCII)
_NO_BRANCH = ("39",)  # 後期高齢者医療 gives no branch numbers


def _local_id(case: Case) -> Found:
    given = [
        i for i in many(case.tree, "identifier") if text(i, "system").startswith(japan.LOCAL_PATIENT_PREFIX)
    ]
    for item in given:
        if len(given) > 1 or not _LOCAL.fullmatch(text(item, "system")):
            yield Finding(".identifier.system", text(item, "system"))


def _own_local_id(case: Case) -> Found:
    for item in many(case.tree, "identifier"):
        system = text(item, "system")
        if _LOCAL.fullmatch(system) and case.whole.sender and not system.endswith(case.whole.sender):
            yield Finding(".identifier.system", system)


def _one_member_id(case: Case) -> Found:
    wanted = len(identifiers(case.tree, japan.MEMBER_ID))
    if case.version >= PUBLIC_PAYER_SINCE and not wanted:
        wanted = len(identifiers(case.tree, japan.PUBLIC_PAYER_ID))
    if wanted != 1:
        said = " ".join(text(item, "system") for item in many(case.tree, "identifier"))
        yield Finding(".identifier", said)


def _member_id_form(case: Case) -> Found:
    for item in identifiers(case.tree, japan.MEMBER_ID):
        if not _MEMBER_ID.fullmatch(text(item, "value")):
            yield Finding(".identifier.value", text(item, "value"))


def _public_payer_form(case: Case) -> Found:
    for item in identifiers(case.tree, japan.PUBLIC_PAYER_ID):
        if not _PUBLIC_PAYER.fullmatch(text(item, "value")):
            yield Finding(".identifier.value", text(item, "value"))


def _branch(case: Case) -> Found:
    for item in identifiers(case.tree, japan.MEMBER_ID):
        value = text(item, "value")
        if _MEMBER_ID.fullmatch(value) and value.endswith(":") and not value.startswith(_NO_BRANCH):
            yield Finding(".identifier.value", value)


def _marked_names(case: Case) -> list[tuple[int, dict[str, object], str]]:
    found = []
    for i, name in enumerate(many(case.tree, "name")):
        for mark in extensions(name, japan.NAME_REPRESENTATION):
            found.append((i, name, text(mark, "valueCode")))
    return found


def _kanji_or_kana(case: Case) -> Found:
    if not any(mark in ("IDE", "SYL") for _, _, mark in _marked_names(case)):
        yield Finding(".name")


def _no_wide_space(case: Case) -> Found:
    for i, name, _ in _marked_names(case):
        if "\u3000" in str(name.get("text", "")):
            yield Finding(f".name[{i}].text")


def _name_parts(case: Case) -> Found:
    for i, name in enumerate(many(case.tree, "name")):
        if not text(name, "family"):
            yield Finding(f".name[{i}].family")
        if not texts(name, "given"):
            yield Finding(f".name[{i}].given")


def _one_address(case: Case) -> Found:
    if len(many(case.tree, "address")) != 1:
        yield Finding(".address", str(len(many(case.tree, "address"))))


def _one_profile(case: Case) -> Found:
    meta = case.tree.get("meta")
    given = meta.get("profile") if isinstance(meta, dict) else None
    if not isinstance(given, list) or len(given) != 1:
        yield Finding(".meta.profile")


RULES = (
    rule(
        "R1010", "Patient",
        "施設の患者IDの system は「urn:oid:1.2.392.100495.20.3.51.1 + 医療機関10桁」で、"
        "1つだけ書いてください。",
        "The local patient id's system must be urn:oid:1.2.392.100495.20.3.51.1 + 10-digit institution, "
        "once.",
        sources.invariant("valid-system-local-patientID", "JP_Patient_eCS"), _local_id,
    ),
    rule(
        "C1.patient.local-institution", "Patient",
        "施設の患者IDの system にある医療機関番号が、Bundle.identifier の医療機関と違います。"
        "自施設の番号か確かめてください。",
        "The institution in the local patient id's system differs from that in Bundle.identifier; check which is "
        "yours.",
        sources.HOUSE, _own_local_id, severity="warning",
    ),
    rule(
        "R1012", "Patient",
        f"被保険者識別子 (system {japan.MEMBER_ID}) を1つだけ書いてください。Idsystem の s は小文字です。"
        "生活保護は 1.10 から JP_PublicPayer_memberID も使えます。",
        f"Exactly one member id (system {japan.MEMBER_ID}, with a small s in Idsystem) is needed; "
        "from 1.10 JP_PublicPayer_memberID will do for public assistance.",
        sources.invariant("valid-system-insurance-patientIdentifier", "JP_Patient_eCS"), _one_member_id,
    ),
    rule(
        "R1013", "Patient",
        "被保険者識別子は「保険者番号8桁(左0埋め):記号:番号:枝番」です。枝番は半角数字2桁、"
        "ない部分は空にしてコロン3つを残し、"
        "空白を入れないでください (例 00012345:あいう:１８７:05)。",
        "Write the member id as 8-digit insurer (left-filled with 0):symbol:number:branch; the branch "
        "has two "
        "half-width digits, missing parts stay empty with all three colons, no blanks (e.g. "
        "00012345:あいう:１８７:05).",
        sources.invariant("valid-value-insurance-patientIdentifier", "JP_Patient_eCS"), _member_id_form,
    ),
    rule(
        "C1.patient.public-payer", "Patient",
        "公費の識別子は「公費負担者番号8桁::受給者番号:」で書いてください。",
        "Write the public payer's id as 8-digit payer::recipient number:.",
        sources.CHANGES, _public_payer_form, since=PUBLIC_PAYER_SINCE,
    ),
    rule(
        "C1.patient.branch", "Patient",
        "枝番がありません。資格確認の結果にある枝番 (2桁) を入れてください。"
        "ないままでは別人や家族と取り違えるおそれがあります。",
        "The branch number is missing; take the two digits from the qualification check, "
        "else the person may be taken for a relative.",
        sources.GUIDE, _branch, severity="warning",
    ),
    rule(
        "R1112", "Patient",
        "氏名に漢字 (IDE) かカナ (SYL) の印のついたものが必要です。iso21090-EN-representation "
        "の拡張で印をつけてください。",
        "A name marked as kanji (IDE) or kana (SYL) by the extension iso21090-EN-representation is needed.",
        sources.invariant("either-KanjiName-KanaName-exist", "JP_Patient_eCheckupGeneral"), _kanji_or_kana,
    ),
    rule(
        "R1113", "Patient",
        "氏名の text に全角空白は使えません。姓と名は続けるか、半角空白で区切ってください。",
        "name.text may not hold a full-width space; use none, or a half-width one.",
        sources.invariant("kanjiName-kanaName-donot-contain-ZenkakuKuuhaku", "JP_Patient_eCS"), _no_wide_space,
    ),
    rule(
        "C1.patient.required", "Patient",
        "患者の必須項目がありません。氏名、性別、生年月日、住所を書いてください。",
        "A required element of the Patient is missing: name, gender, birthDate, address.",
        "JP_Patient_eCS (CLINS 1.5.2)", needs("name", "gender", "birthDate", "address"),
    ),
    rule(
        "C1.patient.name-text", "Patient",
        "name.text がありません。氏名の全体を書いてください。",
        "name.text is missing; write the whole name.",
        "JP_Patient_eCS (CLINS 1.5.2)", each_needs("name", "text"),
    ),
    rule(
        "C1.patient.name-parts", "Patient/collection Patient/REFERRAL Patient/DISCHARGE Patient/CARE_PLAN",
        "氏名の family (姓) と given (名) を書いてください。",
        "Write the name's family and given parts.",
        "JP_Patient_eCS (CLINS 1.5.2)", _name_parts,
    ),
    rule(
        "C1.patient.one-address", "Patient",
        "住所は1つだけ書いてください。",
        "Exactly one address is needed.",
        "JP_Patient_eCS (CLINS 1.5.2)", _one_address,
    ),
    rule(
        "C1.patient.address-text", "Patient",
        "address.text がありません。住所の全体を書いてください。",
        "address.text is missing; write the whole address.",
        "JP_Patient_eCS (CLINS 1.5.2)", each_needs("address", "text"),
    ),
    rule(
        "C1.patient.one-profile", "Patient",
        "Patient の meta.profile は1つだけ書いてください。",
        "The Patient's meta.profile must name exactly one profile.",
        "JP_Patient_eCS (CLINS 1.5.2)", _one_profile,
    ),
)  # fmt: skip
