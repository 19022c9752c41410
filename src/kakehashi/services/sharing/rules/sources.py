"""Where the rules come from."""

from typing import Final

GUIDE: Final = (
    "CLINS 実装ガイド 1.5.0 6情報送信仕様 https://jpfhir.jp/fhir/clins/ighistory/igv1.5.0/core6spec.html"
)
CHANGES: Final = "CLINS 実装ガイド 変更履歴 https://www.jpfhir.jp/fhir/eCS/ig/"
VENDOR: Final = "電子カルテ情報共有サービス システムベンダ向け技術解説書"
CHECKUP: Final = "健診結果報告書 HL7 FHIR 記述仕様 eCheckupReport 1.5.0"
REFERRAL: Final = "JP_Bundle_eReferral, JP_Composition_eReferral (CLINS 1.5.2)"
DISCHARGE: Final = "JP_Bundle_eDischargeSummary, JP_Composition_eDischargeSummary (CLINS 1.5.2)"
CARE_PLAN: Final = "JP_Bundle_ePCS, JP_Composition_ePCS (CLINS 1.5.2)"
JP_CORE: Final = "JP Core 1.1.2 JP_Patient (カナ氏名は全角)"
HOUSE: Final = "架け橋の受付規則 (docs/rules-sharing.md)"


def invariant(key: str, profile: str) -> str:
    """Return the source of a rule that a published profile holds as an invariant."""
    return f"{profile} の制約 {key}"


def table(name: str) -> str:
    """Return the source of a rule that stands in an element table of the guide."""
    return f"CLINS 実装ガイド 要素表 {name}"
