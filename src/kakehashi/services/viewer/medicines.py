"""Medicines as bars over time, with overlaps seen: the same ingredient, or the same effect, twice at once.

The first seven characters of a YJ code (薬価基準収載医薬品コード) name ingredient and route, the first four its class
of effect (薬効分類): two bars are the same medicine to the body when seven agree, whatever the brand, and alike when
four do. Without a YJ code the name decides. A refill that comes early is no double; a second institution's is.
What does not say when it begins is listed and lies over nothing: the day on which it came in tells of no taking.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kakehashi.services.viewer.sheet import Sheet, Tree, code_in, each, first, number, words
from kakehashi.services.viewer.timeline import day_of

YJ = "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"
GENERAL_NAME = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationGeneralOrderCode"
_INGREDIENT, _EFFECT = 7, 4  # characters of a YJ code
_REFILL = 0.5  # of the shorter bar: what one institution may overlap itself by, as a refill that came early
_AS_NEEDED = timedelta(days=14)  # 外用・頓服 count as 14 days (電子処方箋 重複投薬等チェック)
_DAYS = {"d": 1.0, "wk": 7.0, "mo": 30.0}


@dataclass(frozen=True, slots=True)
class Bar:
    """One prescription or dispensing of one medicine. `end` is exclusive.

    Not `dated`: it does not say when it begins; `start` is when it came in, and it is no bar over time.
    """

    key: str
    name: str
    start: datetime
    end: datetime
    dosage: str
    custodian: int
    ref: str
    dispensed: bool
    dated: bool
    overlaps: bool = False  # the same ingredient twice at once
    similar: bool = False  # another institution gives something of the same effect at once

    def covers(self, at: datetime) -> bool:
        """Being taken at `at`, as far as this one says."""
        return self.dated and self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two bars over each other, in words: `same` the same ingredient, else another institution's of like effect."""

    one: Bar
    other: Bar
    same: bool

    @property
    def start(self) -> datetime:
        """When both began to be taken."""
        return max(self.one.start, self.other.start)

    @property
    def end(self) -> datetime:
        """When the first of them ends."""
        return min(self.one.end, self.other.end)

    @property
    def days(self) -> int:
        """How long, in whole days."""
        return (self.end - self.start).days


@dataclass(frozen=True, slots=True)
class Medicine:
    """All bars of one ingredient, newest first; those without a date come last."""

    key: str
    name: str
    bars: tuple[Bar, ...]

    @property
    def overlaps(self) -> bool:
        """Given by two prescriptions at once."""
        return any(bar.overlaps for bar in self.bars)

    @property
    def similar(self) -> bool:
        """Given beside something of the same effect from another institution."""
        return any(bar.similar for bar in self.bars)

    def current(self, at: datetime) -> bool:
        """Being taken at `at`, as far as the prescriptions say."""
        return any(bar.covers(at) for bar in self.bars)

    def newest(self, most: int | None) -> tuple[Bar, ...]:
        """Return the newest `most` bars (None: all), and every one without a date."""
        return (*self.bars[:most], *(bar for bar in self.bars[most:] if most and not bar.dated))


@dataclass(frozen=True, slots=True)
class Regimen:
    """What was prescribed and dispensed: bars by ingredient, and the pairs of them that lie over each other."""

    bars: Mapping[str, list[Bar]]
    pairs: tuple[Overlap, ...]

    def medicines(self, at: datetime) -> list[Medicine]:
        """Return the medicines, those with overlaps first, then those taken at `at`, then by name."""
        doubled = {bar.ref for pair in self.pairs if pair.same for bar in (pair.one, pair.other)}
        alike = {bar.ref for pair in self.pairs if not pair.same for bar in (pair.one, pair.other)}
        made = [_medicine(key, some, doubled, alike) for key, some in self.bars.items()]
        return sorted(
            made, key=lambda one: (not one.overlaps, not one.similar, not one.current(at), one.name)
        )

    def overlaps(self, since: datetime) -> list[Overlap]:
        """Return what lies over each other and had not ended at `since`: the same ingredient first, newest first."""
        found = (pair for pair in self.pairs if pair.end > since)
        return sorted(sorted(found, key=lambda one: one.start, reverse=True), key=lambda one: not one.same)


def regimen_of(sheets: Iterable[Sheet]) -> Regimen:
    """Return what these prescriptions and dispensings come to."""
    grouped: dict[str, list[Bar]] = {}
    for sheet in sheets:
        if bar := _bar(sheet):
            grouped.setdefault(bar.key, []).append(bar)
    placed = {key: [bar for bar in some if bar.dated] for key, some in grouped.items()}
    doubled = (pair for some in placed.values() for pair in _at_once(some) if _is_double(*pair))
    alike = _alike(bar for some in placed.values() for bar in some)
    pairs = (*(Overlap(*pair, True) for pair in doubled), *(Overlap(*pair, False) for pair in alike))
    return Regimen(grouped, pairs)


def _medicine(key: str, bars: list[Bar], doubled: set[str], alike: set[str]) -> Medicine:
    newest = sorted(bars, key=lambda bar: (bar.dated, bar.start), reverse=True)
    marked = (replace(bar, overlaps=bar.ref in doubled, similar=bar.ref in alike) for bar in newest)
    return Medicine(key, newest[0].name, tuple(marked))


def _is_double(one: Bar, other: Bar) -> bool:
    """Two institutions at once; or one that gives the same anew while most of the former is still there.

    Two lines of one day are a dose made of two strengths.
    """
    if one.custodian != other.custodian:
        return True
    shared = min(one.end, other.end) - max(one.start, other.start)
    shorter = min(one.end - one.start, other.end - other.start)
    return day_of(one.start) != day_of(other.start) and shared >= shorter * _REFILL


def _alike(bars: Iterable[Bar]) -> Iterator[tuple[Bar, Bar]]:
    by_effect: dict[str, list[Bar]] = {}
    for bar in bars:
        if not bar.key.startswith("name:"):
            by_effect.setdefault(bar.key[:_EFFECT], []).append(bar)
    for some in by_effect.values():
        for one, other in _at_once(some):
            if one.key != other.key and one.custodian != other.custodian:
                yield one, other


def _at_once(bars: list[Bar]) -> Iterator[tuple[Bar, Bar]]:
    """Yield pairs that lie over each other. A dispensing answers a prescription: only the same step counts.

    In order of their starts, each is held against those that have not ended: no square of a long history.
    """
    running: list[Bar] = []
    for bar in sorted(bars, key=lambda one: one.start):
        running = [one for one in running if one.end > bar.start]
        yield from ((one, bar) for one in running if one.dispensed == bar.dispensed)
        running.append(bar)


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
        dated=sheet.dated,
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
