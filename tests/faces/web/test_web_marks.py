"""The marks that tell institutions apart: eight of them, in shape as in colour, and dark enough to read."""

import re
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

from kakehashi.core.actors import Institution, InstitutionType
from kakehashi.faces import web
from kakehashi.faces.web.drawing import SHAPES, Point, Span, bars, curve
from kakehashi.faces.web.viewer_page import sources_of

STYLE = (Path(web.__file__).parent / "static" / "style.css").read_text()
NOON = datetime(2026, 11, 21, 3, tzinfo=UTC)


def _light(colour: str) -> float:
    """Relative luminance of #rrggbb. Source: WCAG 2.2, "relative luminance"."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _colours() -> list[str]:
    return [re.findall(rf"--source-{shape}: (#\w{{6}});", STYLE)[0] for shape in range(SHAPES)]


def test_eight_institutions_have_eight_marks_and_the_ninth_begins_again():
    places = {key: Institution(key, str(key), f"施設{key}", InstitutionType.CLINIC) for key in range(1, 10)}
    shapes = [one.shape for one in sources_of(list(places), places).values()]
    assert shapes == [0, 1, 2, 3, 4, 5, 6, 7, 0]


def test_every_mark_has_its_sign_and_its_colour_in_the_legend():
    signs = re.findall(r'\.source(?:-\d)?::before \{ content: "(.)"', STYLE)
    assert "".join(signs) == "●■◆▲○□◇△"
    assert len(set(_colours())) == SHAPES


def test_every_colour_can_be_read_on_paper_and_ground():
    for colour in _colours():
        for behind in ("#ffffff", "#f2f5f8"):
            assert (_light(behind) + 0.05) / (_light(colour) + 0.05) >= 4.5


def test_the_marks_of_a_curve_and_of_bars_differ_for_every_two_institutions():
    points = [Point(NOON + timedelta(days=n), 1.0, "", False, n) for n in range(SHAPES)]
    drawn = re.findall(
        r'<(circle|rect|path) class="(chart-mark[^"]*)"(?:[^>]*?l(5 \d))?', curve("", points, None, None)
    )
    assert len(drawn) == len(set(drawn)) == SHAPES
    spans = [Span(n, NOON, NOON + timedelta(days=9), "", False, n) for n in range(SHAPES)]
    picture = bars("", [""] * SHAPES, spans, (NOON, NOON + timedelta(days=9)), NOON)
    kinds = re.findall(r'class="chart-bar (chart-source-\d)"', picture)
    assert all(one != other for one, other in combinations(kinds, 2)) and len(kinds) == SHAPES
    assert all(f".{kind} {{" in STYLE for kind in kinds[1:])  # the first is every bar's own colour
