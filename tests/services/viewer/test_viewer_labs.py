"""Laboratory values: which results are one line, what lies outside, and how numbers are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from viewer_words import OURS, THEIRS, lab

from kakehashi.services.viewer.labs import series_of
from kakehashi.services.viewer.sheet import plain

CREA_1, CREA_2 = "3C015000002327101", "3C015000002327201"  # one analyte by two methods


def test_two_institutions_results_of_one_analyte_are_one_line():
    one = lab(0.8, day="2026-01-01", where=OURS, jlac10=CREA_1)
    other = lab(0.9, day="2026-02-01", where=THEIRS, text="CRE", jlac10=CREA_2)
    [series] = series_of([other, one])
    assert [result.value for result in series.results] == [0.8, 0.9]
    assert {result.custodian for result in series.results} == {OURS, THEIRS}


SEPARATE = [
    # why two results are not one line
    ("unit", lab(0.8, "mg/dL", jlac10=CREA_1), lab(71, "umol/L", jlac10=CREA_1)),
    ("analyte", lab(0.8, jlac10=CREA_1), lab(0.8, jlac10="3C020000002327101")),
    ("name", lab(0.8, text="クレアチニン"), lab(0.8, text="尿素窒素")),
    ("uncoded", lab(1, text="院内項目A", jlac10="9" * 17), lab(1, text="院内項目B", jlac10="9" * 17)),
]


@pytest.mark.parametrize(("_", "one", "other"), SEPARATE)
def test_different_things_are_never_drawn_as_one_line(_, one, other):
    assert len(series_of([one, other])) == 2


MARKS = [
    # value, low, high, what the laboratory says, mark
    (1.2, 0.5, 1.1, "", "H"),
    (0.4, 0.5, 1.1, "", "L"),
    (0.5, 0.5, 1.1, "", ""),
    (1.1, 0.5, 1.1, "", ""),
    (9.9, None, None, "", ""),
    (1.2, 0.5, 1.1, "N", ""),  # the laboratory's word goes before the numbers
    (0.9, 0.5, 1.1, "HH", "H"),
    (0.9, 0.5, 1.1, "LL", "L"),
    ("陽性", None, None, "POS", "A"),
]


@pytest.mark.parametrize(("value", "low", "high", "said", "mark"), MARKS)
def test_what_lies_outside_is_marked(value, low, high, said, mark):
    [series] = series_of([lab(value, low=low, high=high, mark=said)])
    assert series.latest.mark == mark


def test_items_outside_their_range_come_first():
    names = [one.name for one in series_of([lab(1, text="あ"), lab(9, text="ん", high=5)])]
    assert names == ["ん", "あ"]


def test_a_comparator_is_shown_and_not_drawn():
    below = lab(0.1)
    below.tree["valueQuantity"]["comparator"] = "<"
    [series] = series_of([below])
    assert series.latest.text == "<0.1 mg/dL" and series.numbers == ()


def test_a_result_that_does_not_say_when_it_was_taken_is_shown_and_not_drawn():
    silent = lab(0.1)
    del silent.tree["effectiveDateTime"]
    [series] = series_of([lab(0.2), silent])
    assert len(series.results) == 2 and [result.value for result in series.numbers] == [0.2]


def test_components_are_items_of_their_own():
    pressure = lab("", text="血圧")
    del pressure.tree["valueString"]
    pressure.tree["component"] = [
        {"code": {"text": "収縮期"}, "valueQuantity": {"value": 132, "unit": "mmHg"}},
        {"code": {"text": "拡張期"}, "valueQuantity": {"value": 84, "unit": "mmHg"}},
    ]
    assert {one.name for one in series_of([pressure])} == {"収縮期", "拡張期"}


WRITTEN = [(7.0, "7.0"), (245000, "245000"), (1234567, "1234567"), (0.00001, "0.00001"), (1e-7, "0.0000001")]


@pytest.mark.parametrize(("number", "text"), WRITTEN)
def test_numbers_are_written_in_full(number, text):
    assert plain(number) == text


@given(
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)
    | st.integers(-(10**15), 10**15)
)
def test_a_written_number_is_that_number_and_has_no_exponent(number):
    assert float(plain(number)) == float(number) and "e" not in plain(number).lower()
