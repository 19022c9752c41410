"""The cases that SQL on FHIR publishes (repository FHIR/sql-on-fhir-v2, tests/*.json), where ../shared has them.

Every case must do what it says.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kakehashi.core.errors import Failure
from kakehashi.fhir.paths.numbers import Written
from kakehashi.fhir.views.compiling import compile_view

_FOLDER = Path(__file__).resolve().parents[4] / "shared" / "data" / "sql-on-fhir-v2" / "tests"


def _cases() -> list[Any]:
    decoder = msgspec.json.Decoder(float_hook=Written)
    found = []
    for file in sorted(_FOLDER.glob("*.json")):
        suite = decoder.decode(file.read_bytes())
        found += [
            pytest.param(suite["resources"], one, id=f"{file.stem}: {one['title']}") for one in suite["tests"]
        ]
    return found or [
        pytest.param([], None, marks=pytest.mark.skip("../shared/data/sql-on-fhir-v2/tests is not here"))
    ]


def _sorted(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(
        json.dumps({name: _plain(value) for name, value in row.items()}, sort_keys=True) for row in rows
    )


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, float) else value


@pytest.mark.parametrize(("resources", "case"), _cases())
def test_a_published_case_does_what_it_says(resources: list[Any], case: dict[str, Any]):
    try:
        view = compile_view(case["view"])
        names = [one.name for one in view.columns]
        rows = [dict(zip(names, row, strict=True)) for tree in resources for row in view.rows(tree)]
    except Failure:
        assert case.get("expectError")
        return
    assert not case.get("expectError")
    assert _sorted(rows) == _sorted(case["expect"])
    assert names == case.get("expectColumns", names)
