"""What people allowed to apps: grants with their codes and refresh tokens (as hashes), and launch tokens."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg
import orjson

from kakehashi.core.actors import Purpose, Role
from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("app_grants")


@dataclass(frozen=True, slots=True)
class Code:
    """What a code was given for; it is kept as its hash. `challenge`: PKCE with S256."""

    hash: bytes
    redirect: str
    challenge: str
    ends_at: datetime
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """What one account allowed one app in one session. `person`: the one it reaches; None: whom the windows open.

    `context`: what the app is told beside its tokens. `outlives`: it goes on when the session has ended.
    """

    id: str
    client: str
    account: str
    session: str
    institution: int
    role: Role
    purpose: Purpose
    factors: int
    person: int | None
    acts_for: str
    context: dict[str, str]
    scopes: tuple[str, ...]
    outlives: bool
    renews: bool
    proven_at: datetime
    given_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A grant as found by its code or a refresh token (`used`: used before), with its session as it stands."""

    grant: Grant
    code: Code
    used: bool
    session_ended: datetime | None
    session_ends: datetime
    session_used: datetime
    same_duty: bool  # the session still works for the institution and in the role that the grant was given in


@dataclass(frozen=True, slots=True)
class Allowed:
    """A grant that stands, for the page of who gave it."""

    id: str
    client: str
    name: str
    institution: str
    scopes: tuple[str, ...]
    outlives: bool
    given_at: datetime
    used_at: datetime
    ends_at: datetime
    person: int | None
    acts_for: str


async def put(tx: Connection, grant: Grant, code: Code) -> None:
    """Keep a new grant with its code."""
    await tx.execute(
        _SQL["app_grant_put"], grant.id, grant.client, grant.account, grant.session, grant.institution,
        grant.role.value, grant.purpose.value, grant.factors, grant.person, grant.acts_for,
        orjson.dumps(grant.context).decode(), list(grant.scopes), grant.outlives, grant.renews, grant.proven_at,
        code.nonce, code.hash, code.redirect, code.challenge, code.ends_at, grant.given_at, grant.ends_at,
    )  # fmt: skip


async def end_crowd(tx: Connection, account: str, client: str, stay: int, at: datetime) -> None:
    """End the oldest grants of an account to an app, beyond the newest `stay`."""
    await tx.execute(_SQL["app_grant_crowd"], account, client, stay, at)


async def of_code(tx: Connection, code: bytes) -> Held | None:
    """Lock and return what a code (hash) stands for, used or not."""
    row = await tx.fetchrow(_SQL["app_grant_of_code"], code)
    return None if row is None else _held(row, row["code_used"] is not None)


async def of_refresh(tx: Connection, token: bytes) -> Held | None:
    """Lock and return what a refresh token (hash) stands for, used or not."""
    row = await tx.fetchrow(_SQL["app_grant_of_refresh"], token)
    return None if row is None else _held(row, row["refresh_used"] is not None)


async def by_id(tx: Connection, grant: str) -> Grant | None:
    """Return a grant, ended or not."""
    row = await tx.fetchrow(_SQL["app_grant_of"], grant)
    return None if row is None else _held(row, False).grant


async def use_code(tx: Connection, grant: str, at: datetime) -> None:
    """Use a grant's code up."""
    await tx.execute(_SQL["app_grant_code_used"], grant, at)


async def put_refresh(tx: Connection, token: bytes, grant: str, at: datetime) -> None:
    """Keep a new refresh token (hash)."""
    await tx.execute(_SQL["app_refresh_put"], token, grant, at)


async def use_refresh(tx: Connection, token: bytes, grant: str, at: datetime) -> None:
    """Use a refresh token (hash) up."""
    await tx.execute(_SQL["app_refresh_used"], token, at)
    await tx.execute(_SQL["app_grant_used"], grant, at)


async def end(tx: Connection, grant: str, at: datetime, because: str) -> bool:
    """End a grant; say whether it stood."""
    return await tx.fetchval(_SQL["app_grant_end"], grant, at, because) is not None


async def end_own(tx: Connection, grant: str, account: str, at: datetime) -> tuple[str, int | None] | None:
    """End a grant of this account; return its app and person, None where there is none that stands."""
    row = await tx.fetchrow(_SQL["app_grant_end_own"], grant, account, at)
    return None if row is None else (row["client"], row["person"])


async def end_of_subject(tx: Connection, subject: str, at: datetime) -> None:
    """End all that an account allowed, or that an app was allowed."""
    await tx.execute(_SQL["app_grants_end_subject"], subject, at)


async def end_at_institution(tx: Connection, institution: int, at: datetime) -> None:
    """End all that an institution's people allowed, and that its apps were allowed."""
    await tx.execute(_SQL["app_grants_end_institution"], institution, at)


async def of_account(tx: Connection, account: str, at: datetime, *, used_since: datetime) -> list[Allowed]:
    """Return what an account allowed and still stands, the newest first. `used_since`: older sessions are idle."""
    rows = await tx.fetch(_SQL["app_grants_mine"], account, at, used_since)
    return [Allowed(**{**dict(row), "scopes": tuple(row["scopes"])}) for row in rows]


async def put_launch(
    tx: Connection, token: bytes, *, client: str, session: str, person: int, encounter: str, ends_at: datetime
) -> None:
    """Keep a launch token (hash)."""
    await tx.execute(_SQL["app_launch_put"], token, client, session, person, encounter, ends_at)


async def launch(
    tx: Connection, token: bytes, *, session: str, client: str, at: datetime, take: bool = False
) -> tuple[int, str] | None:
    """Return person and encounter of a launch token (hash) that is good here; `take` uses it up."""
    name = "app_launch_take" if take else "app_launch_of"
    row = await tx.fetchrow(_SQL[name], token, session, client, at)
    return None if row is None else (row["person"], row["encounter"])


async def tidy(tx: Connection, before: datetime) -> None:
    """Remove launch tokens, codes that no app took up, and refresh tokens of what ended, all before a moment."""
    for name in ("tidy_app_launches", "tidy_app_grants", "tidy_app_refresh"):
        await tx.execute(_SQL[name], before)


def _held(row: asyncpg.Record, used: bool) -> Held:
    role = Role(row["role"])
    grant = Grant(
        row["id"], row["client"], row["account"], row["session"], row["institution"], role, Purpose(row["purpose"]),
        row["factors"], row["person"], row["acts_for"], orjson.loads(row["context"]), tuple(row["scopes"]),
        row["outlives"], row["renews"], row["proven_at"], row["given_at"], row["ends_at"], row["ended_at"],
    )  # fmt: skip
    code = Code(row["code"], row["redirect"], row["challenge"], row["code_ends"], row["nonce"])
    same = (row["session_institution"], row["session_role"]) == (row["institution"], row["role"])
    return Held(grant, code, used, row["session_ended"], row["session_ends"], row["session_used"], same)
