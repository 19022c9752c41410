"""The guide's examples give the values that a reader finds in them."""

from pathlib import Path
from typing import Any

import fhirpathpy
import orjson
from fhirpathpy.models import models

from kakehashi.fhir.definitions import load
from kakehashi.fhir.indexing.errata import EXPRESSIONS, NOT_EXTRACTED
from kakehashi.fhir.indexing.parameters import parameters
from kakehashi.fhir.indexing.program import program


def values(tree: dict[str, Any]) -> dict[str, list[Any]]:
    """Return a resource's values by the parameter's code."""
    compiled = program(tree["resourceType"])
    return {compiled.parameters[place].code: found for place, found in compiled.extract(tree).items()}


def examples(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the largest example of each type, resources inside Bundles too."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((folder / "data" / "examples").rglob("*.json")):
        tree = orjson.loads(path.read_bytes())
        for one in (tree, *(entry["resource"] for entry in tree.get("entry", ()) if "resource" in entry)):
            kind = one["resourceType"]
            if len(orjson.dumps(one)) > len(orjson.dumps(found.get(kind, {}))):
                found[kind] = one
    return found


def test_an_example_of_a_laboratory_result(shared: Path) -> None:
    path = shared / "data" / "examples" / "clins" / "Observation-Example-JP-Obs-LabResult-eCS-K.json"
    found = values(orjson.loads(path.read_bytes()))
    assert ("status", [(None, "final", None, ())]) in found.items()
    assert {"code", "category", "date", "subject", "value-quantity", "_profile", "identifier"} <= set(found)


def test_values_are_where_fhirpath_says_they_are(shared: Path) -> None:
    """An independent FHIRPath engine finds something exactly where our compiled routes do."""
    compared, differ = 0, []
    for kind, tree in examples(shared).items():
        ours = values(tree)
        for one in load().search_parameters:
            if not {kind, "Resource", "DomainResource"} & set(one.base) or one.type in (
                "composite",
                "special",
            ):
                continue
            own = parameters(kind).get(one.code)
            if own is None or not own.has_entries or one.url in EXPRESSIONS or one.code in NOT_EXTRACTED:
                continue
            theirs = _evaluated(kind, tree, one.expression)
            if theirs is None:
                continue
            compared += 1
            if bool(ours.get(one.code)) != bool(theirs):
                differ.append((kind, one.code, ours.get(one.code), theirs))
    assert differ == []
    assert compared > 250


def _evaluated(kind: str, tree: dict[str, Any], expression: str) -> list[Any] | None:
    """Evaluate the parts for this type; None where they need `resolve()`, which that engine lacks."""
    parts = [part.strip().replace("Resource.", f"{kind}.") for part in expression.split("|")]
    own = [part for part in parts if part.lstrip("(").startswith(f"{kind}.")]
    if not own or any("resolve()" in part for part in own):
        return None
    found: list[Any] = fhirpathpy.evaluate(tree, " | ".join(own), {}, models["r4"])
    return found


def test_a_subject_that_is_contained_is_known_for_what_it_is() -> None:
    """The guide's documents hold their Patient inside; `patient` reads it, and it points at nothing outside."""
    tree = {
        "resourceType": "Observation",
        "subject": {"reference": "#p"},
        "contained": [{"resourceType": "Patient", "id": "p"}],
    }
    assert values(tree)["patient"] == [(None, None, None, None)]
    group = {**tree, "contained": [{"resourceType": "Group", "id": "p"}]}
    assert "patient" not in values(group)
