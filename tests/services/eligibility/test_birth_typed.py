"""A birth date as a receptionist types it from a card."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.services.eligibility.birth import read_birth

SHOWA = date(1962, 5, 14)
TYPED = [
    ("1962-05-14", SHOWA),
    ("1962/5/14", SHOWA),
    ("1962.5.14", SHOWA),
    ("19620514", SHOWA),
    ("S37.5.14", SHOWA),
    ("s37/5/14", SHOWA),
    ("S370514", SHOWA),
    ("昭和37年5月14日", SHOWA),
    ("昭３７年５月１４日", SHOWA),
    (" 昭和 37年 5月 14日 ", SHOWA),
    ("平成元年1月8日", date(1989, 1, 8)),
    ("R1.5.1", date(2019, 5, 1)),
    ("平成31年4月30日", date(2019, 4, 30)),
    ("M45.7.29", date(1912, 7, 29)),
    ("平成元年1月7日", None),  # still 昭和64年
    ("昭和64年1月8日", None),  # 平成元年 already
    ("S37.2.30", None),
    ("37.5.14", None),  # of which era?
    ("19621314", None),
    ("", None),
    ("きのう", None),
]


@pytest.mark.parametrize(("typed", "day"), TYPED)
def test_what_is_typed_is_the_day_meant_or_none(typed, day):
    assert read_birth(typed) == day


@given(st.dates(min_value=date(1868, 1, 25), max_value=date(2100, 12, 31)))
def test_a_day_reads_the_same_in_every_western_form(day):
    assert read_birth(day.isoformat()) == read_birth(f"{day:%Y%m%d}") == read_birth(f"{day:%Y/%m/%d}") == day


@given(st.text(max_size=20))
def test_whatever_is_typed_is_a_day_or_none(typed):
    assert isinstance(read_birth(typed), date | None)
