"""The benchmark's command line: which sizes are measured, and what cannot be asked for."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[2]))
from bench.__main__ import USUAL, arguments, wanted
from bench.sizes import Size, number_of


def asked(*words: str) -> list[Size]:
    return wanted(arguments(words))


def test_people_are_sizes_like_resources_and_come_after_them():
    assert asked("--people", "300,3k") == [Size(300, "people"), Size(3_000, "people")]
    assert asked("--sizes", "50k,5m") == [Size(50_000), Size(5_000_000)]
    assert asked("--people", "20000", "--sizes", "500k") == [Size(500_000), Size(20_000, "people")]


def test_without_a_size_the_usual_one_is_measured():
    assert asked() == [USUAL]


@pytest.mark.parametrize(
    "words",
    [
        ["--people", "many"], ["--people", ""], ["--people", "0"], ["--people", "-3"], ["--sizes", "50k,"],
        ["--base", "embedded", "--people", "300", "--sizes", "50k"],
    ],
)  # fmt: skip
def test_what_has_no_meaning_ends_the_command(words: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        arguments(words)
    assert ended.value.code == 2
    assert "--" in capsys.readouterr().err


@given(st.integers(min_value=1, max_value=10**9))
def test_a_number_in_thousands_or_millions_is_that_number(count: int):
    assert number_of(f"{count}k") == 1_000 * number_of(str(count)) == 1_000 * count
    assert number_of(f"{count}m") == 1_000_000 * count


def test_people_and_resources_of_the_same_number_have_folders_of_their_own():
    assert {Size(300).name, Size(300, "people").name} == {"resources-300", "people-300"}
