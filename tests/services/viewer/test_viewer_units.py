"""Units as they are read on a ward, whatever a system wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.services.viewer.units import unit_words

UNITS = [
    # as written, as read
    ("{INR}", "INR"),
    ("10*3/uL", "10³/µL"),
    ("10*-6", "10⁻⁶"),
    ("mm[Hg]", "mmHg"),
    ("m[IU]/L", "mIU/L"),
    ("[pH]", "pH"),
    ("Cel", "℃"),
    ("kg/m2", "kg/m²"),
    ("mL/min/{1.73_m2}", "mL/min/1.73m²"),
    ("g{creatinine}", "g"),
    ("ug/mL", "µg/mL"),
    ("umol/L", "µmol/L"),
    ("1", ""),
    ("U/L", "U/L"),
    ("%", "%"),
    ("個/μL", "個/μL"),
    ("unit", "unit"),
]


@pytest.mark.parametrize(("written", "read"), UNITS)
def test_a_unit_reads_as_people_write_it(written, read):
    assert unit_words(written) == read


@given(st.text(alphabet="{}[]()*^_/u10.LgmHIU個 ", max_size=12))
def test_no_brace_or_bracket_is_ever_shown(written):
    assert not set(unit_words(written)) & set("{}[]")
