"""Files in a request folder, verdicts in a response folder, on a real database."""

from pathlib import Path

import orjson
import pytest
from builders import BUILDERS, HOSPITAL

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.clock import system_clock
from kakehashi.core.settings import Settings
from kakehashi.engines.house import House
from kakehashi.faces.cli.exchange import folder_of
from kakehashi.services.sharing.folder import ExchangeFolder
from kakehashi.store import institutions
from kakehashi.store.database import Database

SITE = Institution(1, HOSPITAL, "東山病院（架空）", InstitutionType.HOSPITAL)
SYSTEM = Actor("exchange", Role.SYSTEM, SITE, Purpose.TREATMENT, scopes=("system/*.cruds",))


@pytest.fixture
async def folder(db: Database, tmp_path: Path) -> ExchangeFolder:
    async with db.transaction() as tx:
        await institutions.put(tx, SITE)
    root = tmp_path / "exchange"
    root.mkdir()
    return folder_of(House(db, Settings(home=tmp_path), system_clock), root, SYSTEM)


def ask(folder: ExchangeFolder, serial: int, body: bytes) -> Path:
    """Put a request there and return where its result will be."""
    name = f"C1req_{HOSPITAL}_20261121090000_{serial:03d}"
    (folder.root / "req" / f"{name}.json").write_bytes(body)
    return folder.root / "res" / f"{name.replace('req', 'res')}.json"


async def test_a_good_request_is_registered_and_says_so(folder: ExchangeFolder, db: Database) -> None:
    result = ask(folder, 1, orjson.dumps(BUILDERS["conditions"]()))
    assert await folder.sweep() == 1
    said = orjson.loads(result.read_bytes())
    assert said["result"] == "accepted"
    async with db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM feed") >= 3  # the Bundle, the Patient, the disease


async def test_a_bad_request_is_refused_with_the_rule_and_leaves_nothing(
    folder: ExchangeFolder, db: Database
) -> None:
    bundle = BUILDERS["conditions"]()
    del bundle["identifier"]
    result = ask(folder, 2, orjson.dumps(bundle))
    assert await folder.sweep() == 1
    said = orjson.loads(result.read_bytes())
    assert said["result"] == "refused" and said["problems"]
    async with db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM feed") == 0
