"""Keys of requests: the same key from the same institution has one effect, however often it is sent.

A claim is made in the transaction of the effect. Who comes second waits for the first to end: after a commit it
gets the first one's outcome, after a roll-back it does the work itself.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from kakehashi.core.errors import KeyReused
from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("idempotency")


@dataclass(frozen=True, slots=True)
class RequestKey:
    """The key of one request: whose, which, and the SHA-256 of what was sent."""

    institution: int
    key: str
    digest: bytes

    @classmethod
    def of(cls, institution: int, key: str, body: bytes) -> "RequestKey":
        """Return the key for a request's body."""
        return cls(institution, key, hashlib.sha256(body).digest())


async def claim(connection: Connection, key: RequestKey, *, at: datetime) -> bytes | None:
    """Take the key for this transaction and return None, or return the outcome of the request that had it.

    Raises KeyReused when that request's body was another one.
    """
    if await connection.fetchval(_SQL["key_claim"], key.institution, key.key, key.digest, at):
        return None
    earlier = await connection.fetchrow(_SQL["key_outcome"], key.institution, key.key)
    if earlier is None or earlier["digest"] != key.digest:
        raise KeyReused(
            "この Idempotency-Key は別の内容で使われています。新しいキーを付けて送り直してください。",
            "This Idempotency-Key was used with another body. Send the request again with a new key.",
            rule="store.idempotency-key",
        )
    outcome: bytes = earlier["outcome"]
    return outcome


async def settle(connection: Connection, key: RequestKey, outcome: bytes) -> None:
    """Keep the outcome with the claimed key."""
    await connection.execute(_SQL["key_settle"], key.institution, key.key, outcome)


async def forget(connection: Connection, *, before: datetime) -> int:
    """Remove keys older than `before` (operations keep them 30 days) and return how many."""
    return int(await connection.fetchval(_SQL["key_forget"], before))
