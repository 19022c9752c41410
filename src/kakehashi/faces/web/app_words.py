"""Scopes in words that a tired person understands: what of whose record an app may do. Pure."""

from dataclasses import dataclass

from kakehashi.trust.oauth import scopes

_TYPES = {
    "*": ("すべての記録", "every record"),
    "AllergyIntolerance": ("アレルギー・禁忌", "allergies"),
    "Appointment": ("予約", "appointments"),
    "Binary": ("添付ファイル", "attachments"),
    "CarePlan": ("患者サマリー・計画", "care plans"),
    "Composition": ("文書", "documents"),
    "Condition": ("傷病名", "conditions"),
    "Consent": ("同意", "consents"),
    "Coverage": ("資格（保険）", "coverage"),
    "Device": ("機器", "devices"),
    "DiagnosticReport": ("検査報告", "diagnostic reports"),
    "DocumentReference": ("文書", "documents"),
    "Encounter": ("受診歴", "visits"),
    "ImagingStudy": ("画像検査", "imaging"),
    "Immunization": ("予防接種", "immunizations"),
    "Location": ("場所", "locations"),
    "MedicationAdministration": ("与薬", "administered medicines"),
    "MedicationDispense": ("調剤", "dispensed medicines"),
    "MedicationRequest": ("処方", "prescriptions"),
    "MedicationStatement": ("服薬", "medicines taken"),
    "Observation": ("検査結果・バイタルサイン", "results and vital signs"),
    "Organization": ("医療機関", "institutions"),
    "Patient": ("氏名・生年月日・住所など", "name, birth date, address"),
    "Practitioner": ("医療従事者", "practitioners"),
    "Procedure": ("手術・処置", "procedures"),
    "QuestionnaireResponse": ("問診の回答", "questionnaires"),
    "ServiceRequest": ("検査などの依頼", "orders"),
    "Specimen": ("検体", "specimens"),
}
_VALUES = {
    "laboratory": ("検体検査", "laboratory"),
    "vital-signs": ("バイタルサイン", "vital signs"),
    "social-history": ("生活歴", "social history"),
    "imaging": ("画像", "imaging"),
    "problem-list-item": ("プロブレム", "problem list"),
    "encounter-diagnosis": ("受診時の診断", "encounter diagnoses"),
}
_ACTS = (
    ("rs", "見る", "see"),
    ("c", "書き加える", "add"),
    ("u", "書き換える", "change"),
    ("d", "削除する", "delete"),
)
_PLAIN = {
    "openid": (
        "あなたがだれであるかを確かめる（利用者の番号）",
        "Know that it is you (a number that stands for your account)",
    ),
    "fhirUser": ("あなた自身の登録情報の場所を知る", "Know which resource stands for you"),
    "profile": ("あなたの氏名を知る", "Know your name"),
    "online_access": ("サインインしている間、続けて使う", "Go on for as long as you are signed in"),
    "offline_access": (
        "サインアウトしたあとも使い続ける（最長180日。「連携アプリ」からいつでも終わりにできます）",
        "Go on after you sign out: 180 days at most; end it at any time under Connected apps",
    ),
}


@dataclass(frozen=True, slots=True)
class Said:
    """One scope with its words. `grave`: it can change records, or it outlives the sign-in."""

    scope: str
    ja: str
    en: str
    grave: bool = False


def words_of(text: str) -> Said:
    """Return the words of one scope."""
    if text in _PLAIN:
        return Said(text, *_PLAIN[text], grave=text == "offline_access")
    scope = scopes.parse(text)
    if scope is None:
        return Said(text, text, text, grave=True)
    ja, en = _TYPES.get(scope.type, (scope.type, scope.type))
    acts = [(ja_, en_) for letters, ja_, en_ in _ACTS if scope.letters & set(letters)]
    of_ja, of_en = (
        ("この人の", "of this person")
        if scope.context == "patient"
        else ("あなたに開いている", "open to you")
    )
    ja_filter, en_filter = _filter(text.partition("?")[2])
    return Said(
        text,
        f"{of_ja}{ja}{ja_filter}を{'・'.join(one for one, _ in acts)}",
        f"{', '.join(one for _, one in acts).capitalize()} {en} {of_en}{en_filter}",
        grave=bool(scope.letters & set("cud")),
    )


def _filter(query: str) -> tuple[str, str]:
    if not query:
        return "", ""
    values = [pair.partition("=")[2].rpartition("|")[2] or pair for pair in query.split("&")]
    ja = "・".join(_VALUES.get(one, (one, one))[0] for one in values)
    en = ", ".join(_VALUES.get(one, (one, one))[1] for one in values)
    return f"（{ja}だけ）", f" ({en} only)"
