"""The capacity plan in docs/scale.md is what scale/plan.py prints, and its arithmetic is what its lines say."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scale.plan import Inputs, Line, plan, printed

SCALE = Path(__file__).parents[2] / "docs" / "scale.md"


class Other(Inputs):
    """The inputs with some of them otherwise."""

    def __init__(self, **values: float) -> None:
        super().__init__()
        self._values |= values


def line(of: Inputs, what: str) -> Line:
    [found] = [one for lines in plan(of).values() for one in lines if one.what == what]
    return found


def block(name: str) -> str:
    text = SCALE.read_text("utf-8")
    return text.partition(f"<!-- {name} -->\n")[2].partition("\n<!-- end -->")[0].strip()


def test_the_document_shows_what_the_script_prints() -> None:
    assert block("plan") == printed(Inputs()).strip()


def test_every_input_says_where_it_is_from() -> None:
    for part in Inputs().table.values():
        for name, one in part.items():
            assert set(one) == {"value", "unit", "source"}, name
            assert str(one["source"]).startswith(
                ("assumption", "measured", "NDB", "the order", "医師法", "scale/")
            ), name


@given(st.floats(1, 50))
def test_bytes_and_cores_grow_with_the_people_and_machines_never_shrink(times: float) -> None:
    one, more = Inputs(), Other(people=Inputs()["people"] * times)
    visits = "visits' records"
    assert line(more, visits).value == pytest.approx(line(one, visits).value * times)
    for what in ("workers", "cores", "archive", "cost"):
        assert line(more, what).value >= line(one, what).value


def test_a_look_that_knows_its_person_asks_one_shard_and_any_other_asks_all() -> None:
    of = Inputs()
    every, known = (
        line(of, f"tasks on shards, {way}").value for way in ("every look of all", "each look of one")
    )
    assert every == known * of["shards"]


def test_disks_decide_how_many_workers_unless_the_peak_wants_more() -> None:
    assert line(Inputs(), "workers").value == line(Inputs(), "workers for the disks").value
    assert line(Other(burst=300), "workers").value > line(Other(burst=300), "workers for the disks").value
