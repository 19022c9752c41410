"""Identities at an OpenID provider: which account each is, what is prepared, and what rests on them. Rows only."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from kakehashi.core.errors import Conflict
from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("openid")


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands with a provider. `invited`: something is prepared, until `ends_at`; `username`: by name."""

    account: str
    login: str
    name: str
    linked_at: datetime | None
    username: str | None
    ends_at: datetime | None
    invited: bool


async def account_of(tx: Connection, issuer: str, subject: str) -> str | None:
    """Return the account that an identity is linked to, or None."""
    found: str | None = await tx.fetchval(_SQL["link_of"], issuer, subject)
    return found


async def link(tx: Connection, issuer: str, subject: str, account: str, *, at: datetime, by: str) -> None:
    """Link an identity to an account. Raises Conflict when either is linked already; then the transaction is over."""
    try:
        await tx.execute(_SQL["link_put"], issuer, subject, account, at, by)
    except asyncpg.UniqueViolationError:
        raise linked_already() from None


def linked_already() -> Conflict:
    """Return the refusal of a second link."""
    return Conflict(
        "この利用者か、プロバイダーの利用者は、既に結び付いています。先に外してください。",
        "This account, or this user of the provider, is linked already. End that link first.",
        rule="signin.openid.linked",
    )


async def unlink(tx: Connection, account: str) -> bool:
    """End an account's links and whatever is prepared for it; say whether there was a link."""
    await tx.execute(_SQL["invitation_end"], account)
    return bool(await tx.fetch(_SQL["link_end"], account))


async def is_linked(tx: Connection, account: str) -> bool:
    """Say whether an account is linked to an identity anywhere."""
    return bool(await tx.fetchval(_SQL["linked"], account))


async def invite(
    tx: Connection, issuer: str, account: str, *, hashed: bytes | None, username: str | None, at: datetime, by: str,
    ends_at: datetime,
) -> None:  # fmt: skip
    """Prepare a link by a code (its hash) or by a name at the provider. Raises Conflict where the name is another's."""
    try:
        await tx.execute(_SQL["invitation_put"], issuer, account, hashed, username, at, by, ends_at)
    except asyncpg.UniqueViolationError:
        raise Conflict(
            "この名前は、ほかの利用者のために登録されています。",
            "This name is prepared for another account.",
            rule="signin.openid.username",
            place="username",
        ) from None


async def take_invitation(
    tx: Connection, issuer: str, *, at: datetime, hashed: bytes | None = None, username: str | None = None
) -> tuple[str, str] | None:
    """Use an invitation up; return its account and who made it, or None."""
    row = await tx.fetchrow(_SQL["invitation_take"], issuer, hashed, username, at)
    return (row["account"], row["made_by"]) if row else None


async def put_arrival(tx: Connection, hashed: bytes, sealed: bytes, expires_at: datetime) -> None:
    """Keep a proven identity, sealed."""
    await tx.execute(_SQL["arrival_put"], hashed, sealed, expires_at)


async def arrival(tx: Connection, hashed: bytes, at: datetime, *, take: bool) -> bytes | None:
    """Return a proven identity, sealed, or None; `take` uses it up."""
    found: bytes | None = await tx.fetchval(_SQL["arrival_take" if take else "arrival_look"], hashed, at)
    return found


async def first_seen(tx: Connection, hashed: bytes, expires_at: datetime) -> bool:
    """Note what is good once; say whether it is the first time."""
    return await tx.fetchval(_SQL["seen_put"], hashed, expires_at) is not None


async def was_seen(tx: Connection, hashed: bytes) -> bool:
    """Say whether something was noted before."""
    return bool(await tx.fetchval(_SQL["seen"], hashed))


async def rest(
    tx: Connection, token: bytes, issuer: str, subject: str, sid: str, *, sealed: bytes, proven_at: datetime,
    ends_at: datetime,
) -> None:  # fmt: skip
    """Have a session (token hash) rest on a provider's word of `proven_at`; it ends by `ends_at`."""
    await tx.execute(_SQL["session_rest"], token, issuer, subject, sid, sealed, proven_at, ends_at)


async def rests(tx: Connection, session: str) -> bool:
    """Say whether a session rests on a provider's word."""
    return bool(await tx.fetchval(_SQL["session_rests"], session))


async def take_token(tx: Connection, token: bytes) -> bytes | None:
    """Take out the sealed id_token of an open session (token hash), or None."""
    found: bytes | None = await tx.fetchval(_SQL["session_leaves"], token)
    return found


async def open_there(tx: Connection, issuer: str, subject: str, sid: str) -> list[bytes]:
    """Return the token hashes of open sessions of an identity (or "") and of one session there (or "")."""
    return [row["hash"] for row in await tx.fetch(_SQL["sessions_there"], issuer, subject, sid)]


async def roll(tx: Connection, institution: int, issuer: str, at: datetime) -> list[Standing]:
    """Return how an institution's accounts stand with a provider, by login."""
    return [Standing(**dict(row)) for row in await tx.fetch(_SQL["roll"], institution, issuer, at)]


async def reserve(tx: Connection) -> int:
    """Return how many operators are linked nowhere."""
    return int(await tx.fetchval(_SQL["reserve"]))


async def is_reserve(tx: Connection, account: str) -> bool:
    """Say whether an account is an operator's that is linked nowhere."""
    return bool(await tx.fetchval(_SQL["is_reserve"], account))


async def tidy(tx: Connection, at: datetime) -> None:
    """Remove what is over."""
    for name in ("tidy_arrivals", "tidy_seen", "tidy_invitations", "tidy_tokens"):
        await tx.execute(_SQL[name], at)
