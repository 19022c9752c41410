"""A real database with two synthetic hospitals, and a synthetic doctor who has signed in once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from openid_provider import HANAKO, Coming, Teller, provider_of, telling
from signin_people import MIDORI, NOON, OPERATOR, SAKURA, Doctor, make_doctor

from kakehashi.store import institutions
from kakehashi.store.database import Database
from kakehashi.trust.keys import Vault
from kakehashi.trust.signin import setup
from kakehashi.trust.signin.openid import links


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


@pytest.fixture
def teller() -> Iterator[Teller]:
    """An OpenID provider on this machine."""
    with telling() as one:
        yield one


@pytest.fixture
def coming(hospitals: Database, vault: Vault, tmp_path: Path, teller: Teller) -> Coming:
    """Somebody who comes to the hospitals by it."""
    return Coming(hospitals, vault, provider_of(hospitals, vault, tmp_path, teller.issuer), teller)


@pytest.fixture
async def hanako(coming: Coming, doctor: Doctor) -> Doctor:
    """The doctor, linked by the provider's `sub`."""
    await links.link(coming.db, coming.teller.issuer, doctor.account, HANAKO, by=OPERATOR, at=NOON)
    return doctor
