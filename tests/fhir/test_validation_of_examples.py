"""What others published: every example of the Japanese guides is valid R4, and so is nearly all of HL7's own package.

Examples that are wrong on purpose (ErrorExample) break the guides' rules, not R4's; profiles are checked elsewhere.
"""

import tarfile

import pytest

from kakehashi.fhir.parse import parse
from kakehashi.fhir.validate import validate
from kakehashi.fhir.validation.accept import accepts
from kakehashi.fhir.validation.explain import explained

# HL7's package, checked against HL7's definitions: what is wrong there, and how often.
HL7_ERRATA = {
    ("SearchParameter", "fhir.cardinality"): 10,  # extensions' parameters without `base`
    ("StructureDefinition", "sdf-4"): 4,  # logical models without baseDefinition
    ("SearchParameter", "fhir.primitive"): 1,  # an id of more than 64 characters
}


def test_every_example_of_the_japanese_guides_is_accepted_the_quick_way(shared):
    files = sorted((shared / "data/examples").rglob("*.json"))
    assert len(files) >= 77
    for file in files:
        resource = parse(file.read_bytes())
        assert validate(resource) == [], file.name
        assert accepts(resource.tree, len(resource.body)), file.name


def test_an_accepted_example_has_no_error_when_it_is_explained(shared):
    for file in sorted((shared / "data/examples").rglob("*.json")):
        found = [one for one in explained(parse(file.read_bytes()).tree) if one.severity == "error"]
        assert found == [], file.name


@pytest.fixture(scope="module")
def hl7(shared):
    """HL7's own resources, the large lists of codes aside: they say nothing new."""
    with tarfile.open(shared / "data/packages/hl7.fhir.r4.core-4.0.1.tgz") as archive:
        members = [one for one in archive if one.name.endswith(".json") and one.size < 60_000]
        kinds = (
            "StructureDefinition-",
            "SearchParameter-",
            "OperationDefinition-",
            "ConceptMap-",
            "CompartmentDef",
        )
        return [archive.extractfile(one).read() for one in members if one.name[8:].startswith(kinds)]


def test_hl7s_own_definitions_are_valid_but_for_the_listed_errata(hl7):
    found: dict[tuple[str, str], int] = {}
    for body in hl7:
        resource = parse(body)
        for problem in validate(resource):
            key = (resource.type, problem.rule)
            found[key] = found.get(key, 0) + 1
    assert found == HL7_ERRATA
