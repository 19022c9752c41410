"""How far back the user's guide says that one sees is how far back the window opens."""

import re

import paper

from kakehashi.core.kinds import Kind
from kakehashi.trust.viewing_periods import OTHERS

SAID = {
    "検査": (Kind.LAB,),
    "処方と調剤": (Kind.PRESCRIPTION, Kind.DISPENSE),
    "受診・手術など": (Kind.VISIT, Kind.PROCEDURE, Kind.CHECKUP, Kind.VITAL),
}
KEPT = (Kind.CONDITION, Kind.ALLERGY, Kind.CONTRAINDICATION, Kind.INFECTION)


def test_the_guide_says_the_periods_of_the_window() -> None:
    page = (paper.ROOT / "docs/user-guide.ja.md").read_text("utf-8")
    for name, some in SAID.items():
        found = re.search(rf"{name}が(\d+)(か月|日)", page)
        assert found, name
        length = (int(found[1]), 0) if found[2] == "か月" else (0, int(found[1]))
        assert {(OTHERS[kind].months, OTHERS[kind].days) for kind in some} == {length}, name
    assert "保存されているあいだ見えます" in page
    assert all(not OTHERS[kind].months and not OTHERS[kind].days for kind in KEPT)
