"""schemathesis: requests made from our OpenAPI description, right ones and wrong ones, from one seed.

What is bulk (it would fill the disk's queue with jobs) and what revokes the token of the run is left out. Not checked:
that the description refuses whatever the server refuses, since it says less than FHIR does.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Tally
from standing import Standing

_SEED = "20261121"
_CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "response_headers_conformance",
)  # fmt: skip


@pytest.mark.timeout(400)
def test_every_answer_is_as_described(server: Standing, token: str, tmp_path: Path, tally: Tally) -> None:
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", f"{server.settings.public_url}/openapi.json",
        "--header", f"Authorization: Bearer {token}", "--seed", _SEED, "--phases", "coverage,fuzzing",
        "--max-examples", "3", "--mode", "all", "--checks", ",".join(_CHECKS), "--no-color",
        "--exclude-path-regex", r"\$bulk|\$export|\$import|revoke",
        "--suppress-health-check", "all",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=380)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    [(generated, passed)] = re.findall(r"(\d+) generated, (\d+) passed", done.stdout)
    assert generated == passed
    [operations] = re.findall(r"Tested: +(\d+)", done.stdout)
    tally("schemathesis", int(operations))
