"""What ships is what HL7 published: rebuilt from its package, it is the same."""

import msgspec
import pytest
import zstandard

from kakehashi.fhir import compile as fhir_compile
from kakehashi.fhir import definitions
from kakehashi.fhir.compile_source import Package
from kakehashi.fhir.types import NAME, NUMBER, OTHER_RELEASES


@pytest.fixture(scope="module")
def package(shared):
    return Package(shared / "data/packages/hl7.fhir.r4.core-4.0.1.tgz")


def test_the_shipped_definitions_are_those_of_the_package(package):
    assert fhir_compile.compiled(package) == definitions.load()


def test_the_shipped_file_is_small_and_can_be_rebuilt_from_what_it_holds():
    found = definitions.load()
    packed = fhir_compile.packed(found)
    assert len(packed) < 600_000  # bytes
    again = msgspec.json.decode(zstandard.ZstdDecompressor().decompress(packed), type=definitions.Definitions)
    assert again == found


def test_compiling_refuses_an_archive_that_is_no_package(tmp_path):
    import tarfile

    from kakehashi.core.errors import BadRequest

    with tarfile.open(tmp_path / "x.tgz", "w:gz"):
        pass
    with pytest.raises(BadRequest):
        Package(tmp_path / "x.tgz")


def test_numbers_of_resource_types_never_move():
    """The store keeps these numbers: a change would turn patients into plans."""
    assert len(NUMBER) == 146
    assert list(NUMBER) == sorted(NUMBER)
    known = {
        "Account": 1,
        "AllergyIntolerance": 4,
        "Bundle": 12,
        "Condition": 28,
        "Observation": 96,
        "Patient": 103,
    }
    assert {name: NUMBER[name] for name in known} == known
    assert NUMBER["VisionPrescription"] == 146
    assert all(NAME[number] == name for name, number in NUMBER.items())


def test_types_of_other_releases_are_not_types_of_r4():
    assert not OTHER_RELEASES.keys() & NUMBER.keys()


def test_an_observation_is_defined_as_r4_defines_it():
    elements = {one.path: one for one in definitions.load().structures["Observation"].elements}
    status, value, subject = (elements[f"Observation.{name}"] for name in ("status", "value[x]", "subject"))
    assert (status.min, status.max, status.strength) == (1, 1, "required")
    assert value.choice and value.name == "value" and len(value.types) == 11
    assert subject.types[0].targets == ("Patient", "Group", "Device", "Location")
    assert {one.key for one in elements["Observation"].constraints} >= {"obs-6", "obs-7", "dom-2"}


def test_required_value_sets_are_expanded():
    held = definitions.load().value_sets["http://hl7.org/fhir/ValueSet/administrative-gender"]
    assert held.codes == {"http://hl7.org/fhir/administrative-gender": ("female", "male", "other", "unknown")}


def test_search_parameters_and_compartments_are_all_there():
    found = definitions.load()
    codes = {(base, one.code): one for one in found.search_parameters for base in one.base}
    pair = codes["Observation", "code-value-quantity"]
    assert pair.type == "composite" and [part.expression for part in pair.component] == [
        "code",
        "value.as(Quantity)",
    ]
    assert codes["Observation", "subject"].target
    assert found.compartments["Patient"].members["Observation"] == ("subject", "performer")
    assert set(found.compartments) == {"Patient", "Encounter", "RelatedPerson", "Practitioner", "Device"}
    assert len(found.search_parameters) == 1396
