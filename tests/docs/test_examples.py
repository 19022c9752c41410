"""The files that the vendor's guide sends: all are there, all are used, and each has the verdict that its name says."""

import re
from pathlib import Path

import paper
import pytest

from kakehashi.fhir.parse import parse
from kakehashi.fhir.validate import validate
from kakehashi.samples.region import BY_CODE
from kakehashi.services.sharing.register import GUIDE
from kakehashi.services.sharing.rules import check

EXAMPLES = paper.ROOT / "examples"
SUBMISSIONS = sorted((EXAMPLES / "sharing").glob("*.json"))


def _named() -> set[str]:
    texts = (page.read_text("utf-8") for page in paper.documents())
    return {found for text in texts for found in re.findall(r"examples/[\w./-]+\w", text)}


def test_every_example_that_a_document_names_is_there():
    assert [name for name in sorted(_named()) if not (paper.ROOT / name).exists()] == []


def test_every_example_is_named_by_a_document():
    there = {
        str(one.relative_to(paper.ROOT)) for one in EXAMPLES.rglob("*.*") if "__pycache__" not in one.parts
    }
    assert there - _named() == set()


@pytest.mark.parametrize("path", SUBMISSIONS, ids=lambda path: path.stem)
def test_only_the_wrong_submissions_break_rules(path: Path):
    bundle = parse(path.read_bytes())
    errors = {
        one.rule for one in [*validate(bundle), *check(bundle, version=GUIDE)] if one.severity == "error"
    }
    assert errors == ({"R1013", "R9014C"} if path.stem == "conditions-wrong" else set())


@pytest.mark.parametrize("path", SUBMISSIONS, ids=lambda path: path.stem)
def test_examples_come_from_institutions_of_the_sample_region(path: Path):
    codes = set(re.findall(r'"value": "(\d{10})(?:[\^-][^"]*)?"', path.read_text("utf-8")))
    assert codes and codes <= set(BY_CODE)


@pytest.mark.parametrize("path", sorted((EXAMPLES / "fhir").glob("*.json")), ids=lambda path: path.stem)
def test_plain_fhir_examples_are_valid(path: Path):
    assert validate(parse(path.read_bytes())) == []
