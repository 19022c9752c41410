"""`kakehashi load` takes FHIR's XML: resources, Bundles, submissions; what is not FHIR's is refused or passed by."""

from pathlib import Path

import orjson
import pytest

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.clock import system_clock
from kakehashi.core.errors import BadRequest
from kakehashi.core.settings import Settings
from kakehashi.engines.house import House
from kakehashi.engines.records import look
from kakehashi.engines.records.asked import Asked
from kakehashi.faces.cli.files import Form, find, lines
from kakehashi.faces.cli.load import load
from kakehashi.fhir.xml import xml_of
from kakehashi.store import institutions
from kakehashi.store.database import Database

CHUO = Institution(1, "4910100017", "架橋中央病院（架空）", InstitutionType.HOSPITAL)
SYSTEM = Actor("system", Role.SYSTEM, CHUO, Purpose.TREATMENT, scopes=("system/*.cruds",))
PATIENT = b'{"resourceType":"Patient","id":"x-p","name":[{"text":"\xe8\xa6\x8b\xe6\x9c\xac \xe8\x8a\xb1\xe5\xad\x90"}]}'
WEIGHT = (
    b'{"resourceType":"Observation","id":"x-w","status":"final","code":{"text":"weight"},'
    b'"subject":{"reference":"Patient/x-p"},"valueQuantity":{"value":60.50,"unit":"kg"}}'
)
BUNDLE = b'{"resourceType":"Bundle","type":"collection","entry":[{"resource":%b},{"resource":%b}]}' % (
    PATIENT,
    WEIGHT,
)


@pytest.fixture
async def house(db: Database, tmp_path: Path) -> House:
    async with db.transaction() as tx:
        await institutions.put(tx, CHUO)
    return House(db, Settings(home=tmp_path / "home"), system_clock)


async def test_a_bundle_in_xml_is_loaded_entry_by_entry_with_its_decimals(
    house: House, tmp_path: Path
) -> None:
    (tmp_path / "people.xml").write_bytes(xml_of(BUNDLE))
    [found] = find([tmp_path / "people.xml"])
    done = await load(house, found, by=SYSTEM, say=lambda _: None)
    assert (found.form, done.stored, done.refused) == (Form.BUNDLE, 2, 0)
    row = await look.read(house, Asked(SYSTEM, house.clock()), "Observation", "x-w")
    assert b'"value":60.50' in row.body


async def test_broken_xml_is_refused_with_rule_place_and_mend(house: House, tmp_path: Path) -> None:
    (tmp_path / "broken.xml").write_bytes(xml_of(PATIENT).replace(b"<name>", b"<nam>"))
    [found] = find([tmp_path])
    done = await load(house, found, by=SYSTEM, say=lambda _: None)
    assert (found.form, done.stored, done.refused) == (Form.BROKEN_XML, 0, 1)
    [problem] = orjson.loads(done.refusals.read_bytes())["problems"]
    assert (problem["rule"], problem["place"]) == ("xml.element", "Patient.nam")


def test_a_folder_is_sorted_into_what_is_fhirs_and_what_is_not(tmp_path: Path) -> None:
    (tmp_path / "bundle.xml").write_bytes(xml_of(BUNDLE))
    (tmp_path / "cda.xml").write_bytes(b'<ClinicalDocument xmlns="urn:hl7-org:v3"/>')
    (tmp_path / "cut.xml").write_bytes(xml_of(PATIENT)[:-9])
    (tmp_path / "one.xml").write_bytes(xml_of(PATIENT))
    (tmp_path / "r5.xml").write_bytes(b'<Encounter xmlns="http://hl7.org/fhir"><actualPeriod/></Encounter>')
    assert {one.path.name: one.form for one in find([tmp_path])} == {
        "bundle.xml": Form.BUNDLE,
        "cut.xml": Form.BROKEN_XML,
        "one.xml": Form.RESOURCE,
        "r5.xml": Form.BROKEN_XML,
    }
    [one] = [found for found in find([tmp_path]) if found.path.name == "one.xml"]
    assert list(lines(one)) == [(1, PATIENT)]
    with pytest.raises(BadRequest):
        list(find([tmp_path / "cda.xml"]))
