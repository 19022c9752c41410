"""What a document points at is there."""

from pathlib import Path

import paper
import pytest


def _name(path: Path) -> str:
    return str(path.relative_to(paper.ROOT))


@pytest.mark.parametrize("page", paper.documents(), ids=_name)
def test_every_link_within_the_project_leads_somewhere(page: Path):
    broken = []
    for link in paper.links(page.read_text("utf-8")):
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        lost = not target.exists() or (
            anchor and target.suffix == ".md" and anchor not in paper.anchors(target.read_text("utf-8"))
        )
        if lost:
            broken.append(link)
    assert not broken


def test_every_decision_record_has_a_number_of_its_own():
    numbers = [path.name[:4] for path in (paper.ROOT / "docs/adr").glob("*.md")]
    assert sorted(numbers) == [f"{number:04d}" for number in range(1, len(numbers) + 1)]


def test_pictures_are_small_enough_to_load_on_a_slow_line():
    heavy = [_name(one) for one in (paper.ROOT / "docs/img").glob("*.png") if one.stat().st_size > 120_000]
    assert not heavy
