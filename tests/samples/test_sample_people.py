"""Making people: the same arguments lead to the same bytes, a finished run is never made again."""

from datetime import date
from pathlib import Path

import pytest
from sampling import TINY

from kakehashi.core.errors import Unavailable
from kakehashi.samples.charts import Chart, count_charts, read_charts, write_charts
from kakehashi.samples.people import END, POPULATION, SEED, make_people


def test_two_runs_with_the_same_seed_write_the_same_bytes(people_folder: Path, tmp_path: Path):
    again = make_people(tmp_path, population=TINY)
    first = sorted(people_folder.glob("*.zst"))
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in first]


def test_a_finished_run_is_not_made_again(people_folder: Path):
    before = {path: path.stat().st_mtime_ns for path in people_folder.glob("*.zst")}
    said: list[str] = []
    made = make_people(people_folder, population=TINY, say=said.append)
    assert {path: path.stat().st_mtime_ns for path in made} == before
    assert said == []


def test_runs_are_added_until_there_are_as_many_people_as_were_asked_for(tmp_path: Path):
    """A run leaves now more, now fewer people with records; these runs were made before."""
    made = [tmp_path / f"charts-{SEED + n}-{POPULATION}-{END}.ndjson.zst" for n in range(3)]
    for path, people in zip(made, (100, 90, 120), strict=True):
        write_charts(path, (Chart(f"{path.name}-{n}", []) for n in range(people)))
    assert [count_charts(path) for path in made] == [100, 90, 120]
    assert make_people(tmp_path, patients=100) == made[:1]
    assert make_people(tmp_path, patients=190) == made[:2]
    assert make_people(tmp_path, patients=191) == made


def test_a_run_that_fails_says_where_to_look_and_leaves_no_charts(tmp_path: Path):
    with pytest.raises(Unavailable) as failed:
        make_people(tmp_path, population=TINY, end=date(1, 1, 1))  # there is no year before it
    assert failed.value.problems[0].rule == "samples.clinosim"
    assert "clinosim-4900.log" in failed.value.problems[0].ja
    assert not list(tmp_path.glob("*.zst"))


def test_charts_come_back_as_they_were_written_however_many_lines_a_block_holds(tmp_path: Path):
    charts = [
        Chart(f"k{n}", [{"resourceType": "Patient", "id": "字" * n}], "s" * (n % 2)) for n in range(3000)
    ]
    assert write_charts(tmp_path / "c.zst", charts) == 3000
    assert list(read_charts(tmp_path / "c.zst")) == charts


def test_charts_that_are_not_there_are_asked_for_in_vain(tmp_path: Path):
    with pytest.raises(Unavailable):
        list(read_charts(tmp_path / "none.zst"))


def test_everyone_has_an_encounter_and_nothing_of_the_generator_is_left(tiny: list[Chart]):
    assert tiny
    for chart in tiny:
        kinds = {resource["resourceType"] for resource in chart.resources}
        assert {"Patient", "Encounter"} <= kinds
        assert "clinosim" not in str(chart.resources)
