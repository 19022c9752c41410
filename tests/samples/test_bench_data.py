"""The benchmark's people: clinosim's own where asked for, copies only beyond them."""

import sys
from itertools import islice
from pathlib import Path

import orjson

from kakehashi.samples.build import Line, lines_of
from kakehashi.samples.charts import Chart

sys.path.append(str(Path(__file__).parents[2]))
from bench.data import people_of, resources_of

from kakehashi.samples.multiply import originals


def births(lines: list[Line]) -> set[tuple[str, str]]:
    """Who is in these lines, by name and birth date, as the FHIR senders wrote them down."""
    patients = (orjson.loads(one.body) for one in lines if b'"resourceType":"Patient"' in one.body)
    return {
        (one["name"][0]["text"], one["birthDate"]) for one in patients if one["resourceType"] == "Patient"
    }


def test_without_copies_everyone_is_written_as_the_sample_region_has_them(charts: list[Chart]):
    some = charts[:4]
    assert list(people_of(some, 4, 1)) == [line for chart in some for line in lines_of(chart)]


def test_so_many_people_are_written_as_are_asked_for_and_copies_are_other_people(charts: list[Chart]):
    some = charts[:3]
    alone = {len(births(list(lines_of(chart)))) for chart in some}
    assert alone != {0}
    twice = list(people_of(some, 5, 2))
    assert len(births(twice)) > len(births(list(people_of(some, 3, 1))))
    assert twice[: len(list(lines_of(some[0])))] == list(lines_of(some[0]))


def test_resources_stop_at_the_end_of_the_person_who_fills_the_number(charts: list[Chart]):
    people = originals(islice(charts, 2))
    first = len(people[0].lines)
    assert len(list(resources_of(people, 1))) == first
    assert len(list(resources_of(people, first + 1))) == first + len(people[1].lines)
    assert len(list(resources_of(people, 3 * first))) >= 3 * first
