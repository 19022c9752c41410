"""Medicines over time: how long each lasts, and what is given twice."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from viewer_words import NOW, OURS, THEIRS, at, medicine

from kakehashi.services.viewer.medicines import regimen_of

LOXO, CELE = "1149019F1560", "1149037F1020"  # one class of effect, two ingredients
METF, METF_OTHER = "3962002F2027", "3962002F3023"  # one ingredient, two brands

OVERLAPS = [
    # what, first, second, overlap, similar
    (
        "another institution, at once",
        ("2026-10-01", 28, OURS, METF),
        ("2026-10-10", 28, THEIRS, METF),
        True,
        False,
    ),
    (
        "another brand of it",
        ("2026-10-01", 28, OURS, METF),
        ("2026-10-10", 28, THEIRS, METF_OTHER),
        True,
        False,
    ),
    (
        "one ends as the other begins",
        ("2026-10-01", 28, OURS, METF),
        ("2026-10-29", 28, THEIRS, METF),
        False,
        False,
    ),
    ("a refill a week early", ("2026-10-01", 28, OURS, METF), ("2026-10-22", 28, OURS, METF), False, False),
    ("anew after a week", ("2026-10-01", 28, OURS, METF), ("2026-10-08", 28, OURS, METF), True, False),
    (
        "two strengths of one day",
        ("2026-10-01", 28, OURS, METF),
        ("2026-10-01", 28, OURS, METF_OTHER),
        False,
        False,
    ),
    ("same effect elsewhere", ("2026-10-01", 28, OURS, LOXO), ("2026-10-10", 28, THEIRS, CELE), False, True),
    (
        "same effect, same doctor",
        ("2026-10-01", 28, OURS, LOXO),
        ("2026-10-10", 28, OURS, CELE),
        False,
        False,
    ),
    (
        "same effect, afterwards",
        ("2026-10-01", 7, OURS, LOXO),
        ("2026-10-10", 28, THEIRS, CELE),
        False,
        False,
    ),
    ("nothing in common", ("2026-10-01", 28, OURS, LOXO), ("2026-10-10", 28, THEIRS, METF), False, False),
]


@pytest.mark.parametrize(("_", "first", "second", "overlap", "similar"), OVERLAPS)
def test_what_is_given_twice_is_seen(_, first, second, overlap, similar):
    made = regimen_of(
        [
            medicine(f"薬{n}", day, days, where=where, yj=yj)
            for n, (day, days, where, yj) in enumerate((first, second))
        ]
    ).medicines(NOW)
    assert any(one.overlaps for one in made) is overlap
    assert any(one.similar for one in made) is similar


def test_a_dispensing_of_a_prescription_is_no_double():
    prescribed = medicine("ワーファリン錠１ｍｇ", "2026-10-22", 91, yj="3332001F1024")
    dispensed = medicine(
        "ワーファリン錠１ｍｇ", "2026-10-22", 91, where=THEIRS, yj="3332001F1024", dispensed=True
    )
    [one] = regimen_of([prescribed, dispensed]).medicines(NOW)
    assert not one.overlaps and len(one.bars) == 2


LENGTHS = [(28, 28), (None, 14)]


@pytest.mark.parametrize(("days", "lasts"), LENGTHS)
def test_how_long_it_lasts(days, lasts):
    [one] = regimen_of([medicine("薬", "2026-11-10", days)]).medicines(NOW)
    assert (one.bars[0].end - one.bars[0].start).days == lasts and one.current(NOW)


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error", "draft", "stopped"])
def test_what_was_not_given_is_not_shown(status):
    assert regimen_of([medicine("薬", "2026-11-10", 7, status=status)]).medicines(NOW) == []


def test_overlaps_come_first_then_what_is_taken_now():
    past = medicine("あ", "2025-01-01", 7, yj="1111111A1011")
    now = medicine("い", "2026-11-15", 14, yj="2222222A1011")
    twice = [medicine("う", "2026-10-01", 28, where=where, yj="3333333A1011") for where in (OURS, THEIRS)]
    assert [one.name for one in regimen_of([past, now, *twice]).medicines(NOW)] == ["う", "い", "あ"]


spans = st.tuples(st.integers(0, 60), st.integers(1, 40), st.sampled_from([OURS, THEIRS]))


@given(st.lists(spans, max_size=12))
def test_a_double_between_institutions_is_found_as_by_comparing_every_pair(lines):
    sheets = [
        medicine("薬", f"2026-0{1 + start // 28}-{1 + start % 28:02d}", days, where=where, yj=METF)
        for start, days, where in lines
    ]
    made = regimen_of(sheets).medicines(NOW)
    bars = [bar for one in made for bar in one.bars]
    for bar in bars:
        elsewhere = [one for one in bars if one.custodian != bar.custodian]
        if any(one.start < bar.end and bar.start < one.end for one in elsewhere):
            assert bar.overlaps


def test_an_overlap_is_told_with_both_medicines_and_its_days():
    ours, theirs = medicine("甲", "2026-10-01", 30), medicine("甲", "2026-10-21", 30, where=THEIRS)
    [pair] = regimen_of([ours, theirs]).overlaps(at("2026-01-01"))
    assert (pair.one.custodian, pair.other.custodian, pair.same, pair.days) == (OURS, THEIRS, True, 10)
    assert (pair.start, pair.end) == (at("2026-10-21"), at("2026-10-31"))
    assert regimen_of([ours, theirs]).overlaps(at("2026-11-01")) == []


def test_what_does_not_say_when_it_begins_is_listed_last_and_lies_over_nothing():
    """It came in while the other is taken; when it was taken itself, nobody knows."""
    known = medicine("甲", "2026-11-10", 28, yj=METF)
    undated = [
        medicine("乙", "2026-11-12", 28, where=THEIRS, yj=METF, dated=False),
        medicine("丙", "2026-11-12", 28, where=THEIRS, yj=METF_OTHER[:4] + "999F1011", dated=False),
    ]
    made = regimen_of([known, *undated])
    assert made.overlaps(at("2026-01-01")) == []
    met, other = made.medicines(NOW)
    assert (met.name, [bar.dated for bar in met.bars], met.current(NOW)) == ("甲", [True, False], True)
    assert not other.current(NOW) and not any(bar.overlaps or bar.similar for bar in (*met.bars, *other.bars))


def test_a_short_list_leaves_out_old_prescriptions_and_none_without_a_date():
    days = [medicine("甲", f"2026-0{month}-01", 7) for month in range(1, 9)]
    [one] = regimen_of([*days, medicine("甲", "2026-11-01", 7, dated=False)]).medicines(NOW)
    assert [bar.start for bar in one.newest(2)] == [at("2026-08-01"), at("2026-07-01"), at("2026-11-01")]
    assert one.newest(None) == one.bars and one.newest(20) == one.bars


def test_two_strengths_of_one_morning_in_japan_are_no_double():
    """Half past eight and half past nine lie on two days in UTC."""
    lines = [medicine("甲", "2026-10-01", 28, yj=yj) for yj in (METF, METF_OTHER)]
    lines[0].at -= timedelta(minutes=90)
    [one] = regimen_of(lines).medicines(NOW)
    assert not one.overlaps
