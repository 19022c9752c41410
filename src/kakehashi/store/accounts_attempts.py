"""Failed attempts of late, by bucket (a hash of login, address or both), and what slows them down."""

from collections.abc import Sequence
from datetime import datetime

from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("accounts")
_TIDY = sorted(name for name in _SQL if name.startswith("tidy_accounts_"))


async def count(tx: Connection, bucket: bytes, at: datetime, *, free: int, longest: float) -> int | None:
    """Count one attempt and return how many there were of late, or None when the bucket is blocked.

    After `free` attempts each one blocks the bucket for twice as long as the last, at most `longest` seconds.
    """
    counted: int | None = await tx.fetchval(_SQL["attempt_count"], bucket, at, free, longest)
    return counted


async def forget(tx: Connection, buckets: Sequence[bytes]) -> None:
    """Begin these buckets anew after a success."""
    await tx.execute(_SQL["attempt_forget"], list(buckets))


async def forgive(tx: Connection, bucket: bytes) -> None:
    """Take back one attempt after a success, but none of the others (an address that many share)."""
    await tx.execute(_SQL["attempt_forgive"], bucket)


async def put_known(tx: Connection, bucket: bytes, at: datetime) -> None:
    """Note that this login signed in from this address."""
    await tx.execute(_SQL["known_put"], bucket, at)


async def known(tx: Connection, bucket: bytes, since: datetime) -> bool:
    """Say whether this login signed in from this address since then."""
    return bool(await tx.fetchval(_SQL["known"], bucket, since))


async def tidy(tx: Connection, at: datetime) -> None:
    """Remove what no longer counts."""
    for name in _TIDY:
        await tx.execute(_SQL[name], at)
