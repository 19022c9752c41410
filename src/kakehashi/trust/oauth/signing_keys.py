"""The server's own keys for access tokens: ES256, made and changed by the server, sealed by the key file.

A key signs for 30 days and is trusted until what it signed has expired. Its public half is worked out
from the sealed private half, so whoever can write to the database but lacks the key file can add no key
of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from joserfc.jwk import ECKey

from kakehashi.core.actors import Actor
from kakehashi.core.errors import NotFound
from kakehashi.store import signing_keys as store
from kakehashi.store.database import Connection, Database
from kakehashi.store.signing_keys import KeyLife, SealedKey
from kakehashi.trust import log_note, roles
from kakehashi.trust.keys import Vault

ALGORITHM = "ES256"
SIGNS_FOR = timedelta(days=30)
TRUSTED_AFTER = timedelta(days=1)  # no token outlives this
_PURPOSE = "signing-key:"
_SHOWN = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An opened key. `key` holds the private half."""

    kid: str
    key: ECKey
    signs_until: datetime
    trusted_until: datetime


async def ready(
    db: Database, vault: Vault, *, at: datetime, known: Sequence[SigningKey] = ()
) -> list[SigningKey]:
    """Return the trusted keys, the newest (which signs) first; make one where none may sign any more.

    `known`: keys opened before, so that only new ones need to be.
    """
    async with db.transaction() as tx:
        keys = await store.trusted(tx, at)
        if not keys or keys[0].signs_until <= at:
            await store.lock(tx)
            keys = await store.trusted(tx, at)  # another may have made one while we waited
            if not keys or keys[0].signs_until <= at:
                await _make(tx, vault, at)
                keys = await store.trusted(tx, at)
    opened = {one.kid: one for one in known}
    return [opened.get(one.kid) or _opened(one, vault) for one in keys]


async def rotate(db: Database, vault: Vault, *, by: Actor, at: datetime) -> str:
    """Make a new key now, and return its kid; what the former ones signed stays good until it expires."""
    roles.require(by, roles.Interaction.CONSOLE_KEYS)
    async with db.transaction() as tx:
        await store.lock(tx)
        kid = await _make(tx, vault, at)
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


async def _make(tx: Connection, vault: Vault, at: datetime) -> str:
    key = ECKey.generate_key("P-256")
    kid = key.thumbprint()
    sealed = vault.seal(key.as_der(private=True), _PURPOSE + kid)
    until = at + SIGNS_FOR
    await store.put(tx, SealedKey(kid, sealed, at, until, until + TRUSTED_AFTER))
    return kid


def _opened(held: SealedKey, vault: Vault) -> SigningKey:
    key = ECKey.import_key(vault.open(held.sealed, _PURPOSE + held.kid))
    return SigningKey(held.kid, key, held.signs_until, held.trusted_until)


def _public(one: SigningKey) -> dict[str, str]:
    said = one.key.as_dict(private=False)
    plain = {name: str(said[name]) for name in ("kty", "crv", "x", "y")}
    return {**plain, "kid": one.kid, "alg": ALGORITHM, "use": "sig"}
