"""A real database with two hospitals, one of which has a registered system."""

from pathlib import Path

import pytest
from oauth_systems import ISSUER, MIDORI, NOON, OPERATOR, SAKURA, System, new_system

from kakehashi.core.actors import Purpose
from kakehashi.store import institutions
from kakehashi.store.database import Database
from kakehashi.trust.keys import Vault
from kakehashi.trust.oauth import clients
from kakehashi.trust.oauth.tokens import Tokens
from kakehashi.trust.signin import setup


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.at(tmp_path)


@pytest.fixture
async def tokens(db: Database, vault: Vault) -> Tokens:
    """The token service, at a server with two hospitals."""
    async with db.transaction() as tx:
        for place in (setup.OPERATOR, SAKURA, MIDORI):
            await institutions.put(tx, place)
    return Tokens(db, vault, ISSUER)


@pytest.fixture
async def system(tokens: Tokens) -> System:
    """The EHR system of 桜台総合病院: may read and search everything, and write observations."""
    made = new_system()
    await clients.register(
        tokens.db, made.id, "電子カルテ", SAKURA, scope=["system/*.rs", "system/Observation.cruds"],
        purposes=[Purpose.TREATMENT, Purpose.PAYMENT], jwks=made.jwks(), by=OPERATOR, at=NOON,
    )  # fmt: skip
    return made
