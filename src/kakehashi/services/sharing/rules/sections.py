"""The sections of the documents as data: code, title, how often, what they may point at, in which versions.

Sources: JP_Composition_eReferral, JP_Composition_eDischargeSummary, JP_Composition_ePCS (CLINS 1.5.2); the codes of
the discharge summary changed in 1.5.4 (362→360, 372→370, 552→550, 642→640).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from kakehashi.core.kinds import Kind
from kakehashi.services.sharing.rules.model import Version

RECODED: Final[Version] = (1, 5, 4)
STRUCTURED: Final = "300"  # 構造情報: the section that holds the others
CDA: Final = "200"  # CDA参照, instead of 300


@dataclass(frozen=True, slots=True)
class Section:
    """One section. `entries`: least and most references; most 0 means any number. `types`: what they point at."""

    code: str
    title: str
    inside: bool  # within 300, else at the top
    needed: bool = False
    many: bool = False  # may be repeated
    entries: tuple[int, int] = (0, 0)
    types: tuple[str, ...] = ()
    since: Version | None = None
    until: Version | None = None

    def holds_in(self, version: Version) -> bool:
        """Say whether the section has this code in that version."""
        return (self.since is None or version >= self.since) and (self.until is None or version < self.until)


def _inner(code: str, title: str, types: str, **more: object) -> Section:
    return Section(code, title, True, types=tuple(types.split()), **more)  # type: ignore[arg-type]


_FROM_TO: Final = "Organization Practitioner PractitionerRole"
_RESULTS: Final = "Observation ImagingStudy DiagnosticReport Bundle"
_TOP_COMMON: Final = (
    Section("200", "CDA参照", False, entries=(1, 1), types=("DocumentReference",)),
    Section("300", "構造情報", False),
    Section("210", "添付情報", False, many=True, entries=(1, 0), types=("DocumentReference", "Bundle")),
    Section("230", "PDF", False, many=True, entries=(1, 0), types=("DocumentReference",)),
)

REFERRAL: Final = (
    Section("920", "紹介元情報", False, needed=True, entries=(1, 3), types=tuple(_FROM_TO.split())),
    Section("910", "紹介先情報", False, needed=True, entries=(1, 3), types=tuple(_FROM_TO.split())),
    *_TOP_COMMON,
    Section("220", "備考・連絡情報", False, many=True, entries=(0, 1), types=("DocumentReference",)),
    _inner("950", "紹介目的", "Encounter", needed=True, entries=(0, 1)),
    _inner("340", "傷病名・主訴", "Condition", needed=True),
    _inner("360", "現病歴", "Condition", needed=True),
    _inner("370", "既往歴", "Condition"),
    _inner("510", "アレルギー・不耐性反応", "AllergyIntolerance"),
    _inner("550", "家族歴", "FamilyMemberHistory"),
    _inner("610", "身体所見", "Observation"),
    _inner("520", "感染症情報", "Observation"),
    _inner("640", "社会歴・生活習慣", "Observation"),
    _inner("530", "予防接種歴", "Immunization"),
    _inner("730", "手術", "Procedure"),
    _inner("740", "輸血歴", "Procedure"),
    _inner("720", "処置", "Procedure"),
    _inner("430", "投薬指示", "MedicationRequest"),
    _inner("620", "検査結果", _RESULTS),
    _inner("330", "臨床経過", "DocumentReference"),
    _inner("420", "診療方針指示", "CarePlan"),
    _inner("810", "医療機器", "DeviceUseStatement"),
    _inner("410", "事前指示", "Consent"),
    _inner("830", "臨床研究参加", "ResearchSubject"),
)

DISCHARGE: Final = (
    *_TOP_COMMON,
    _inner("322", "入院時詳細", "Encounter", needed=True, entries=(1, 1)),
    _inner("342", "入院時診断", "Condition", needed=True),
    _inner("510", "アレルギー・不耐性反応", "AllergyIntolerance"),
    _inner("352", "主訴", "Condition", needed=True),
    _inner("312", "入院理由", "Encounter", needed=True, entries=(0, 1)),
    _inner("362", "現病歴", "Condition", needed=True, until=RECODED),
    _inner("360", "現病歴", "Condition", needed=True, since=RECODED),
    _inner("372", "既往歴", "Condition", until=RECODED),
    _inner("370", "既往歴", "Condition", since=RECODED),
    _inner("432", "入院時服薬", "MedicationRequest"),
    _inner("642", "社会歴・生活習慣", "Observation", until=RECODED),
    _inner("640", "社会歴・生活習慣", "Observation", since=RECODED),
    _inner("612", "入院時身体所見", "Observation"),
    _inner("552", "家族歴", "FamilyMemberHistory", until=RECODED),
    _inner("550", "家族歴", "FamilyMemberHistory", since=RECODED),
    _inner("333", "入院中経過", "DocumentReference", needed=True, entries=(1, 0)),
    _inner("324", "退院時詳細", "Encounter", needed=True, entries=(1, 1)),
    _inner("344", "退院時診断", "Condition", needed=True, entries=(1, 0)),
    _inner("444", "退院時投薬指示", "MedicationRequest", needed=True),
    _inner("424", "退院時方針指示", "CarePlan", needed=True),
    _inner("614", "退院時身体所見", "Observation"),
    _inner("713", "入院中治療", "Procedure"),
    _inner("623", "入院中検査結果", _RESULTS),
    _inner("810", "医療機器", "DeviceUseStatement"),
    _inner("530", "予防接種歴", "Immunization"),
    _inner("410", "事前指示", "Consent"),
    _inner("830", "臨床研究参加", "ResearchSubject"),
)

CARE_PLAN: Final = (
    Section("422", "計画サマリー", False, needed=True, entries=(2, 0), types=("CarePlan", "Condition")),
)

SECTIONS: Final = {Kind.REFERRAL: REFERRAL, Kind.DISCHARGE: DISCHARGE, Kind.CARE_PLAN: CARE_PLAN}

# Check-ups: 検査 and 問診 sections of each program. Source: JP_Composition_eCheckupGeneral 1.5.0
CHECKUP_SECTIONS: Final = {
    "01011": "010", "01012": "010", "01021": "020", "01022": "020", "01031": "030", "01032": "030",
    "01041": "040", "01042": "040", "01071": "070", "01072": "070", "01081": "080", "01082": "080",
    "01910": "", "01920": "", "01990": "", "01995": "",
}  # fmt: skip


@lru_cache(maxsize=128)
def sections_of(kind: Kind | None, version: Version) -> dict[str, Section]:
    """Return the sections of a document by code, as that version has them."""
    known = SECTIONS.get(kind, ()) if kind is not None else ()
    return {section.code: section for section in known if section.holds_in(version)}
