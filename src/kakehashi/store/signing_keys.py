"""The server's own signing keys, sealed; opened only in trust/."""

from dataclasses import dataclass
from datetime import datetime

from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("tokens")


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A private key as stored. It signs until `signs_until`; what it signed is trusted `trusted_until`."""

    kid: str
    sealed: bytes
    made_at: datetime
    signs_until: datetime
    trusted_until: datetime
    algorithm: str


@dataclass(frozen=True, slots=True)
class KeyLife:
    """What may be shown of a key: since when it signs, until when it is trusted, and whether it was withdrawn."""

    kid: str
    made_at: datetime
    signs_until: datetime
    trusted_until: datetime
    withdrawn_at: datetime | None
    algorithm: str


async def lock(tx: Connection) -> None:
    """Hold back other makers of keys until the transaction ends."""
    await tx.execute(_SQL["signing_key_lock"])


async def put(tx: Connection, key: SealedKey) -> None:
    """Keep a new key."""
    await tx.execute(
        _SQL["signing_key_put"],
        key.kid,
        key.sealed,
        key.made_at,
        key.signs_until,
        key.trusted_until,
        key.algorithm,
    )


async def trusted(tx: Connection, at: datetime) -> list[SealedKey]:
    """Return the keys whose signatures are trusted, the newest first."""
    return [SealedKey(**dict(row)) for row in await tx.fetch(_SQL["signing_keys"], at)]


async def of_late(tx: Connection, since: datetime) -> list[KeyLife]:
    """Return the keys that were trusted since then, withdrawn ones too, the newest first."""
    return [KeyLife(**dict(row)) for row in await tx.fetch(_SQL["signing_keys_of_late"], since)]


async def withdraw(tx: Connection, kid: str, at: datetime) -> bool:
    """Trust a key no more, at once; say whether there was one to withdraw."""
    return await tx.fetchval(_SQL["signing_key_withdraw"], kid, at) is not None
