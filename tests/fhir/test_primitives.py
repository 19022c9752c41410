"""The form of each primitive type, good beside bad."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kakehashi.fhir.primitives import FAST, NAMES, wrong

GOOD = {
    "string": ["a", "山田　太郎", "a\nb", " ", "x" * 1_048_576],
    "markdown": ["# 見出し\n本文"],
    "boolean": [True, False],
    "integer": [0, -(2**31), 2**31 - 1],
    "positiveInt": [1, 2**31 - 1],
    "unsignedInt": [0],
    "decimal": [0, 1.5, -1, 1e20, 12345678901234567890],
    "date": ["2024", "2024-02", "2024-02-29", "2000-02-29", "0001-01-01"],
    "dateTime": ["2024", "2024-02", "2024-02-29", "2024-02-29T23:59:60Z", "2024-02-29T00:00:00.123+14:00"],
    "instant": ["2015-02-07T13:28:17.239+02:00", "2017-01-01T00:00:00Z"],
    "time": ["00:00:00", "23:59:60", "12:00:00.5"],
    "code": ["a", "a b", "陽性", "final　x"],
    "id": ["a", "A-1.b", "x" * 64],
    "oid": ["urn:oid:1.2.392.100495.20.3.51"],
    "uuid": ["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"],
    "uri": ["http://x", "urn:oid:1.2", "#a"],
    "url": ["https://x"],
    "canonical": ["http://x|1.0", "#a"],
    "base64Binary": ["AAAA", "QQ==", "AA\nAA", " AAAA "],
    "xhtml": ["<div/>"],
}
BAD = {
    "string": ["", 1, True, None, ["a"], {}, "x" * 1_048_577],
    "markdown": ["", 5],
    "boolean": ["true", 1, 0, None],
    "integer": ["1", 1.0, True, 2**31, -(2**31) - 1],
    "positiveInt": [0, -1, "1", 1.5, True],
    "unsignedInt": [-1, "0", False],
    "decimal": ["1.0", True, None],
    "date": ["2023-02-29", "1900-02-29", "2024-04-31", "2024-13", "24-01-01", "0000", "2024-1-1", "2024/01/01",
        "２０２４",
             "2024-01-01T00:00:00Z", "20240101", " 2024", "令和6年"],
    "dateTime": ["2024-02-29T12:00:00", "2024-02-29T12:00Z", "2024-02-30T12:00:00Z", "2024-02-29T24:00:00Z",
                 "2024-02-29 12:00:00+09:00", "2024-02-29T12:00:00+15:00", "2024-02T12:00:00Z"],
    "instant": ["2024", "2024-01-01", "2015-02-07T13:28:17", "2015-02-30T13:28:17Z"],
    "time": ["12:00", "24:00:00", "12:00:00Z", 12],
    "code": ["", " a", "a ", "a  b", "a\u000b\u000bb", 1],
    "id": ["", "a_b", "x" * 65, "山", "a b", 1],
    "oid": ["1.2.3", "urn:oid:3.1", "urn:oid:1.02"],
    "uuid": ["c757873d-ec9a-4326-a141-556f43239520", "urn:uuid:C757873D-EC9A-4326-A141-556F43239520"],
    "uri": ["", "http://x y", 1],
    "url": ["", "a b"],
    "canonical": ["", "a b"],
    "base64Binary": ["", "A", "AAA", "A=AA", "あああ", "AA==AA==", 5, " "],
    "xhtml": ["", 5],
}  # fmt: skip


def test_every_primitive_type_has_cases():
    assert GOOD.keys() == BAD.keys() == NAMES == FAST.keys()


@pytest.mark.parametrize(("name", "value"), [(name, one) for name, values in GOOD.items() for one in values])
def test_good_values_are_taken(name, value):
    assert wrong(name, value) is None


@pytest.mark.parametrize(("name", "value"), [(name, one) for name, values in BAD.items() for one in values])
def test_bad_values_are_refused_by_both_ways(name, value):
    assert wrong(name, value)
    try:
        quick = FAST[name](value)
    except TypeError:
        return
    assert not quick or name in ("string", "markdown", "xhtml")  # their length is looked at elsewhere


@settings(deadline=None)
@given(st.dates())
def test_every_day_of_the_calendar_is_a_date(day):
    assert wrong("date", day.isoformat()) is None


@settings(deadline=None)
@given(st.integers(1, 9999), st.integers(0, 13), st.integers(0, 32))
def test_a_day_that_no_calendar_has_is_refused(year, month, day):
    text = f"{year:04}-{month:02}-{day:02}"
    try:
        date(year, month, day)
    except ValueError:
        assert wrong("date", text) and wrong("instant", text + "T00:00:00Z")
    else:
        assert wrong("date", text) is None and wrong("instant", text + "T00:00:00Z") is None
