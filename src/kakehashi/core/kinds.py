"""Kinds of information (情報種別) and flags: what consent, withholding and retention are said of.

A kind is a bit position, so that a set of kinds is one integer. The numbers are stored: never reuse one.
Sources: facts of 電子カルテ情報共有サービス (3文書6情報), オンライン資格確認 (健診, 薬剤, 診療, 手術).
"""

from enum import IntEnum, IntFlag


class Kind(IntEnum):
    """What a row is about. 0 is for rows about no person."""

    SHARED = 0  # 施設・医療者・用語: institutions, practitioners, terminology, …
    PATIENT = 1  # 患者基本情報
    CONDITION = 2  # 傷病名
    ALLERGY = 3  # その他アレルギー等
    CONTRAINDICATION = 4  # 薬剤アレルギー等 (薬剤禁忌)
    INFECTION = 5  # 感染症
    LAB = 6  # 検査
    PRESCRIPTION = 7  # 処方
    DISPENSE = 8  # 調剤, 与薬
    CHECKUP = 9  # 健診結果報告書
    REFERRAL = 10  # 診療情報提供書
    DISCHARGE = 11  # 退院時サマリー
    VISIT = 12  # 受診歴
    PROCEDURE = 13  # 手術・処置
    IMAGING = 14  # 画像
    VITAL = 15  # バイタルサイン
    IMMUNIZATION = 16  # 予防接種
    COVERAGE = 17  # 資格
    CARE_PLAN = 18  # 患者サマリー（療養計画書）
    NOTE = 19  # 経過記録
    OTHER = 20  # その他の臨床情報
    CONSENT = 21  # 同意
    SUBMISSION = 22  # 受け付けた電文そのもの: a received Bundle, kept whole; nobody reads through it
    SUBSCRIPTION = (
        23  # 変更の通知の申込み: an institution's own, with keys to its servers; tells of no person
    )

    @property
    def bit(self) -> int:
        """The kind as a set of one."""
        return 1 << self.value


EVERY_KIND = (1 << 63) - 1
PERSONAL_KINDS = EVERY_KIND & ~(Kind.SHARED.bit | Kind.SUBMISSION.bit | Kind.SUBSCRIPTION.bit)


def kinds(*members: Kind) -> int:
    """Return a set of kinds as one integer."""
    return sum({kind.bit for kind in members})


class Flag(IntFlag):
    """Marks on a row that narrow who sees it. LTS…UNDELIVERED: `meta.tag` of JP_ehrshrs_indication."""

    NONE = 0
    LTS = 1  # 長期保存: kept beyond the ordinary retention
    UNINFORMED = 2  # 未告知: never shown to the person, nor that anything is hidden
    UNDELIVERED = 4  # 未提供: given to nobody but who wrote it
    WITHHELD = 8  # the person withholds this record from other institutions
    SUSPENDED = 16  # the link of this record to its person is in doubt: shown to nobody but who wrote it


KIND_NAMES: dict[Kind, tuple[str, str]] = {
    Kind.SHARED: ("共通情報", "Shared information"),
    Kind.PATIENT: ("患者基本情報", "Patient"),
    Kind.CONDITION: ("傷病名", "Conditions"),
    Kind.ALLERGY: ("その他アレルギー等", "Allergies (food, environment)"),
    Kind.CONTRAINDICATION: ("薬剤アレルギー等", "Drug allergies and contraindications"),
    Kind.INFECTION: ("感染症", "Infections"),
    Kind.LAB: ("検査", "Laboratory results"),
    Kind.PRESCRIPTION: ("処方", "Prescriptions"),
    Kind.DISPENSE: ("調剤・与薬", "Dispensing and administration"),
    Kind.CHECKUP: ("健診結果報告書", "Health check-ups"),
    Kind.REFERRAL: ("診療情報提供書", "Referrals"),
    Kind.DISCHARGE: ("退院時サマリー", "Discharge summaries"),
    Kind.VISIT: ("受診歴", "Visits"),
    Kind.PROCEDURE: ("手術・処置", "Procedures"),
    Kind.IMAGING: ("画像", "Imaging"),
    Kind.VITAL: ("バイタルサイン", "Vital signs"),
    Kind.IMMUNIZATION: ("予防接種", "Immunizations"),
    Kind.COVERAGE: ("資格情報", "Coverage"),
    Kind.CARE_PLAN: ("患者サマリー", "Care plans"),
    Kind.NOTE: ("経過記録", "Clinical notes"),
    Kind.OTHER: ("その他", "Other"),
    Kind.CONSENT: ("同意", "Consents"),
    Kind.SUBMISSION: ("受付電文", "Submissions as received"),
    Kind.SUBSCRIPTION: ("通知の申込み", "Subscriptions"),
}
