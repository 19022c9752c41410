"""The guide for users speaks of what is on the screen: labels in ［ ］ stand in a page, persons are in the sample."""

import re

import paper

from kakehashi.samples.region import BY_SLUG
from kakehashi.samples.story import STORIES

GUIDE = (paper.ROOT / "docs/user-guide.ja.md").read_text("utf-8")
WEB = paper.ROOT / "src/kakehashi/faces/web"


def test_every_label_that_the_guide_names_stands_in_a_page():
    pages = "".join(one.read_text("utf-8") for one in [*WEB.rglob("*.html"), *WEB.glob("*.py")])
    labels = set(re.findall(r"［([^］\s]+)］", GUIDE))
    assert len(labels) > 20
    assert sorted(label for label in labels if label not in pages) == []


def test_the_persons_to_try_are_as_the_sample_region_has_them():
    rows = paper.table_under(GUIDE, "## 見本の地域で試す")
    told = {f"{one.identity.family} {one.identity.given}": one.identity for one in STORIES}
    for name, born, insured, _ in rows:
        who = told[name]
        symbol = who.symbol or "（なし）"
        assert born.startswith(who.birth)
        assert insured == "・".join((BY_SLUG[who.insurer].code, symbol, who.number, who.branch))
    assert len(rows) == 5
