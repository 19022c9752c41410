"""What the benchmark says of the records it loads: what was taken, which rule refused, and who became whom."""

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from kakehashi.samples.story_charts import story_charts

sys.path.append(str(Path(__file__).parents[2]))
from bench import data
from bench.embedded import Place
from bench.folders import passing
from bench.links import Linked, links, truth_of
from bench.report import Report
from bench.sizes import Size
from bench.verdicts import Verdicts, kind_of

SENDER = "sakura"  # sends by the sharing service, and everything else as plain FHIR
OTHER = "minato"
SIZE = Size(10, "people")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with passing() as folder:
        yield folder


@pytest.fixture(scope="module")
def files(folder: Path) -> Path:
    """The told persons, as the benchmark writes people; two lines of the sender are spoilt."""
    out = folder / SIZE.name
    charts = list(story_charts())
    data.write(out, data.people_of(charts, len(charts), 1))
    spoil(out / SENDER / "records.ndjson", "Encounter", lambda one: one.pop("status"))
    spoil(out / SENDER / "clins.ndjson", "JP_Bundle_CLINS", no_institution)
    return out


def spoil(path: Path, kind: str, change: Any) -> None:
    """Change the first line of a kind."""
    lines = path.read_bytes().splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if kind_of(line) == kind)
    tree = orjson.loads(lines[at])
    change(tree)
    lines[at] = orjson.dumps(tree, option=orjson.OPT_APPEND_NEWLINE)
    path.write_bytes(b"".join(lines))


def no_institution(bundle: dict[str, Any]) -> None:
    del bundle["entry"][1]["resource"]["extension"]


@pytest.fixture(scope="module")
async def place(folder: Path) -> AsyncIterator[Place]:
    with Place.opened(folder / "home") as place:
        await place.prepare()
        yield place


@pytest.fixture(scope="module")
def verdicts(place: Place, files: Path) -> dict[str, Verdicts]:
    """What came of each institution's files, by the real command."""
    found = {}
    for site in (SENDER, OTHER):
        found[site] = Verdicts()
        paths = sorted((files / site).glob("*.ndjson"), reverse=True)  # shared, records, Bundles
        loaded = place.load(site, *paths)
        for path in paths:
            found[site].add(path, loaded.refusals.get(path))
    return found


def test_a_line_is_of_its_resources_type_or_its_bundles_profile():
    assert kind_of(b'{"resourceType":"Observation","contained":[{"resourceType":"Device"}]}') == "Observation"
    profile = b'"meta":{"profile":["http://jpfhir.jp/x/JP_Bundle_eReferral"]}'
    assert kind_of(b'{"resourceType":"Bundle","id":"1",' + profile + b"}") == "JP_Bundle_eReferral"
    assert kind_of(b"\x83J\x83P") == "?"


def test_what_is_good_is_taken_to_the_last_line(verdicts: dict[str, Verdicts], files: Path):
    good = verdicts[OTHER]
    assert good.whole and good.sent.total() == sum(
        path.read_bytes().count(b"\n") for path in (files / OTHER).glob("*.ndjson")
    )
    assert "100.00%" in "\n".join(good.lines()) and "refused: nothing" in "\n".join(good.lines())


def test_each_refused_line_is_told_with_its_kind_its_rule_and_its_place(verdicts: dict[str, Verdicts]):
    found = verdicts[SENDER]
    assert found.refused == {"Encounter": 1, "JP_Bundle_CLINS": 1}
    assert {kind for kind, _ in found.broken} == {"Encounter", "JP_Bundle_CLINS"}
    assert found.broken["JP_Bundle_CLINS", "R9011"] == 1
    told = "\n".join(found.lines())
    assert "refused by R9011: 1 of JP_Bundle_CLINS" in told and f"{SENDER}/clins.ndjson, line " in told


def test_a_run_in_which_anything_was_refused_does_not_end_well(verdicts: dict[str, Verdicts]):
    def sound(*sites: str) -> bool:
        return Report({}, verdicts={Size(n, "people"): verdicts[one] for n, one in enumerate(sites, 1)}).sound

    assert sound(OTHER) and not sound(SENDER) and not sound(OTHER, SENDER)


async def test_persons_are_held_against_who_they_were(
    place: Place, files: Path, verdicts: dict[str, Verdicts]
):
    """Two are known at both: 花子 came together, 和子 waits for a look, since one left out her branch number."""
    found = await place.linked()
    truth = list(truth_of(files / data.WHOSE))
    there = [(human, patient) for human, patient in truth if patient in found.of_patient]
    seen = links(there, found)
    assert (seen.several, seen.together, seen.split, seen.mixed, seen.lost) == (2, 1, 1, 0, 0)
    assert (seen.persons, seen.candidates) == (seen.people + 1, 1)
    assert links(truth, found).lost == len(truth) - len(there)


def test_every_patient_that_is_sent_has_its_human(files: Path):
    truth = {patient: human for human, patient in truth_of(files / data.WHOSE)}
    for path in files.glob("*/records.ndjson"):
        patients = [
            orjson.loads(line) for line in path.read_bytes().splitlines() if kind_of(line) == "Patient"
        ]
        assert {one["id"] for one in patients} <= truth.keys()
    assert set(truth.values()) == set(range(1, len(list(story_charts())) + 1))


TRUTH = [(1, "a"), (1, "b"), (2, "c"), (2, "d"), (3, "e")]


@pytest.mark.parametrize(
    ("of_patient", "together", "split", "mixed", "lost"),
    [
        ({"a": 7, "b": 7, "c": 8, "d": 8, "e": 9}, 2, 0, 0, 0),
        ({"a": 7, "b": 6, "c": 8, "d": 8, "e": 9}, 1, 1, 0, 0),
        ({"a": 7, "b": 7, "c": 8, "d": 8, "e": 8}, 2, 0, 1, 0),
        ({"a": 7, "b": 7, "c": 8, "d": 8}, 2, 0, 0, 1),
    ],
)
def test_a_human_in_two_persons_is_split_and_two_in_one_are_mixed(
    of_patient: dict[str, int], together: int, split: int, mixed: int, lost: int
):
    seen = links(TRUTH, Linked(of_patient, 3, 0, 0))
    assert (seen.people, seen.several) == (3, 2)
    assert (seen.together, seen.split, seen.mixed, seen.lost) == (together, split, mixed, lost)
    assert Report({}, links={SIZE: seen}).sound is (mixed == lost == 0)
