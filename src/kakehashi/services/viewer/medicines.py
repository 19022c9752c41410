"""Medicines as bars over time, with overlaps seen: the same ingredient twice at once, over institutions.

The first seven characters of a YJ code (薬価基準収載医薬品コード) name ingredient and route; two bars are the
same medicine to the body when these agree, whatever the brand. Without a YJ code the name decides.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import combinations

from kakehashi.services.viewer.sheet import Sheet, Tree, code_in, each, first, number, words

YJ = "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"
GENERAL_NAME = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationGeneralOrderCode"
_INGREDIENT = 7  # characters of a YJ code
_AS_NEEDED = timedelta(days=14)  # 外用・頓服 count as 14 days (電子処方箋 重複投薬等チェック)
_DAYS = {"d": 1.0, "wk": 7.0, "mo": 30.0}


@dataclass(frozen=True, slots=True)
class Bar:
    """One prescription or dispensing of one medicine. `end` is exclusive."""

    key: str
    name: str
    start: datetime
    end: datetime
    dosage: str
    custodian: int
    ref: str
    dispensed: bool
    overlaps: bool = False


@dataclass(frozen=True, slots=True)
class Medicine:
    """All bars of one ingredient, newest first."""

    key: str
    name: str
    bars: tuple[Bar, ...]

    @property
    def overlaps(self) -> bool:
        """Given by two prescriptions at once."""
        return any(bar.overlaps for bar in self.bars)

    def current(self, at: datetime) -> bool:
        """Being taken at `at`, as far as the prescriptions say."""
        return any(bar.start <= at < bar.end for bar in self.bars)


def medicines_of(sheets: Iterable[Sheet], at: datetime) -> list[Medicine]:
    """Return the medicines, those with overlaps first, then current ones, then by name."""
    grouped: dict[str, list[Bar]] = {}
    for sheet in sheets:
        if bar := _bar(sheet):
            grouped.setdefault(bar.key, []).append(bar)
    made = [_medicine(key, bars) for key, bars in grouped.items()]
    return sorted(made, key=lambda one: (not one.overlaps, not one.current(at), one.name))


def _medicine(key: str, bars: list[Bar]) -> Medicine:
    doubled: set[str] = set()
    for one, other in combinations(bars, 2):
        # A dispensing answers a prescription: only the same step, seen twice, is a double.
        if one.dispensed == other.dispensed and one.start < other.end and other.start < one.end:
            doubled |= {one.ref, other.ref}
    newest = sorted(bars, key=lambda bar: bar.start, reverse=True)
    return Medicine(key, newest[0].name, tuple(replace(bar, overlaps=bar.ref in doubled) for bar in newest))


def _bar(sheet: Sheet) -> Bar | None:
    if sheet.type not in ("MedicationRequest", "MedicationDispense", "MedicationStatement"):
        return None
    if sheet.tree.get("status") in ("cancelled", "entered-in-error", "draft", "stopped", "declined"):
        return None
    concept = first(sheet.tree, "medicationCodeableConcept")
    name = words(concept)
    if not name:
        return None
    code = code_in(concept, YJ, GENERAL_NAME)
    start = sheet.at
    return Bar(
        key=code[:_INGREDIENT] if code else f"name:{name}",
        name=name,
        start=start,
        end=start + _length(sheet.tree),
        dosage=" / ".join(str(d["text"]) for d in _dosages(sheet.tree) if d.get("text")),
        custodian=sheet.custodian,
        ref=sheet.ref,
        dispensed=sheet.type == "MedicationDispense",
    )


def _dosages(tree: Tree) -> list[Tree]:
    return [*each(tree, "dosageInstruction"), *each(tree, "dosage")]


def _length(tree: Tree) -> timedelta:
    """How long the medicine lasts: days supplied, else the dosage's bounds, else the rule for as-needed."""
    quantities = [
        first(tree, "dispenseRequest", "expectedSupplyDuration"),
        first(tree, "daysSupply"),
        *(first(dosage, "timing", "repeat", "boundsDuration") for dosage in _dosages(tree)),
    ]
    days = [number(q) * _DAYS.get(str(q.get("code", "d")), 1.0) for q in quantities if number(q)]  # type: ignore[operator]
    return timedelta(days=max(days)) if days else _AS_NEEDED
