"""HAPI FHIR's generic client, whose parser refuses what it does not know: Hapi.java, in JSON and in XML."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import sources
from conftest import Tally
from ledger import judged
from standing import Standing

sources.need("hapi-fhir-client-8.8.0.jar")
pytestmark = pytest.mark.skipif(not shutil.which("java"), reason="Java is not here")
_SOURCE = Path(__file__).with_name("Hapi.java")


@pytest.mark.timeout(400)
def test_every_kind_of_request(server: Standing, token: str, tally: Tally) -> None:
    told = [one for form in ("json", "xml") for one in _run(server, token, form)]
    tally("hapi", judged("hapi", told))


def _run(server: Standing, token: str, form: str) -> list[tuple[str, str]]:
    jars = ":".join(
        str(one) for one in sources.LIBRARY.glob("*.jar") if one.name not in (sources.CASES, sources.EXAMPLES)
    )
    command = [
        "java",
        "-Xmx512m",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        jars,
        str(_SOURCE),
        server.base,
        token,
        form,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(told) == 13, done.stderr[-3000:]
    return [(f"{one['name']} ({form})", one["fault"] or "") for one in told]
