"""The sample region on disk: complete, named by its manifest, made once."""

import shutil
from pathlib import Path

import orjson
import pytest
from sampling import TINY

from kakehashi.samples.build import Sample, make_sample
from kakehashi.samples.people import make_people


@pytest.fixture(scope="module")
def sample(people_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return make_sample(home(people_folder, tmp_path_factory.mktemp("home")), population=TINY, cores=1)


def home(people_folder: Path, folder: Path) -> Path:
    shutil.copytree(people_folder, folder / "people")
    return folder


def contents(sample: Sample) -> dict[str, bytes]:
    return {load.path: (sample.folder / load.path).read_bytes() for load in sample.loads}


def test_the_manifest_counts_every_line_of_every_file(sample: Sample):
    on_disk = {str(path.relative_to(sample.folder)) for path in sample.folder.glob("region/*/*.ndjson")}
    assert {load.path for load in sample.loads} == on_disk
    for path, body in contents(sample).items():
        assert body.count(b"\n") == next(load.lines for load in sample.loads if load.path == path)


def test_shared_resources_come_first_and_bundles_last(sample: Sample):
    forms = ["shared" if load.path.endswith("shared.ndjson") else load.form for load in sample.loads]
    assert forms == sorted(forms, key=["shared", "fhir", "clins"].index)


def test_in_a_file_of_records_each_person_begins_with_the_patient(sample: Sample):
    for path, body in contents(sample).items():
        if "/records-" in path:
            patient = ""
            for line in body.splitlines():
                record = orjson.loads(line)
                if record["resourceType"] == "Patient":
                    patient = f"Patient/{record['id']}"
                assert record["resourceType"] == "Patient" or patient.encode() in line


def test_made_twice_the_bytes_are_the_same(sample: Sample, people_folder: Path, tmp_path: Path):
    again = make_sample(home(people_folder, tmp_path), population=TINY, cores=2)
    assert contents(again) == contents(sample)
    assert again.loads == sample.loads


def test_what_is_there_is_not_made_again(sample: Sample):
    said: list[str] = []
    assert make_sample(sample.folder, population=TINY, say=said.append) == sample
    assert said == []


def test_other_arguments_make_another_region(people_folder: Path, tmp_path: Path):
    folder = home(people_folder, tmp_path)
    make_sample(folder, population=TINY, cores=1)
    made = orjson.loads((folder / "region" / "manifest.json").read_bytes())["made"]
    assert TINY in made
    assert make_people(folder / "people", population=TINY) == sorted((folder / "people").glob("*.zst"))
