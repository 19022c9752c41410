"""Views over the store: the same rows as over the NDJSON of the same records, through the window, and logged.

All persons are synthetic.
"""

import random
from pathlib import Path
from typing import Any

import orjson
import pytest

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.clock import system_clock
from kakehashi.core.errors import NotFound, Refused
from kakehashi.core.settings import Settings
from kakehashi.engines.house import House
from kakehashi.engines.records import bulk
from kakehashi.engines.records.asked import Asked
from kakehashi.engines.views import pieces
from kakehashi.engines.views.formats import Format
from kakehashi.engines.views.pieces import Job
from kakehashi.engines.views.shipped import shipped
from kakehashi.engines.views.stored import stored
from kakehashi.faces.cli.export import export
from kakehashi.fhir.views.compiling import view_of
from kakehashi.store import institutions, reach
from kakehashi.store.database import Database

CHUO = Institution(1, "4910100017", "架橋中央病院（架空）", InstitutionType.HOSPITAL)
MINATO = Institution(2, "4910100033", "みなと総合病院（架空）", InstitutionType.HOSPITAL)
PEOPLE = 7
Json = dict[str, Any]


def system(
    site: Institution, role: Role = Role.SYSTEM, scopes: tuple[str, ...] = ("system/*.cruds",)
) -> Actor:
    return Actor("view", role, site, Purpose.TREATMENT, scopes=scopes if role is Role.SYSTEM else ())


def coded(random: random.Random, *systems: str) -> Json:
    codings = [{"system": one, "code": str(random.randrange(5))} for one in systems if random.random() < 0.7]
    return {"text": "見本", **({"coding": codings} if codings else {})}


def record_of(random: random.Random, site: str, number: int) -> list[Json]:
    """A person's records, with and without what may be missing."""
    who = {"reference": f"Patient/{site}-{number}"}
    day = random.choice(["2026", "2026-05", "2026-05-19", "2026-05-19T10:20:00+09:00"])
    return [
        {"resourceType": "Patient", "id": f"{site}-{number}", "birthDate": day[:10],
         "name": [{"text": f"見本 {number}"}]},
        *(
            {"resourceType": "Observation", "id": f"{site}-{number}-lab-{i}", "status": "final",
             "subject": who,
             "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category",
                                       "code": random.choice(["laboratory", "vital-signs"])}]}],
             "code": coded(random, "urn:oid:1.2.392.200119.4.504", "http://loinc.org"), "effectiveDateTime": day,
             "valueQuantity": {"value": random.choice([1, 2.5, 120]), "unit": "U"}}
            for i in range(random.randrange(4))
        ),
        {"resourceType": "Condition", "id": f"{site}-{number}-disease", "subject": who,
         "code": coded(random, "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/ICD10-2013-full"), "onsetDateTime": day},
        {"resourceType": "MedicationRequest", "id": f"{site}-{number}-order", "status": "active", "intent": "order",
         "subject": who, "medicationCodeableConcept": coded(random, "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code")},
    ]  # fmt: skip


@pytest.fixture
async def house(db: Database, tmp_path: Path) -> House:
    house = House(db, Settings(home=tmp_path), system_clock)
    async with db.transaction() as tx:
        for site in (CHUO, MINATO):
            await institutions.put(tx, site)
    chance = random.Random(7)
    for site, name in ((CHUO, "chuo"), (MINATO, "minato")):
        trees = [tree for number in range(PEOPLE) for tree in record_of(chance, name, number)]
        lines = list(enumerate(map(orjson.dumps, trees), 1))
        taken = await bulk.take(house, lines, by=system(site), at=house.clock())
        assert not taken.refused
    return house


async def rows_in_store(house: House, actor: Actor, definition: bytes, **narrowed: Any) -> list[bytes]:
    job, found = Job(definition, Format.NDJSON), []
    async for page in stored(
        house, Asked(actor, house.clock()), view_of(definition).resource, page=5, **narrowed
    ):
        found += pieces.of_packed(job, [row.packed for row in page]).encoded.splitlines()
    return sorted(found)


@pytest.mark.parametrize("name", shipped())
async def test_a_view_finds_the_same_in_the_store_and_in_its_export(
    house: House, tmp_path: Path, name: str
) -> None:
    definition = shipped()[name]
    counts = await export(house, tmp_path / "out", by=system(CHUO))
    file = tmp_path / "out" / f"{view_of(definition).resource}.ndjson"
    job = Job(definition, Format.NDJSON)
    exported = [pieces.of_range(job, file, *one) for one in pieces.ranges(file)] if file.exists() else []
    in_store = await rows_in_store(house, system(CHUO), definition)
    assert in_store == sorted(line for piece in exported for line in piece.encoded.splitlines())
    assert b"minato" not in b"".join(in_store)
    assert bool(in_store) == (counts.get(view_of(definition).resource, 0) > 0)


async def test_what_is_read_is_logged_and_nothing_of_others(house: House) -> None:
    await rows_in_store(house, system(CHUO), shipped()["jp_patients"])
    async with house.db.transaction() as tx:
        await reach.open_on(tx, reach.WHOLE_LOG)
        kept = [orjson.loads(row["entry"]) for row in await tx.fetch("SELECT entry FROM log")]
    looks = [one for one in kept if one["action"] == "export"]
    items = sorted(item.partition("/_history")[0] for one in looks for item in one["items"])
    assert items == sorted(f"Patient/chuo-{number}" for number in range(PEOPLE))
    assert {one["what"] for one in looks} == {"Patient"}


async def test_one_patient_is_that_patients_records_only(house: House) -> None:
    found = await rows_in_store(house, system(CHUO), shipped()["jp_conditions"], patient="chuo-3")
    assert [orjson.loads(row)["patient"] for row in found] == ["Patient/chuo-3"]


@pytest.mark.parametrize("patient", ["minato-3", "nobody"])
async def test_another_institutions_patient_and_nobody_are_the_same(house: House, patient: str) -> None:
    with pytest.raises(NotFound):
        await rows_in_store(house, system(CHUO), shipped()["jp_conditions"], patient=patient)


async def test_what_was_stored_before_can_be_left_out(house: House) -> None:
    assert await rows_in_store(house, system(CHUO), shipped()["jp_patients"], since=house.clock()) == []


@pytest.mark.parametrize(
    "role", [Role.DOCTOR, Role.NURSE, Role.CLERK, Role.PHARMACIST, Role.OPERATOR, Role.AUDITOR]
)
async def test_who_may_not_carry_records_away_makes_no_tables(house: House, role: Role) -> None:
    with pytest.raises(Refused):
        await rows_in_store(house, system(CHUO, role), shipped()["jp_patients"])


async def test_a_token_for_one_type_makes_tables_of_that_type_only(house: House) -> None:
    actor = system(CHUO, scopes=("system/Patient.rs",))
    assert len(await rows_in_store(house, actor, shipped()["jp_patients"])) == PEOPLE
    with pytest.raises(Refused):
        await rows_in_store(house, actor, shipped()["jp_conditions"])
