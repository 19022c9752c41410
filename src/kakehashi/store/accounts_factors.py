"""What an account proves itself with: password, TOTP, recovery codes, passkeys.

What is good once is used up in one statement, so that of two at once one wins.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from kakehashi.core.errors import Conflict
from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("accounts")


@dataclass(frozen=True, slots=True)
class Password:
    """An argon2id hash. `initial`: given by another, good once; `spent_at`: when that once was."""

    hash: str
    changed_at: datetime
    initial: bool
    spent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Totp:
    """A sealed TOTP secret; `last_step` is the time step of the last code taken."""

    sealed: bytes
    last_step: int


@dataclass(frozen=True, slots=True)
class Passkey:
    """A registered passkey. `suspended_at`: its counter went back, so a copy may exist."""

    id: bytes
    account: str
    public_key: bytes
    sign_count: int
    label: str
    created_at: datetime
    used_at: datetime | None
    suspended_at: datetime | None


async def put_password(tx: Connection, account: str, text: str, at: datetime, *, initial: bool) -> None:
    """Keep a password's hash in place of the former one."""
    await tx.execute(_SQL["password_put"], account, text, at, initial)


async def password(tx: Connection, account: str) -> Password | None:
    """Return the password's hash, or None."""
    row = await tx.fetchrow(_SQL["password_of"], account)
    return None if row is None else Password(**dict(row))


async def spend_password(tx: Connection, account: str, text: str, at: datetime) -> bool:
    """Use up an initial password (by its hash); of two at once, one is told True."""
    return await tx.fetchval(_SQL["password_spend"], account, text, at) is not None


async def offer_totp(tx: Connection, account: str, sealed: bytes, at: datetime) -> None:
    """Keep a secret that was shown; the one in use stays until a code proves the new one."""
    await tx.execute(_SQL["totp_offer"], account, sealed, at)


async def offered_totp(tx: Connection, account: str, since: datetime) -> bytes | None:
    """Return the sealed secret shown since then and not yet proven, or None."""
    sealed: bytes | None = await tx.fetchval(_SQL["totp_offered"], account, since)
    return sealed


async def confirm_totp(tx: Connection, account: str, sealed: bytes, step: int, at: datetime) -> bool:
    """Put the secret shown in use, its first code used up; of two at once, one is told True."""
    return await tx.fetchval(_SQL["totp_confirm"], account, sealed, step, at) is not None


async def totp(tx: Connection, account: str) -> Totp | None:
    """Return the TOTP secret in use, or None."""
    row = await tx.fetchrow(_SQL["totp_of"], account)
    return None if row is None else Totp(**dict(row))


async def take_totp(tx: Connection, account: str, held: Totp, step: int) -> bool:
    """Use up the code of a time step; of two at once, one is told True."""
    return await tx.fetchval(_SQL["totp_take"], account, held.sealed, step) is not None


async def drop_totp(tx: Connection, account: str) -> None:
    """Forget the TOTP secret."""
    await tx.execute(_SQL["totp_drop"], account)


async def put_recovery(tx: Connection, account: str, hashes: Sequence[bytes]) -> None:
    """Keep new recovery codes (hashes) in place of the former ones."""
    await tx.execute(_SQL["recovery_clear"], account)
    await tx.execute(_SQL["recovery_put"], account, list(hashes))


async def take_recovery(tx: Connection, account: str, code: bytes, at: datetime) -> bool:
    """Use up a recovery code (hash); of two at once, one is told True."""
    return await tx.fetchval(_SQL["recovery_take"], account, code, at) is not None


async def recovery_left(tx: Connection, account: str) -> int:
    """Return how many recovery codes are left."""
    return int(await tx.fetchval(_SQL["recovery_left"], account))


async def put_passkey(tx: Connection, passkey: Passkey) -> None:
    """Keep a new passkey. Raises Conflict when it is registered already."""
    try:
        await tx.execute(
            _SQL["passkey_put"],
            passkey.id,
            passkey.account,
            passkey.public_key,
            passkey.sign_count,
            passkey.label,
            passkey.created_at,
        )
    except asyncpg.UniqueViolationError:
        raise Conflict(
            "このパスキーは既に登録されています。",
            "This passkey is registered already.",
            rule="signin.passkey.unique",
        ) from None


async def passkey(tx: Connection, key: bytes) -> Passkey | None:
    """Return the passkey with this credential id, or None."""
    row = await tx.fetchrow(_SQL["passkey_by_id"], key)
    return None if row is None else Passkey(**dict(row))


async def passkeys(tx: Connection, account: str) -> list[Passkey]:
    """Return the passkeys of an account, the oldest first."""
    return [Passkey(**dict(row)) for row in await tx.fetch(_SQL["passkeys_of"], account)]


async def use_passkey(tx: Connection, key: bytes, count: int, at: datetime) -> bool:
    """Move the counter on; False when it would stand still or go back, or the passkey is suspended."""
    return await tx.fetchval(_SQL["passkey_use"], key, count, at) is not None


async def suspend_passkey(tx: Connection, account: str, key: bytes, at: datetime) -> bool:
    """Take a passkey out of use; say whether there was one in use."""
    return await tx.fetchval(_SQL["passkey_suspend"], key, at, account) is not None


async def suspend_passkeys(tx: Connection, account: str, at: datetime) -> None:
    """Take every passkey of an account out of use."""
    await tx.execute(_SQL["passkeys_suspend"], account, at)


async def put_challenge(tx: Connection, challenge: bytes, account: str | None, expires_at: datetime) -> None:
    """Keep a challenge (hash), for one account's registration or (None) anybody's sign-in."""
    await tx.execute(_SQL["challenge_put"], challenge, account, expires_at)


async def take_challenge(tx: Connection, challenge: bytes, account: str | None, at: datetime) -> bool:
    """Use up a challenge; True once, and only for whom it was made."""
    row = await tx.fetchrow(_SQL["challenge_take"], challenge, at)
    return row is not None and row["account"] == account


async def has_second(tx: Connection, account: str) -> bool:
    """Say whether a second factor (TOTP or a passkey in use) is enrolled."""
    return bool(await tx.fetchval(_SQL["has_second_factor"], account))
