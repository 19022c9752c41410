"""What clinosim writes is taken as it stands, but for faults of its own that are known by kind and rule."""

import sys
from pathlib import Path

import orjson
import pytest
from sampling import TINY

from kakehashi.fhir.parse import parse
from kakehashi.fhir.validate import validate

sys.path.append(str(Path(__file__).parents[2]))
from bench.as_written import KNOWN, lines, strange, write
from bench.verdicts import Verdicts, kind_of


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("clinosim", reason="clinosim is not installed (pip install 'kakehashi[demo]')")
    return write(tmp_path_factory.mktemp("clinosim"), TINY)


def test_every_line_is_good_r4_but_for_the_known_faults(path: Path):
    broken = {
        (kind_of(line), problem.rule)
        for line in path.read_bytes().splitlines()
        for problem in validate(parse(line))
    }
    assert broken <= KNOWN.keys()


def test_a_patient_comes_before_what_is_about_them(path: Path):
    seen: set[str] = set()
    for line in path.read_bytes().splitlines():
        record = orjson.loads(line)
        if record["resourceType"] == "Patient":
            seen.add(f"Patient/{record['id']}")
        subject = record.get("subject", {}).get("reference", "")
        assert not subject.startswith("Patient/") or subject in seen
    assert seen


def test_what_is_there_is_not_made_again(path: Path):
    before = path.stat().st_mtime_ns
    assert write(path.parents[1], TINY) == path
    assert path.stat().st_mtime_ns == before


def test_a_refusal_that_nobody_knew_of_is_told_as_such():
    known, rule = next(iter(KNOWN))
    found = Verdicts()
    found.sent.update([known, "Observation"])
    found.broken.update([(known, rule), ("Observation", "obs-6")])
    found.first.update(dict.fromkeys(found.broken, ""))
    assert strange(found) == {("Observation", "obs-6")}
    told = "\n".join(lines(found))
    assert "NOT KNOWN: Observation, obs-6" in told and f"  known: {known}, {rule}" in told
