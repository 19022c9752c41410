"""The number of the index scheme stands for the entries: whoever changes the entries raises the number."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from sample_trees import item, tree

from kakehashi.fhir.definitions import load
from kakehashi.fhir.indexing import forms
from kakehashi.fhir.indexing.entries import Index, entries
from kakehashi.fhir.indexing.program import program
from kakehashi.fhir.indexing.scheme import SCHEME

# For the present SCHEME. A new number gets a new digest in the same commit.
NUMBER, DIGEST = 2, "16e04a6234d1e18bf66fc795637a959b1cb2f4faeca081eae90cd9aefe23b376"
PERSON = {
    "resourceType": "Patient",
    "name": [{"family": "ﾔﾏﾀﾞ", "given": ["はなこ", "José"]}],
    "identifier": [
        {"system": "urn:a", "value": "1", "type": {"coding": [{"system": "urn:t", "code": "MR"}]}}
    ],
    "address": [{"text": "〒１００－０００１ 東京都"}],
    "birthDate": "2024-02",
    "managingOrganization": {"identifier": {"system": "urn:o", "value": "7"}},
}
RESULT = {
    "resourceType": "Observation",
    "code": {"coding": [{"system": "urn:a", "code": "x"}, {"system": "urn:b", "code": "y"}], "text": "血糖"},
    "subject": {"reference": "Patient/1"},
    "effectivePeriod": {"start": "2024-01-31T23:30:00+09:00"},
    "valueQuantity": {
        "value": 6.30,
        "system": "http://unitsofmeasure.org",
        "code": "mmol/L",
        "unit": "mmol/L",
    },
    "meta": {"profile": ["http://example.org/StructureDefinition/a"], "tag": [{"code": "t"}]},
    "focus": [{"reference": "https://elsewhere.example.org/fhir/Device/2"}, {"reference": "Patient/3"}],
}


def test_other_entries_have_another_number() -> None:
    digest = hashlib.sha256()
    for base, made in _resources():
        digest.update(json.dumps([base, *_said(entries(base, made))]).encode())
    # Of tokens only the order of codes and their systems matters.
    digest.update(
        repr(forms.coding_marks([("urn:a", "x"), ("urn:b", "y"), ("urn:b", "x"), (None, "z")])).encode()
    )
    assert (SCHEME, digest.hexdigest()) == (NUMBER, DIGEST), (
        "The same resources leave other index entries than before: searches would miss the rows that are stored, "
        "and nobody would know. If that is meant, raise SCHEME in fhir/indexing/scheme.py by one (unless this change "
        "has done so), put the new number and digest here, and tell operators in CHANGELOG.md to run "
        "`kakehashi reindex`."
    )


def _resources() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a resource for every route of every parameter, and two with what people write."""
    for base in sorted(load().resource_types()):
        for one in program(base).parameters:
            for route in one.routes:
                yield base, item(one, route) if one.parts else tree(base, route)
    yield "Patient", PERSON
    yield "Observation", RESULT


def _said(found: Index) -> tuple[list[int], list[float], str, list[int]]:
    return sorted(found.tokens), found.ranges, found.texts, list(found.grams)
