"""A real database with two synthetic hospitals, and a synthetic doctor who has signed in once."""

from pathlib import Path

import pytest
from signin_people import MIDORI, SAKURA, Doctor, make_doctor

from kakehashi.store import institutions
from kakehashi.store.database import Database
from kakehashi.trust.keys import Vault
from kakehashi.trust.signin import setup


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.at(tmp_path)


@pytest.fixture
async def hospitals(db: Database) -> Database:
    """The database with two hospitals and the operator in it."""
    async with db.transaction() as tx:
        for place in (setup.OPERATOR, SAKURA, MIDORI):
            await institutions.put(tx, place)
    return db


@pytest.fixture
async def doctor(hospitals: Database, vault: Vault) -> Doctor:
    return await make_doctor(hospitals, vault)
