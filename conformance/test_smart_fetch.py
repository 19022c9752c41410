"""smart-fetch: exports in bulk as a SMART backend service, and crawls by searches; both must find the same."""

import gzip
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import httpx
import pytest

from persons import observation, patient
from standing import CLIENT, Standing

pytestmark = [pytest.mark.suite("smart-fetch"), pytest.mark.timeout(240)]
_TYPES = "Patient,Observation,Condition"


@pytest.fixture
def group(plain: httpx.Client) -> tuple[str, int]:
    """A Group of three patients with four results each."""
    members = []
    for _ in range(3):
        who = f"Patient/{plain.post('Patient', json=patient('輸出')).json()['id']}"
        members.append({"entity": {"reference": who}})
        for value in range(4):
            more = {"category": [{"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory",
            }]}]}  # fmt: skip
            assert plain.post("Observation", json=observation(who, value, **more)).status_code == 201
    made = {"resourceType": "Group", "type": "person", "actual": True, "member": members}
    return plain.post("Group", json=made).json()["id"], 12


def _run(server: Standing, *words: str) -> str:
    command = [
        str(Path(sys.executable).with_name("smart-fetch")), *words,
        "--fhir-url", server.base, "--smart-client-id", CLIENT, "--smart-key", str(server.jwks),
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=server.settings.home, capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def _ids(folder: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for file in folder.rglob("[A-Z]*.ndjson*"):
        text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        for line in text.splitlines():
            one = json.loads(line)
            found.setdefault(one["resourceType"], set()).add(one["id"])
    return found


def test_a_group_is_exported_in_bulk(server: Standing, group: tuple[str, int], tmp_path: Path) -> None:
    name, results = group
    _run(server, "bulk", str(tmp_path), "--group", name, "--type", _TYPES)
    assert Counter({k: len(v) for k, v in _ids(tmp_path).items() if k in _TYPES}) == {
        "Patient": 3,
        "Observation": results,
    }


def test_a_crawl_by_searches_finds_what_the_bulk_export_finds(
    server: Standing, group: tuple[str, int], tmp_path: Path
) -> None:
    name, _ = group
    _run(server, "bulk", str(tmp_path / "bulk"), "--group", name, "--type", _TYPES)
    everybody = ",".join(sorted(_ids(tmp_path / "bulk")["Patient"]))
    words = ["--id-list", everybody, "--type", _TYPES]
    _run(server, "crawl", str(tmp_path / "crawl"), *words)
    bulk, crawl = _ids(tmp_path / "bulk"), _ids(tmp_path / "crawl")
    assert {k: bulk.get(k) for k in ("Patient", "Observation")} == {
        k: crawl.get(k) for k in ("Patient", "Observation")
    }


def test_a_managed_export_keeps_its_log(server: Standing, group: tuple[str, int], tmp_path: Path) -> None:
    _run(server, "export", str(tmp_path), "--group", group[0], "--type", "Patient,Observation")
    assert len(_ids(tmp_path)["Patient"]) == 3
