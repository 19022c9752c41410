"""Charts as SVG, made on the server: curves with reference ranges, and bars over time. Pure.

Why not a charting library in the browser: docs/adr/0003-charts.md. Numbers become coordinates here; colours,
fonts and print are the style sheet's (`static/style.css`, classes `chart-…`). Every mark carries a `<title>`, every
chart stands beside the table with the same numbers, so nothing is told by the picture alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

_JAPAN = ZoneInfo("Asia/Tokyo")
_WIDTH, _HEIGHT = 640, 140  # user units; the picture scales with the page
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 10, 22
_ROW = 22  # height of a bar's row
SHAPES, _SOLID = 8, 4  # marks that tell sources apart: four shapes, filled, then as outlines
_WIDE, _NAMES, _NAME_LENGTH = 1000, 284, 21  # bars: width, room for the names, characters that fit
_HEAD = 18  # height over the bars, for the word at `now`


@dataclass(frozen=True, slots=True)
class Point:
    """A value at a time. `shape` tells sources apart without colour.

    0 circle, 1 square, 2 diamond, 3 triangle, all filled; 4–7 the same as outlines.
    """

    at: datetime
    value: float
    title: str
    outside: bool
    shape: int


@dataclass(frozen=True, slots=True)
class Span:
    """A bar from start to end. `row` counts from 0; `strong` stands out (overlap)."""

    row: int
    start: datetime
    end: datetime
    title: str
    strong: bool
    shape: int


@dataclass(frozen=True, slots=True)
class _Scale:
    start: float
    end: float
    pixels_from: float
    pixels_to: float

    def __call__(self, value: float) -> float:
        reach = (self.end - self.start) or 1.0
        return round(self.pixels_from + (value - self.start) / reach * (self.pixels_to - self.pixels_from), 1)


def curve(label: str, points: Sequence[Point], low: float | None, high: float | None) -> str:
    """Return a curve with its reference range as a band. `points` are in order of time, at least one."""
    first, last = _padded(points[0].at, points[-1].at)
    values = [point.value for point in points] + [edge for edge in (low, high) if edge is not None]
    margin = (max(values) - min(values)) * 0.08 or abs(values[0]) * 0.1 or 1.0
    x = _Scale(first.timestamp(), last.timestamp(), _LEFT, _WIDTH - _RIGHT)
    y = _Scale(min(values) - margin, max(values) + margin, _HEIGHT - _BOTTOM, _TOP)
    line = " ".join(f"{x(point.at.timestamp())},{y(point.value)}" for point in points)
    parts = [
        _band(y, low, high),
        *(_level(y, value) for value in dict.fromkeys((min(values), max(values)))),
        _days(first, last, x, _HEIGHT),
        f'<polyline class="chart-line" points="{line}"/>',
        *(_mark(x(point.at.timestamp()), y(point.value), point) for point in points),
    ]
    return _svg(label, _HEIGHT, parts)


def bars(
    label: str, rows: Sequence[str], spans: Sequence[Span], reach: tuple[datetime, datetime], now: datetime
) -> str:
    """Return bars over time on one axis, a labelled row each, with a line at `now`. `reach`: first and last moment."""
    first, last = reach
    height = _HEAD + _ROW * max(len(rows), 1) + _BOTTOM
    x = _Scale(first.timestamp(), last.timestamp(), _NAMES, _WIDE - _RIGHT)
    at = x(now.timestamp())
    parts = [
        _days(first, last, x, height),
        *(_name(row, name) for row, name in enumerate(rows)),
        *(_bar(x, span, first, last) for span in spans),
        f'<line class="chart-now" x1="{at}" x2="{at}" y1="{_HEAD}" y2="{height - _BOTTOM}"/>',
        f'<text class="chart-text" x="{at}" y="{_HEAD - 5}" text-anchor="middle">今日</text>',
    ]
    return _svg(label, height, parts, _WIDE)


def _name(row: int, name: str) -> str:
    y = _HEAD + row * _ROW
    short = name if len(name) <= _NAME_LENGTH else name[: _NAME_LENGTH - 1] + "…"
    return (
        f'<line class="chart-grid" x1="0" x2="{_WIDE}" y1="{y + _ROW}" y2="{y + _ROW}"/>'
        f'<text class="chart-name" x="0" y="{y + _ROW - 7}">{escape(short)}<title>{escape(name)}</title></text>'
    )


def _svg(label: str, height: int, parts: Iterable[str], width: int = _WIDTH) -> str:
    return (
        f'<svg class="chart" role="img" aria-label="{escape(label)}" viewBox="0 0 {width} {height}" '
        f'preserveAspectRatio="xMinYMin meet">{"".join(parts)}</svg>'
    )


def _padded(first: datetime, last: datetime) -> tuple[datetime, datetime]:
    room = max((last - first) * 0.03, timedelta(days=1))
    return first - room, last + room


def _band(y: _Scale, low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    top = _TOP if high is None else y(high)
    foot = _HEIGHT - _BOTTOM if low is None else y(low)
    width = _WIDTH - _LEFT - _RIGHT
    return (
        f'<rect class="chart-range" x="{_LEFT}" y="{top}" width="{width}" height="{max(foot - top, 0):.1f}"/>'
    )


def _level(y: _Scale, value: float) -> str:
    at = y(value)
    return (
        f'<line class="chart-grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at}" y2="{at}"/>'
        f'<text class="chart-text" x="{_LEFT - 4}" y="{at + 4}" text-anchor="end">{value:g}</text>'
    )


def _days(first: datetime, last: datetime, x: _Scale, height: int) -> str:
    marks = [first + (last - first) * part for part in (0.02, 0.35, 0.67, 0.98)]
    anchors = ("start", "middle", "middle", "end")
    return "".join(
        f'<text class="chart-text" x="{x(at.timestamp())}" y="{height - 6}" text-anchor="{anchor}">'
        f"{at.astimezone(_JAPAN):%Y-%m-%d}</text>"
        for at, anchor in zip(marks, anchors, strict=True)
    )


def _mark(x: float, y: float, point: Point) -> str:
    kind = "chart-mark chart-outside" if point.outside else "chart-mark"
    kind += " chart-hollow" if point.shape % SHAPES >= _SOLID else ""
    shapes = (
        f'<circle class="{kind}" cx="{x}" cy="{y}" r="4">',
        f'<rect class="{kind}" x="{x - 3.5}" y="{y - 3.5}" width="7" height="7">',
        f'<path class="{kind}" d="M{x} {y - 5}l5 5l-5 5l-5-5z">',
        f'<path class="{kind}" d="M{x} {y - 5}l5 9h-10z">',
    )
    shape = shapes[point.shape % len(shapes)]
    return f"{shape}<title>{escape(point.title)}</title></{shape[1:].split(' ', 1)[0]}>"


def _bar(x: _Scale, span: Span, first: datetime, last: datetime) -> str:
    start, end = max(span.start, first), min(span.end, last)
    if start >= end:
        return ""
    left, right = x(start.timestamp()), x(end.timestamp())
    kind = f"chart-bar chart-source-{span.shape % SHAPES}" + (" chart-overlap" if span.strong else "")
    return (
        f'<rect class="{kind}" x="{left}" y="{_HEAD + span.row * _ROW + 3}" width="{max(right - left, 2):.1f}" '
        f'height="{_ROW - 6}" rx="2"><title>{escape(span.title)}</title></rect>'
    )
