"""Attempts are counted before they are tried, so that many at once gain nothing; waiting grows by doubling.

Three counters slow guessing: this login from this address, this address, and this login from anywhere.
The third is passed over at addresses from which the person has signed in before, so nobody can lock
another out. A login that does not exist is counted like one that does.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from kakehashi.core.errors import TooMany
from kakehashi.store import accounts_attempts
from kakehashi.store.database import Connection

KNOWN_FOR = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Limit:
    """Attempts that are free, then the longest wait in seconds."""

    free: int
    longest: float


PAIR = Limit(5, 900)
ADDRESS = Limit(50, 900)  # a hospital's people share an address
LOGIN = Limit(20, 30)  # short: it also slows the person at a new address
SECOND = Limit(5, 900)  # whoever gets here knows the password


@dataclass(frozen=True, slots=True)
class Gate:
    """The counters of one attempt to sign in, as hashes."""

    pair: bytes
    address: bytes
    login: bytes

    @classmethod
    def of(cls, login: str, address: str) -> "Gate":
        """Return the counters for this login (in lower case) at this address."""
        return cls(_bucket("pair", login, address), _bucket("address", address), _bucket("login", login))


async def enter(tx: Connection, gate: Gate, at: datetime) -> None:
    """Count an attempt. Raises TooMany when it must wait; then nothing was counted."""
    if not await accounts_attempts.known(tx, gate.pair, at - KNOWN_FOR):
        await _count(tx, gate.login, LOGIN, at)
    await _count(tx, gate.pair, PAIR, at)
    await _count(tx, gate.address, ADDRESS, at)


async def passed(tx: Connection, gate: Gate, at: datetime) -> None:
    """Note a success: its own counters begin anew, the address is forgiven this one attempt only."""
    await accounts_attempts.forget(tx, [gate.pair, gate.login])
    await accounts_attempts.forgive(tx, gate.address)
    await accounts_attempts.put_known(tx, gate.pair, at)


async def enter_from(tx: Connection, address: str, at: datetime) -> None:
    """Count an attempt that names no login, for its address. Raises TooMany when it must wait."""
    await _count(tx, _bucket("address", address), ADDRESS, at)


async def passed_from(tx: Connection, address: str) -> None:
    """Note that such an attempt was none at guessing: the address is forgiven this one."""
    await accounts_attempts.forgive(tx, _bucket("address", address))


async def enter_second(tx: Connection, account: str, at: datetime) -> None:
    """Count an attempt at an account's second factor. Raises TooMany when it must wait."""
    await _count(tx, _bucket("second", account), SECOND, at)


async def passed_second(tx: Connection, account: str) -> None:
    """Note a success at the second factor."""
    await accounts_attempts.forget(tx, [_bucket("second", account)])


async def _count(tx: Connection, bucket: bytes, limit: Limit, at: datetime) -> None:
    if await accounts_attempts.count(tx, bucket, at, free=limit.free, longest=limit.longest) is None:
        raise TooMany(
            "試行が多すぎます。しばらく待ってからやり直してください。",
            "Too many attempts. Please wait a while before the next one.",
            rule="signin.wait",
        )


def _bucket(*parts: str) -> bytes:
    return sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).digest()
