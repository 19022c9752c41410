"""Paging and narrowing a long record: nothing is skipped, nothing comes twice, nothing is shown in part unsaid."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kakehashi.core.kinds import Kind
from kakehashi.engines.records.asked import EVER
from kakehashi.faces.web.viewer_choice import Choice, choice_of, chosen, days_of
from kakehashi.store.rows import Row

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)


def row(hours, kind=Kind.LAB, where=1):
    """A record of so many hours ago."""
    at = NOW - timedelta(hours=hours)
    return Row(1, "Observation", f"{hours}", 1, kind, where, 0, 0, 0, at, at, False, b"")


@given(st.sets(st.integers(0, 3000), max_size=60), st.integers(1, 7), st.integers(1, 20))
def test_page_after_page_the_time_line_shows_every_record_once(hours, days, limit):
    """As the store gives them: newest first, so many at once, and the page says before which day it goes on."""
    held = [row(one) for one in sorted(hours)]
    told, before = [], None
    for _ in range(len(held) + 2):
        choice = Choice("timeline", before=before)
        read = [one for one in held if one.at < choice.until()]
        cut = len(read) > max(limit, _crowded(read))
        read = read[: max(limit, _crowded(read))]
        shown, before = days_of(read, whole_from=read[-1].at if cut else EVER, most=days)
        told += [one.id for one in shown]
        if before is None:
            break
    assert told == [one.id for one in held]


def _crowded(rows):
    """A day that has more records than fit on a page is the one thing that a page cannot divide."""
    days = [one.at.astimezone().date() for one in rows]
    return 1 + max((days.count(day) for day in set(days)), default=0) * 2


def test_an_allergy_of_long_ago_stands_however_many_results_came_since():
    allergy = row(80_000, Kind.ALLERGY)
    results = [row(hours) for hours in range(500)]
    part = chosen([allergy, *results], Choice("labs"), NOW, wanted=Kind.LAB.bit, always=Kind.ALLERGY.bit)
    assert part.standing == [allergy] and len(part.shown) == 500 and part.whole_from == results[-1].at


def test_institution_kind_and_period_narrow_the_page_but_not_what_stands():
    held = [row(1, where=1), row(2, where=2), row(3, Kind.VISIT, where=2), row(20_000, where=2)]
    allergy = row(5, Kind.ALLERGY)
    everything = Kind.LAB.bit | Kind.VISIT.bit

    def shown(**choice):
        part = chosen(
            [allergy, *held], Choice("labs", **choice), NOW, wanted=everything, always=Kind.ALLERGY.bit
        )
        assert part.standing == [allergy] and part.places == (1, 2)
        return part.shown

    assert shown() == held and shown(place=1) == held[:1] and shown(kind=Kind.VISIT) == held[2:3]
    assert shown(place=2, years=1) == held[1:3]


@given(
    st.dictionaries(
        st.sampled_from(["place", "kind", "years", "before", "item", "all"]), st.text(max_size=12)
    )
)
def test_whatever_stands_in_the_address_is_read_or_ignored(said):
    choice = choice_of("labs", said)
    assert choice.limit > 0 and choice.address().startswith("?tab=labs")
    assert choice.since(NOW) < choice.until()


def test_a_link_keeps_what_was_chosen():
    choice = choice_of("timeline", {"place": "3", "kind": "6", "before": "2026-01-05"})
    assert choice.address(place=None) == "?tab=timeline&kind=6&before=2026-01-05"
    assert choice_of("timeline", {"place": "3", "kind": "6", "before": "2026-01-05"}) == choice
