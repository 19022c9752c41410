"""The viewer's page: which tab needs which kinds, and how a record becomes a page. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup

from kakehashi.core.actors import Institution
from kakehashi.core.kinds import EVERY_KIND, KIND_NAMES, Kind, kinds
from kakehashi.faces.web.drawing import SHAPES, Point, Span, bars, curve
from kakehashi.faces.web.rendering import day, when
from kakehashi.faces.web.viewer_choice import PERIODS, RECENT, Choice
from kakehashi.services.viewer.labs import Result, Series
from kakehashi.services.viewer.medicines import Medicine
from kakehashi.services.viewer.record import Record
from kakehashi.services.viewer.timeline import EVENTS

# In sight on every tab: who it is, problems, allergies, contraindications, infections.
ALWAYS = kinds(Kind.PATIENT, Kind.CONDITION, Kind.ALLERGY, Kind.CONTRAINDICATION, Kind.INFECTION)
DRAWN = 12  # curves on the first page, those outside their range first; a link shows the others


@dataclass(frozen=True, slots=True)
class Tab:
    """One way to look at the record, and the kinds it needs."""

    name: str
    ja: str
    en: str
    kinds: int


TABS = (
    Tab("timeline", "経過", "Time line", EVERY_KIND),
    Tab("labs", "検査", "Laboratory", kinds(Kind.LAB, Kind.INFECTION, Kind.VITAL)),
    Tab("medicines", "薬", "Medicines", kinds(Kind.PRESCRIPTION, Kind.DISPENSE)),
    Tab("problems", "傷病名", "Problems", kinds(Kind.CONDITION)),
    Tab("checkups", "健診", "Check-ups", kinds(Kind.CHECKUP)),
    Tab(
        "documents",
        "文書",
        "Documents",
        kinds(Kind.REFERRAL, Kind.DISCHARGE, Kind.CHECKUP, Kind.CARE_PLAN, Kind.NOTE),
    ),
)


@dataclass(frozen=True, slots=True)
class Source:
    """An institution in the legend: its name, and the shape and colour (0–7, see drawing.Point) that stand for it."""

    name: str
    shape: int


def tab_named(name: str) -> Tab:
    """Return the tab of that name, else the first."""
    return next((tab for tab in TABS if tab.name == name), TABS[0])


def sources_of(custodians: Sequence[int], institutions: Mapping[int, Institution]) -> dict[int, Source]:
    """Return the legend: each custodian's name and its shape, in a fixed order."""
    return {
        key: Source(institutions[key].name if key in institutions else f"施設 {key}", shape % SHAPES)
        for shape, key in enumerate(custodians)
    }


def context_of(
    tab: Tab, record: Record, sources: Mapping[int, Source], at: datetime, choice: Choice
) -> dict[str, Any]:
    """Return what the tab's template needs."""
    common = {
        "record": record,
        "sources": sources,
        "kind_names": KIND_NAMES,
        "tabs": TABS,
        "current": tab.name,
        "choice": choice,
        "periods": PERIODS,
        "events": EVENTS,
        "now": at,
    }
    if tab.name == "timeline":
        there = {stay.custodian for one in record.days for stay in one.stays}
        common["seen"] = [key for key in record.custodians if key in there]
    if tab.name == "labs":
        common["groups"] = [
            _group("labs", "検査結果", "Laboratory results", record.labs, sources, choice),
            _group("vitals", "バイタルサイン", "Vital signs", record.vitals, sources, choice),
        ]
    if tab.name == "medicines":
        common["chart"] = _bars(record.medicines, sources, at)
        common["overlaps"] = record.overlaps(at - RECENT)
        common["undated"] = sum(not bar.dated for one in record.medicines for bar in one.bars)
    return common


def _group(
    name: str, ja: str, en: str, found: Sequence[Series], sources: Mapping[int, Source], choice: Choice
) -> dict[str, Any]:
    wanted = [one for one in found if choice.item in ("", one.key)]
    curves = [one for one in wanted if len(one.numbers) > 1]
    most = None if choice.everything or choice.item else DRAWN
    drawn = [{"of": series, "svg": _curve(series, sources)} for series in curves[:most]]
    return {
        "name": name,
        "ja": ja,
        "en": en,
        "series": wanted,
        "drawn": drawn,
        "drawn_keys": {one.key for one in curves[:most]},
        "others": len(curves) - len(drawn),
    }


def _curve(series: Series, sources: Mapping[int, Source]) -> Markup:
    points = [
        Point(
            result.at,
            result.value,
            " ".join(
                filter(None, (when(result.at), result.text, *_said(result), sources[result.custodian].name))
            ),
            result.outside,
            sources[result.custodian].shape,
        )
        for result in series.numbers
        if result.value is not None
    ]
    label = f"{series.name} {series.unit} の推移 ({len(points)}回)"
    # drawing escapes every text it is given
    return Markup(curve(label, points, series.latest.low, series.latest.high))  # noqa: S704


def _said(result: Result) -> tuple[str, ...]:
    sign, ja, _ = result.mark.words
    return (f"{sign}{ja}",) if ja else ()


def _bars(medicines: Sequence[Medicine], sources: Mapping[int, Source], at: datetime) -> Markup | None:
    first = at - RECENT
    shown = [one for one in medicines if any(bar.dated and bar.end > first for bar in one.bars)]
    if not shown:
        return None
    spans = [
        Span(
            row,
            bar.start,
            bar.end,
            f"{bar.name} {day(bar.start)} – {day(bar.end)} {sources[bar.custodian].name} {bar.dosage}"
            + (" 重複" if bar.overlaps else " 同効" if bar.similar else ""),
            bar.overlaps or bar.similar,
            sources[bar.custodian].shape,
        )
        for row, medicine in enumerate(shown)
        for bar in medicine.bars
        if bar.dated
    ]
    last = max(at + timedelta(days=30), *(span.end for span in spans))
    names = [_warned(medicine) + medicine.name for medicine in shown]
    label = f"薬の期間（{len(shown)}種）。同じ内容が下の表にあります"
    # drawing escapes every text it is given
    return Markup(bars(label, names, spans, (first, last), at))  # noqa: S704


def _warned(medicine: Medicine) -> str:
    return "⚠重複 " if medicine.overlaps else "⚠同効 " if medicine.similar else ""
