"""fhir-kit-client on Node: kit.mjs makes every kind of request that it has, each a case."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import Tally
from ledger import judged
from persons import patient
from standing import Standing

_HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(
    not shutil.which("node") or not (_HERE / "node_modules/fhir-kit-client").exists(),
    reason="Node or fhir-kit-client is not here: run `make test-conformance`",
)


@pytest.mark.timeout(120)
def test_every_kind_of_request(server: Standing, token: str, tally: Tally) -> None:
    said = {"BASE": server.base, "TOKEN": token, "PATIENT": json.dumps(patient("節点"))}
    done = subprocess.run(
        ["node", "kit.mjs"], cwd=_HERE, env={**os.environ, **said}, capture_output=True, text=True, check=False,
        timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == 15
    tally("fhir-kit-client", judged("fhir-kit-client", ((one["name"], one["fault"] or "") for one in told)))
