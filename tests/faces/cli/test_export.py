"""What an institution gets back is what it handed in, and nobody else's."""

from pathlib import Path

import orjson
import pytest

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.clock import system_clock
from kakehashi.core.errors import BadRequest, Refused
from kakehashi.core.settings import Settings
from kakehashi.engines.house import House
from kakehashi.engines.records import bulk
from kakehashi.faces.cli.export import export
from kakehashi.store import institutions
from kakehashi.store.database import Database

CHUO = Institution(1, "4910100017", "架橋中央病院（架空）", InstitutionType.HOSPITAL)
MINATO = Institution(2, "4910100033", "みなと総合病院（架空）", InstitutionType.HOSPITAL)


def _system(site: Institution, role: Role = Role.SYSTEM) -> Actor:
    scopes = ("system/*.cruds",) if role is Role.SYSTEM else ()
    return Actor("system", role, site, Purpose.TREATMENT, scopes=scopes)


def _lines(site: str, count: int) -> list[tuple[int, bytes]]:
    patient = {
        "resourceType": "Patient",
        "id": f"{site}-p",
        "name": [{"text": "見本 花子"}],
        "birthDate": "1960-01-01",
    }
    weights = [
        b'{"resourceType": "Observation", "id": "%s-%d", "status": "final", "code": {"text": "weight"},'
        b' "subject": {"reference": "Patient/%s-p"}, "valueQuantity": {"value": 60.%d0, "unit": "kg"}}'
        % (site.encode(), number, site.encode(), number)
        for number in range(count)
    ]
    return list(enumerate([orjson.dumps(patient), *weights], 1))


@pytest.fixture
async def house(db: Database, tmp_path: Path) -> House:
    house = House(db, Settings(home=tmp_path), system_clock)
    async with db.transaction() as tx:
        for site in (CHUO, MINATO):
            await institutions.put(tx, site)
    for site, name in ((CHUO, "chuo"), (MINATO, "minato")):
        taken = await bulk.take(house, _lines(name, 3), by=_system(site), at=house.clock())
        assert taken.stored == {"Patient": 1, "Observation": 3}
    return house


async def test_an_export_holds_the_own_records_and_no_others_with_their_decimals(
    house: House, tmp_path: Path
) -> None:
    counts = await export(house, tmp_path / "out", by=_system(CHUO))
    assert counts == {"Patient": 1, "Observation": 3}
    lines = (tmp_path / "out" / "Observation.ndjson").read_bytes().splitlines()
    assert sorted(orjson.loads(line)["id"] for line in lines) == ["chuo-0", "chuo-1", "chuo-2"]
    assert all(b'"value": 60.' in line and b'0, "unit"' in line for line in lines)


async def test_a_folder_that_holds_something_is_left_alone(house: House, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter.txt").write_text("mine", "utf-8")
    with pytest.raises(BadRequest):
        await export(house, tmp_path / "out", by=_system(CHUO))
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["letter.txt"]


async def test_a_doctor_may_not_carry_the_records_away(house: House, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        await export(house, tmp_path / "out", by=_system(CHUO, Role.DOCTOR))
