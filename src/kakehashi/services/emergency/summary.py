"""The emergency summary (救急用サマリー): one screen, what endangers life first. Pure.

Source: 救急用サマリー (WG 18002 p.18): 受診歴・薬剤・診療 3か月, 手術 5年; the window has cut the record already.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kakehashi.core.kinds import Kind
from kakehashi.services.viewer.documents import line_of
from kakehashi.services.viewer.labs import Series, series_of
from kakehashi.services.viewer.medicines import Medicine, regimen_of
from kakehashi.services.viewer.problems import Alert, Problem, alerts_of, problems_of
from kakehashi.services.viewer.record import Banner, banner_of, name_of
from kakehashi.services.viewer.sheet import Sheet, code_in, each, first, words
from kakehashi.services.viewer.timeline import Day, timeline_of

MEDICINES_BACK = timedelta(days=100)
BLOOD_GROUPS = ("882-1", "883-9", "10331-7")  # LOINC: ABO and Rh, ABO, Rh
_JLAC_BLOOD = ("5H010", "5H020")  # JLAC10 analytes: ABO 血液型, Rh(D) 血液型
_IMPLANTED = (
    "ペースメーカ",
    "ICD",
    "CRT",
    "ステント",
    "人工弁",
    "人工関節",
    "シャント",
    "植込",
    "埋込",
    "置換",
)


@dataclass(frozen=True, slots=True)
class Said:
    """One line with its source: blood group, an implant, an operation. Not `dated`: `at` is when it came in."""

    text: str
    at: datetime
    dated: bool
    custodian: int


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call: name, relation, telephone numbers."""

    name: str
    relation: str
    phones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything on the emergency screen, in its order."""

    banner: Banner
    alerts: list[Alert]
    medicines: list[Medicine]
    devices: list[Said]
    problems: list[Problem]
    labs: list[Series]
    blood: list[Said]
    operations: list[Said]
    visits: list[Day]
    contacts: list[Contact]
    custodians: tuple[int, ...]


def summary_of(sheets: Sequence[Sheet], at: datetime) -> Summary:
    """Put the summary together as of `at`."""
    of = {kind: [sheet for sheet in sheets if sheet.kind is kind] for kind in Kind}
    medicines = regimen_of([*of[Kind.PRESCRIPTION], *of[Kind.DISPENSE]]).medicines(at)
    labs = [sheet for sheet in of[Kind.LAB] if not _is_blood_group(sheet)]
    return Summary(
        banner=banner_of(of[Kind.PATIENT], at),
        alerts=alerts_of([*of[Kind.CONTRAINDICATION], *of[Kind.ALLERGY], *of[Kind.INFECTION]]),
        medicines=[one for one in medicines if _recent(one, at - MEDICINES_BACK)],
        devices=_said(sheet for sheet in sheets if _is_device(sheet)),
        problems=[one for one in problems_of(of[Kind.CONDITION]) if one.active],
        labs=series_of(labs),
        blood=_said(sheet for sheet in of[Kind.LAB] if _is_blood_group(sheet)),
        operations=_said(sheet for sheet in of[Kind.PROCEDURE] if not _is_device(sheet)),
        visits=timeline_of(of[Kind.VISIT]),
        contacts=contacts_of(of[Kind.PATIENT]),
        custodians=tuple(sorted({sheet.custodian for sheet in sheets})),
    )


def contacts_of(patients: Iterable[Sheet]) -> list[Contact]:
    """Return whom the Patient resources name as contacts, the newest word first, each name once."""
    found: dict[str, Contact] = {}
    for sheet in sorted(patients, key=lambda one: one.at, reverse=True):
        for one in each(sheet.tree, "contact"):
            phones = tuple(
                str(way["value"])
                for way in each(one, "telecom")
                if way.get("system") in ("phone", "sms") and way.get("value")
            )
            name = name_of(first(one, "name"))
            if name and phones:
                relation = "、".join(filter(None, (words(said) for said in each(one, "relationship"))))
                found.setdefault(name, Contact(name, relation, phones))
    return list(found.values())


def _recent(medicine: Medicine, since: datetime) -> bool:
    """Not ended at `since`, or without a word of when it was taken."""
    return any(bar.end > since or not bar.dated for bar in medicine.bars)


def _is_blood_group(sheet: Sheet) -> bool:
    code = first(sheet.tree, "code")
    jlac = next(
        (str(one.get("code")) for one in code.get("coding", ()) if len(str(one.get("code"))) == 17), ""
    )
    return (
        code_in(code, "http://loinc.org") in BLOOD_GROUPS
        or jlac[:5] in _JLAC_BLOOD
        or "血液型" in words(code)
    )


def _is_device(sheet: Sheet) -> bool:
    """A device, or an operation that leaves one in the body."""
    if sheet.type != "Procedure":
        return sheet.type in ("Device", "DeviceUseStatement")
    text = words(first(sheet.tree, "code"))
    return any(word in text for word in _IMPLANTED)


def _said(sheets: Iterable[Sheet]) -> list[Said]:
    found: dict[str, Said] = {}
    for sheet in sorted(sheets, key=lambda one: one.at, reverse=True):
        text = line_of(sheet.tree) or words(first(sheet.tree, "type"))
        if text:
            found.setdefault(text, Said(text, sheet.at, sheet.dated, sheet.custodian))
    return list(found.values())
