"""SEKMET's hospital scenarios: all of them, in JSON and in XML, by REST and by messages, as a backend service.

It plays laboratory and payer only for itself: what needs such a counterpart (`roles`) is told as skipped and counts
as an exception. The topic that one scenario subscribes to is stored first, as an operator of a server would.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from conftest import Tally
from ledger import judged
from standing import CLIENT, Standing

_TOPIC = "http://sekmet.dev/fhir/SubscriptionTopic/encounter-complete"
_R5 = "http://hl7.org/fhir/5.0/StructureDefinition/extension-SubscriptionTopic"


def _config(server: Standing, **peer: str) -> dict[str, object]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    auth = {
        "type": "smart", "client_id": CLIENT, "private_key_path": str(server.pem), "kid": "conformance",
        "alg": "ES384", "scope": "system/*.cruds",
    }  # fmt: skip
    return {
        "base_url": f"http://127.0.0.1:{port}/fhir",
        "host": "127.0.0.1",
        "port": port,
        "peers": {"kakehashi": {"base_url": server.base, "auth": auth, **peer}},
    }


def _topic() -> dict[str, object]:
    """Encounters that become finished, for subscribers who name a patient."""
    said = {"previous": "status:not=finished", "resultForCreate": "test-passes", "current": "status=finished"}
    kinds = {"previous": "valueString", "current": "valueString", "resultForCreate": "valueCode"}
    criteria = [{"url": name, kinds[name]: value} for name, value in said.items()]
    trigger = [
        {"url": "resource", "valueUri": "http://hl7.org/fhir/StructureDefinition/Encounter"},
        {"url": "supportedInteraction", "valueCode": "create"},
        {"url": "supportedInteraction", "valueCode": "update"},
        {"url": "queryCriteria", "extension": [*criteria, {"url": "requireBoth", "valueBoolean": True}]},
    ]
    by = [{"url": "resource", "valueUri": "Encounter"}, {"url": "filterParameter", "valueString": "patient"}]
    return {
        "resourceType": "Basic",
        "id": "sekmet-encounter-complete",
        "code": {"coding": [{"system": "http://hl7.org/fhir/fhir-types", "code": "SubscriptionTopic"}]},
        "extension": [
            {"url": f"{_R5}.url", "valueUri": _TOPIC},
            {"url": f"{_R5}.resourceTrigger", "extension": trigger},
            {"url": f"{_R5}.canFilterBy", "extension": by},
        ],
    }


def _results(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield each scenario with what went wrong in it."""
    for file in sorted(folder.rglob("*.json")):
        for run in json.loads(file.read_text("utf-8")):
            steps = [f"{one['name']} {one['status']}: {one['message']}" for one in run["steps"]]
            bad = [one for one in steps if " passed: " not in one]
            yield Path(run["file"]).stem, "; ".join(bad)


@pytest.mark.timeout(300)
def test_every_scenario_passes(server: Standing, plain: httpx.Client, tmp_path: Path, tally: Tally) -> None:
    found = [one for form in ("json", "xml") for one in _run(server, plain, tmp_path / form, form)]
    tally("sekmet", judged("sekmet", found))


def _run(server: Standing, plain: httpx.Client, folder: Path, form: str) -> list[tuple[str, str]]:
    folder.mkdir()
    topic = _topic()
    assert plain.put(f"Basic/{topic['id']}", json=topic).status_code in (200, 201)
    (folder / "settings.yaml").write_text(yaml.safe_dump(_config(server, format=form)))
    command = [
        str(Path(sys.executable).with_name("sekmet")), "scenario", "run", "all", "--peer", "kakehashi",
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=280,
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    found = list(_results(folder / "reports"))
    assert len(found) == 14, done.stdout[-3000:] + done.stderr[-1000:]
    assert done.returncode == 0, done.stdout[-3000:]
    return [(f"{name} ({form})", fault) for name, fault in found]
