"""The server's own keys: ES256 for access tokens, RS256 for ID tokens, made and changed by the server, sealed.

A key signs for 30 days and is trusted until what it signed has expired. Its public half is worked out
from the sealed private half, so whoever can write to the database but lacks the key file can add no key
of their own.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from joserfc.jwk import ECKey, RSAKey

from kakehashi.core.actors import Actor
from kakehashi.core.errors import NotFound
from kakehashi.store import signing_keys as store
from kakehashi.store.database import Connection, Database
from kakehashi.store.signing_keys import KeyLife, SealedKey
from kakehashi.trust import log_note, roles
from kakehashi.trust.keys import Vault
from kakehashi.trust.oauth.jose import Key

ALGORITHM = "ES256"  # of access tokens
FOR_IDS = "RS256"  # of ID tokens: the one that OpenID Connect wants of everybody
_RSA_BITS = 2048
SIGNS_FOR = timedelta(days=30)
TRUSTED_AFTER = timedelta(days=1)  # no token outlives this
_PURPOSE = "signing-key:"
_SHOWN = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An opened key. `key` holds the private half."""

    kid: str
    key: Key
    signs_until: datetime
    trusted_until: datetime
    algorithm: str


async def ready(
    db: Database, vault: Vault, *, at: datetime, known: Sequence[SigningKey] = (), algorithm: str = ALGORITHM
) -> list[SigningKey]:
    """Return the trusted keys of an algorithm, the newest (which signs) first; make one where none may sign any more.

    `known`: keys opened before, so that only new ones need to be.
    """
    async with db.transaction() as tx:
        keys = await _trusted(tx, at, algorithm)
        if not keys or keys[0].signs_until <= at:
            await store.lock(tx)
            keys = await _trusted(tx, at, algorithm)  # another may have made one while we waited
            if not keys or keys[0].signs_until <= at:
                await _make(tx, vault, at, algorithm)
                keys = await _trusted(tx, at, algorithm)
    opened = {one.kid: one for one in known}
    return [opened.get(one.kid) or _opened(one, vault) for one in keys]


async def rotate(db: Database, vault: Vault, *, by: Actor, at: datetime) -> str:
    """Make a new key now, and return its kid; what the former ones signed stays good until it expires."""
    roles.require(by, roles.Interaction.CONSOLE_KEYS)
    async with db.transaction() as tx:
        await store.lock(tx)
        kid = await _make(tx, vault, at)
        if await _trusted(tx, at, FOR_IDS):
            await _make(tx, vault, at, FOR_IDS)
        await log_note.record(tx, "signing-key.made", f"SigningKey/{kid}", person=0, by=by, at=at)
    return kid


async def withdraw(db: Database, kid: str, *, by: Actor, at: datetime) -> None:
    """Trust a key no more, at once, because it may be known to others. Raises NotFound when there is none."""
    roles.require(by, roles.Interaction.CONSOLE_KEYS)
    async with db.transaction() as tx:
        if not await store.withdraw(tx, kid, at):
            raise NotFound
        await log_note.record(tx, "signing-key.withdrawn", f"SigningKey/{kid}", person=0, by=by, at=at)


async def of_late(db: Connection, *, by: Actor, at: datetime) -> list[KeyLife]:
    """Return the keys that were trusted within 90 days, the newest (which signs) first. Raises Refused."""
    roles.require(by, roles.Interaction.CONSOLE_KEYS)
    return await store.of_late(db, at - _SHOWN)


def publication(keys: list[SigningKey]) -> dict[str, list[dict[str, str]]]:
    """Return the JWK set to publish: public halves only."""
    return {"keys": [_public(one) for one in keys]}


async def _trusted(tx: Connection, at: datetime, algorithm: str) -> list[SealedKey]:
    return [one for one in await store.trusted(tx, at) if one.algorithm == algorithm]


async def _make(tx: Connection, vault: Vault, at: datetime, algorithm: str = ALGORITHM) -> str:
    key: Key
    if algorithm == ALGORITHM:
        key = ECKey.generate_key("P-256")
    else:
        key = await asyncio.to_thread(RSAKey.generate_key, _RSA_BITS)  # a tenth of a second
    kid = key.thumbprint()
    sealed = vault.seal(key.as_der(private=True), _PURPOSE + kid)
    until = at + SIGNS_FOR
    await store.put(tx, SealedKey(kid, sealed, at, until, until + TRUSTED_AFTER, algorithm))
    return kid


def _opened(held: SealedKey, vault: Vault) -> SigningKey:
    der = vault.open(held.sealed, _PURPOSE + held.kid)
    key: Key = ECKey.import_key(der) if held.algorithm == ALGORITHM else RSAKey.import_key(der)
    return SigningKey(held.kid, key, held.signs_until, held.trusted_until, held.algorithm)


def _public(one: SigningKey) -> dict[str, str]:
    said = one.key.as_dict(private=False)
    names = ("kty", "crv", "x", "y") if one.algorithm == ALGORITHM else ("kty", "n", "e")
    return {**{name: str(said[name]) for name in names}, "kid": one.kid, "alg": one.algorithm, "use": "sig"}
