"""The time line: what happened, day by day, over institutions. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from kakehashi.core.kinds import KIND_NAMES, Kind, kinds
from kakehashi.services.viewer.documents import line_of
from kakehashi.services.viewer.sheet import Sheet, each, first, words

JAPAN = ZoneInfo("Asia/Tokyo")
# What makes a day worth a line; the rest (coverage, consents, the Patient resources) is not an event.
EVENTS = (
    Kind.VISIT,
    Kind.CONDITION,
    Kind.PROCEDURE,
    Kind.PRESCRIPTION,
    Kind.DISPENSE,
    Kind.LAB,
    Kind.INFECTION,
    Kind.IMAGING,
    Kind.ALLERGY,
    Kind.CONTRAINDICATION,
    Kind.IMMUNIZATION,
    Kind.REFERRAL,
    Kind.DISCHARGE,
    Kind.CHECKUP,
    Kind.NOTE,
    Kind.VITAL,
)
TOLD = kinds(*EVENTS)
UNDATED = "（日付の記載なし。届いた日に表示 undated: shown on the day it came in）"
_NAMED = 4  # lines written out for each kind on a day; the rest is counted


@dataclass(frozen=True, slots=True)
class Event:
    """What one institution did of one kind on one day."""

    kind: Kind
    ja: str
    en: str
    lines: tuple[str, ...]
    more: int
    uninformed: bool
    undelivered: bool


@dataclass(frozen=True, slots=True)
class Stay:
    """One institution's part of a day."""

    custodian: int
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """One day (in Japan) with what each institution did."""

    day: date
    stays: tuple[Stay, ...]


def day_of(at: datetime) -> date:
    """Return the day in Japan on which a moment lies."""
    return at.astimezone(JAPAN).date()


def timeline_of(sheets: Iterable[Sheet]) -> list[Day]:
    """Return the days that have something to tell, newest first."""
    days: dict[date, dict[int, dict[Kind, list[Sheet]]]] = {}
    for sheet in sheets:
        if TOLD >> sheet.kind & 1:
            day = days.setdefault(day_of(sheet.at), {})
            day.setdefault(sheet.custodian, {}).setdefault(sheet.kind, []).append(sheet)
    return [
        Day(day, tuple(Stay(place, _events(held)) for place, held in sorted(stays.items())))
        for day, stays in sorted(days.items(), reverse=True)
    ]


def _events(held: dict[Kind, list[Sheet]]) -> tuple[Event, ...]:
    return tuple(_event(kind, held[kind]) for kind in EVENTS if kind in held)


def _event(kind: Kind, sheets: list[Sheet]) -> Event:
    lines, read = _first_lines(sheets)
    ja, en = KIND_NAMES[kind]
    return Event(
        kind,
        ja,
        en,
        lines,
        len(sheets) - read,
        any(sheet.uninformed for sheet in sheets),
        any(sheet.undelivered for sheet in sheets),
    )


def _first_lines(sheets: list[Sheet]) -> tuple[tuple[str, ...], int]:
    """Return the first different lines, and how many records they tell of: hundreds a day are not written out."""
    lines: dict[str, None] = {}
    for read, sheet in enumerate(sheets):
        if len(lines) == _NAMED:
            return tuple(lines), read
        if line := line_on(sheet):
            lines[line if sheet.dated else f"{line}{UNDATED}"] = None
    return tuple(lines), len(sheets)


def line_on(sheet: Sheet) -> str:
    """Return a record as one line: a visit by what and why, a document by its title, the rest by its content."""
    if sheet.type == "Encounter":
        where = words(first(sheet.tree, "serviceType"))
        what = {"IMP": "入院", "AMB": "外来", "EMER": "救急", "HH": "訪問"}.get(
            str(first(sheet.tree, "class").get("code")), ""
        )
        why = "、".join(words(one) for one in each(sheet.tree, "reasonCode"))
        return " ".join(filter(None, (what, where, why)))
    if sheet.type == "Bundle":
        resources = (first(entry, "resource") for entry in each(sheet.tree, "entry"))
        return next(
            (str(one.get("title", "")) for one in resources if one.get("resourceType") == "Composition"), ""
        )
    return line_of(sheet.tree)
