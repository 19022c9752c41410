"""Laboratory values: one series for each item, over institutions, with its reference range.

Two results belong to one series when they share a standard code (the CLINS core items by their group, else
JLAC10's analyte, else LOINC) or, failing codes, the same name, and the same unit: values in different units
are never drawn as one line.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kakehashi.services.viewer.sheet import Sheet, Tree, amount, codes_of, each, first, number, plain, words
from kakehashi.services.viewer.units import unit_words

_CORE = "http://jpfhir.jp/fhir/clins/CodeSystem/{}/JP_CLINS_ObsLabResult_{}_CS"
CLINS_ITEMS = tuple(_CORE.format(j, k) for j in ("JLAC10", "JLAC11") for k in ("CoreLabo", "InfectionLabo"))
JLAC10 = ("http://medis.or.jp/CodeSystem/master-JLAC10-17digits", "urn:oid:1.2.392.200119.4.1005")
LOINC = "http://loinc.org"
_ANALYTE = 5  # JLAC10: the first five characters name the analyte
_UNCODED = "99999999999999999"
_VALUES = frozenset({"valueQuantity", "valueCodeableConcept", "valueString"})  # the usual ones
_OUTSIDE = {"H", "HH", "HU", "L", "LL", "LU", "A", "AA", "POS", "DET"}  # v3-ObservationInterpretation


class Mark(StrEnum):
    """Where a value lies, by the laboratory's word or by the numbers."""

    INSIDE = ""
    HIGH = "H"
    LOW = "L"
    ABNORMAL = "A"

    @property
    def words(self) -> tuple[str, str, str]:
        """Return a sign, Japanese and English: it is never told by colour alone."""
        return _MARKS[self]


_MARKS = {
    Mark.INSIDE: ("", "", ""),
    Mark.HIGH: ("↑", "高い", "high"),
    Mark.LOW: ("↓", "低い", "low"),
    Mark.ABNORMAL: ("!", "異常", "abnormal"),
}


@dataclass(frozen=True, slots=True)
class Result:
    """One value. `value` is None where it is not a number; not `dated`: `at` is when it came in."""

    at: datetime
    dated: bool
    text: str
    value: float | None
    mark: Mark
    low: float | None
    high: float | None
    range_text: str
    custodian: int
    ref: str

    @property
    def outside(self) -> bool:
        """Outside the reference range, by the laboratory's word or by the numbers."""
        return bool(self.mark)


@dataclass(frozen=True, slots=True)
class Series:
    """The results of one item, oldest first. `count`: how many there are, `results` may be the newest of them."""

    key: str
    name: str
    unit: str
    results: tuple[Result, ...]
    count: int

    @property
    def numbers(self) -> tuple[Result, ...]:
        """The results that can be drawn: numbers that say when they were taken."""
        return tuple(result for result in self.results if result.value is not None and result.dated)

    @property
    def latest(self) -> Result:
        """The newest result."""
        return self.results[-1]


def series_of(sheets: Iterable[Sheet], most: int | None = None) -> list[Series]:
    """Group observations into series, each with its newest `most` results: those outside now first, then by name."""
    grouped: dict[tuple[str, str], list[tuple[Sheet, Tree]]] = {}
    for sheet in sheets:
        for tree in (sheet.tree, *each(sheet.tree, "component")):
            if _has_value(tree):
                unit = unit_words(str(first(tree, "valueQuantity").get("unit") or ""))
                grouped.setdefault((item_of(first(tree, "code")), unit), []).append((sheet, tree))
    made = [_series(key, unit, members, most) for (key, unit), members in grouped.items()]
    return sorted(made, key=lambda one: (not one.latest.outside, one.name))


def _has_value(tree: Tree) -> bool:
    return not _VALUES.isdisjoint(tree) or any(name.startswith("value") for name in tree)


def item_of(concept: Tree) -> str:
    """Return the key under which results of one item meet, whichever institution coded them."""
    codes = codes_of(concept)
    for system in CLINS_ITEMS:
        if code := codes.get(system):
            display = next(c.get("display") for c in each(concept, "coding") if c.get("system") == system)
            return f"clins:{display or code[:_ANALYTE]}"
    jlac = next((codes[system] for system in JLAC10 if system in codes), _UNCODED)
    if jlac != _UNCODED:
        return f"jlac10:{jlac[:_ANALYTE]}"
    if code := codes.get(LOINC):
        return f"loinc:{code}"
    return f"name:{words(concept)}"


def _series(key: str, unit: str, members: list[tuple[Sheet, Tree]], most: int | None) -> Series:
    members.sort(key=lambda one: one[0].at)
    newest = members if most is None else members[-most:]
    results = tuple(result_of(sheet, tree) for sheet, tree in newest)
    return Series(key, words(first(members[-1][1], "code")), unit, results, len(members))


def result_of(sheet: Sheet, tree: Tree) -> Result:
    """Return the value of an Observation (or of a component of it)."""
    quantity = first(tree, "valueQuantity")
    value = number(quantity)
    scope = first(tree, "referenceRange")
    low, high = number(first(scope, "low")), number(first(scope, "high"))
    return Result(
        at=sheet.at,
        dated=sheet.dated,
        text=_text(tree),
        value=None if quantity.get("comparator") else value,
        mark=_mark(tree, value, low, high),
        low=low,
        high=high,
        range_text=_range_text(scope, low, high),
        custodian=sheet.custodian,
        ref=sheet.ref,
    )


def _text(tree: Tree) -> str:
    if quantity := first(tree, "valueQuantity"):
        return amount(quantity)
    if concept := first(tree, "valueCodeableConcept"):
        return words(concept)
    for name in ("valueString", "valueInteger", "valueDateTime", "valueBoolean"):
        if name in tree:
            return str(tree[name])
    return ""


def _mark(tree: Tree, value: float | None, low: float | None, high: float | None) -> Mark:
    said = {str(c.get("code")) for i in each(tree, "interpretation") for c in each(i, "coding")}
    if found := sorted(said & _OUTSIDE):
        return Mark(found[0][0]) if found[0][0] in "HL" else Mark.ABNORMAL
    if value is None or said:
        return Mark.INSIDE
    if high is not None and value > high:
        return Mark.HIGH
    return Mark.LOW if low is not None and value < low else Mark.INSIDE


def _range_text(scope: Tree, low: float | None, high: float | None) -> str:
    if low is not None or high is not None:
        return f"{'' if low is None else plain(low)}–{'' if high is None else plain(high)}"
    return str(scope.get("text") or "")
