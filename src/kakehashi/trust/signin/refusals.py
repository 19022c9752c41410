"""Refused attempts to sign in, told to operator and auditor through the log (運用編17①).

They are counted by the minute: who was tried, how, from which network, how often. Ended minutes become entries of the
log, a bounded number of them, so an attacker fills counts and not the log. A login that is no account leaves four
digits of a hash: enough to see one being tried again, too little to find what was typed (it may be a password).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from ipaddress import ip_address, ip_network

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.errors import Refused, TooMany, Unauthenticated
from kakehashi.core.logentry import Note
from kakehashi.store import accounts, clients, log_append, refusals
from kakehashi.store.database import Connection, Database
from kakehashi.store.refusals import Row

ACTION = "signin.refused"
_PLATFORM = Institution(0, "0000000000", "架け橋 運用", InstitutionType.OPERATOR)
_PREFIX = {4: 24, 6: 48}  # bits of an address that name its network


@dataclass(slots=True)
class Tried:
    """Who an attempt is for, as far as it is known by now: an account's or client's id."""

    account: str = ""


@asynccontextmanager
async def told(
    db: Database, way: str, *, at: datetime, login: str = "", account: str = "", address: str = ""
) -> AsyncIterator[Tried]:
    """Count the attempt made inside, if it is refused; the refusal goes on to the caller as it is.

    `way`: "password", "second", "passkey", "openid". An attempt that had to wait counts as `way`.wait.
    """
    tried = Tried(account)
    try:
        yield tried
    except (Unauthenticated, TooMany, Refused) as refusal:
        said = f"{way}.wait" if isinstance(refusal, TooMany) else way
        await note(db, said, at=at, login=login, account=tried.account, address=address)
        raise


async def note(
    db: Database,
    way: str,
    *,
    at: datetime,
    login: str = "",
    account: str = "",
    address: str = "",
    times: int = 1,
) -> None:
    """Count a refusal, in a transaction of its own. A login that exists costs what one costs that does not."""
    async with db.transaction() as tx:
        await refusals.count(
            tx,
            _minute(at),
            way,
            login=login,
            tried=account or mark_of(login),
            network=network_of(address),
            times=times,
        )


async def settle(db: Database, *, at: datetime) -> int:
    """Put the minutes that have ended into the log; return how many entries they became."""
    async with db.transaction() as tx:
        lines = await refusals.take(tx, _minute(at))
        for line in sorted(lines, key=lambda one: (one["minute"], one["way"], one["tried"])):
            actor = await named(tx, line["tried"])
            await log_append.append(tx, _note(actor, line), (), at=line["minute"])
    return len(lines)


def mark_of(login: str) -> str:
    """Return the mark of a login that is nobody's; "" for none.

    >>> mark_of("hanako")
    '?eb49'
    """
    return f"?{sha256(login.encode('utf-8', 'surrogatepass')).hexdigest()[:4]}" if login else ""


def network_of(address: str) -> str:
    """Return the network of an address, "loopback", or "" for what is no address.

    >>> network_of("203.0.113.77"), network_of("::1")
    ('203.0.113.0/24', 'loopback')
    """
    try:
        read = ip_address(address)
    except ValueError:
        return ""
    return "loopback" if read.is_loopback else str(ip_network((read, _PREFIX[read.version]), strict=False))


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _note(actor: Actor, line: Row) -> Note:
    return Note(actor, ACTION, line["way"], because=line["network"], reason=f"{line['count']}×")


async def named(tx: Connection, tried: str) -> Actor:
    """Return who was tried, as the log names somebody: at their institution, so that its auditor reads it too."""
    if tried and not tried.startswith("?"):
        if client := await clients.by_id(tx, tried):
            return Actor(tried, Role.SYSTEM, client.institution, Purpose.OPERATIONS)
        works = await accounts.memberships(tx, tried)
        role, place = (works[0].role, works[0].institution) if works else (Role.PERSON, _PLATFORM)
        return Actor(tried, role, place, Purpose.OPERATIONS)
    return Actor(tried, Role.SYSTEM, _PLATFORM, Purpose.OPERATIONS)
