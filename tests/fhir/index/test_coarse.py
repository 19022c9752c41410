"""Coarse marks lose nothing: what meets a range has one of the marks that the range is looked up by."""

import math

from hypothesis import given
from hypothesis import strategies as st

from kakehashi.fhir.indexing import coarse
from kakehashi.fhir.indexing.dates import DAY, JST, civil, interval

MOMENTS = st.one_of(
    st.floats(-6e13, 2.5e14), st.floats(1.6e12, 1.8e12), st.sampled_from([-math.inf, math.inf])
)  # 0068 to 9892, and mostly 2020 to 2027


@st.composite
def intervals(draw: st.DrawFn) -> tuple[float, float]:
    low = draw(MOMENTS)
    high = draw(
        st.one_of(
            MOMENTS, st.sampled_from([1.0, 1000.0, DAY, 31 * DAY, 400 * DAY]).map(lambda more: low + more)
        )
    )
    low, high = min(low, high), max(low, high)
    return (
        (low, high) if low < high else (low - DAY, low + DAY) if math.isfinite(low) else (-math.inf, math.inf)
    )


@given(st.lists(intervals(), min_size=1, max_size=3), intervals())
def test_every_time_that_meets_a_range_has_one_of_its_marks(
    values: list[tuple[float, float]], asked: tuple[float, float]
) -> None:
    marks = coarse.cover_times(*asked)
    meets = any(low < asked[1] and high > asked[0] for low, high in values)
    if marks is not None and meets:
        assert set(marks) & set(coarse.times(values))


def test_everyday_questions_need_few_marks() -> None:
    """A day, a month, "since last November": a search must stay a search of the index."""
    asked = {"2026-11-20": 3, "2026-11": 3, "2026": 14}
    for text, most in asked.items():
        found = interval(text)
        assert found is not None
        assert len(coarse.cover_times(*found) or [0] * 99) <= most, text
    since = interval("2026-11-20")
    assert since is not None
    assert len(coarse.cover_times(since[0], math.inf) or [0] * 999) < 150


def test_a_moment_has_two_marks_and_a_longer_time_few() -> None:
    noon, stay = interval("2024-02-29T12:00:00+09:00"), interval("2024-02")
    assert noon is not None
    assert stay is not None
    assert len(coarse.times([noon])) == 2
    assert len(coarse.times([stay])) == 2
    assert coarse.times([(0.0, math.inf)]) == [coarse.WIDE]


@given(st.dates())
def test_days_are_counted_as_the_calendar_has_them(day) -> None:  # type: ignore[no-untyped-def]
    found = interval(day.isoformat())
    assert found is not None
    number = int((found[0] + JST) // DAY)
    assert number == day.toordinal() - 719_163
    assert civil(number) == (day.year, day.month)


@given(st.datetimes(timezones=st.timezones()))
def test_a_moment_is_the_same_in_every_zone(at) -> None:  # type: ignore[no-untyped-def]
    offset = at.utcoffset()
    if offset is None or offset.total_seconds() % 60:
        return
    found = interval(at.replace(microsecond=0).isoformat())
    assert found is not None
    assert found[0] == (at.replace(microsecond=0).timestamp()) * 1000


def test_days_that_no_calendar_has_are_no_dates() -> None:
    for text in (
        "2023-02-29",
        "2024-13",
        "0000",
        "2024-00-01",
        "2024-04-31",
        "２０２４",
        "2024-1-1",
        "2024-02-29T24:00:00Z",
    ):
        assert interval(text) is None, text
