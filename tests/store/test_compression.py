"""Bodies are packed with a shipped dictionary, come back byte for byte, and the dictionary tells of nobody."""

import re

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.store import compression
from kakehashi.store.compression_training import cleaned


@given(st.binary(max_size=3000))
def test_any_bytes_come_back_as_they_were(body: bytes) -> None:
    assert compression.unpack(compression.pack(body)) == body


def test_a_small_resource_shrinks_to_less_than_half_of_what_plain_zstd_makes_of_it() -> None:
    body = (
        b'{"resourceType":"Observation","id":"x","meta":{"versionId":"1","profile":["http://jpfhir.jp/fhir/core/'
        b'StructureDefinition/JP_Observation_Common"]},"status":"final","code":{"coding":[{"system":"http://loinc.org",'
        b'"code":"718-7"}]},"subject":{"reference":"Patient/1"}}'
    )
    assert len(compression.pack(body)) * 2 < len(zstandard.compress(body))


def test_frames_name_their_dictionary_and_plain_frames_are_read_too() -> None:
    assert zstandard.get_frame_parameters(compression.pack(b"body")).dict_id == compression.newest()
    assert compression.unpack(zstandard.compress(b"body")) == b"body"


@pytest.mark.parametrize("frame", [b"", b"no frame", compression.pack(b"a body" * 50)[:-4]])
def test_damaged_frames_are_an_error_that_quotes_nothing(frame: bytes) -> None:
    with pytest.raises(compression.Unreadable):
        compression.unpack(frame)


def test_training_keeps_structure_and_empties_what_could_be_a_persons() -> None:
    patient = {
        "resourceType": "Patient",
        "id": "p1",
        "name": [{"family": "加藤", "text": "加藤 実"}],
        "birthDate": "1980-02-29",
        "text": {"status": "generated", "div": "<div>加藤 実</div>"},
        "address": [{"postalCode": "251-0001"}],
        "identifier": [{"system": "urn:oid:1.2.3", "value": "0123456789"}],
        "multipleBirthInteger": 2,
        "generalPractitioner": [{"reference": "Practitioner/d1", "display": "赤松 征一"}],
        "communication": [{"language": {"coding": [{"code": "ja", "display": "Japanese"}]}}],
    }
    assert cleaned(patient) == {
        "resourceType": "Patient",
        "id": "",
        "name": [{"family": "", "text": ""}],
        "birthDate": "",
        "text": {"status": "generated"},
        "address": [{"postalCode": ""}],
        "identifier": [{"system": "urn:oid:1.2.3", "value": ""}],
        "multipleBirthInteger": 0,
        "generalPractitioner": [{"reference": "Practitioner/", "display": ""}],
        "communication": [{"language": {"coding": [{"code": "ja", "display": "Japanese"}]}}],
    }


def test_no_shipped_dictionary_holds_a_name_an_id_or_a_number_of_a_person() -> None:
    for data in compression.dictionaries().values():
        text = data.as_bytes().decode("utf-8", "ignore")
        for member in ("family", "given", "div", "birthDate", "line", "postalCode", "value"):
            assert set(re.findall(rf'"{member}": ?"([^"]*)"', text)) <= {""}, member
        assert set(re.findall(r'"reference": ?"[A-Za-z]+/([^"]*)"', text)) <= {""}
        assert set(re.findall(r"(\d{4})-\d\d-\d\d", text)) <= {"2026"}  # the training's own time stamp
