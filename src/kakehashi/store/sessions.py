"""Sessions of people, found by the hash of their token. Rows stay after the end, as part of the record."""

from dataclasses import dataclass
from datetime import datetime

from kakehashi.core.actors import Institution, InstitutionType, Purpose, Role
from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("sessions")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a session works as, and whether the person still may (`member`)."""

    institution: Institution
    role: Role
    purpose: Purpose
    member: bool
    licence: str
    emergency_right: bool
    manages: bool
    person: int | None
    acts_for: str


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as stored, with the present state of its account and membership."""

    id: str
    csrf: str
    account: str
    login: str
    name: str
    own_person: int | None
    factors: tuple[str, ...]
    must_change: bool
    only_at: int | None
    break_glass: str | None
    created_at: datetime
    used_at: datetime
    proven_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    disabled_at: datetime | None
    chosen: Chosen | None


async def put(
    tx: Connection,
    token: bytes,
    *,
    session: str,
    csrf: str,
    account: str,
    factors: frozenset[str],
    must_change: bool,
    at: datetime,
    ends_at: datetime,
) -> None:
    """Keep a new session under its token's hash."""
    await tx.execute(
        _SQL["session_put"], token, session, csrf, account, sorted(factors), must_change, at, ends_at
    )


async def of_token(tx: Connection, token: bytes) -> SessionRow | None:
    """Return the session of a token (hash), ended or not, or None."""
    row = await tx.fetchrow(_SQL["session_of"], token)
    if row is None:
        return None
    chosen = None
    if row["institution"] is not None:
        place = Institution(
            row["institution"], row["code"], row["institution_name"], InstitutionType(row["type"])
        )
        chosen = Chosen(
            place,
            Role(row["role"]),
            Purpose(row["purpose"]),
            row["member"],
            row["licence"],
            row["emergency_right"],
            row["manages"],
            row["person"],
            row["acts_for"],
        )
    return SessionRow(
        row["id"],
        row["csrf"],
        row["account"],
        row["login"],
        row["name"],
        row["own_person"],
        tuple(row["factors"]),
        row["must_change"],
        row["only_at"],
        row["break_glass"],
        row["created_at"],
        row["used_at"],
        row["proven_at"],
        row["ends_at"],
        row["ended_at"],
        row["disabled_at"],
        chosen,
    )


async def used(tx: Connection, token: bytes, at: datetime) -> None:
    """Note a use, so that the session does not count as idle."""
    await tx.execute(_SQL["session_used"], token, at)


async def raise_to(
    tx: Connection, old: bytes, new: bytes, *, csrf: str, factors: frozenset[str], must_change: bool,
    proven: bool, at: datetime,
) -> bool:  # fmt: skip
    """Put a new token (hash) in the old one's place; False when the session ended meanwhile.

    `proven`: a second factor was proven just now.
    """
    raised = await tx.fetchval(
        _SQL["session_raise"], old, new, csrf, sorted(factors), must_change, at, proven
    )
    return raised is not None


async def bind_break_glass(
    tx: Connection, token: bytes, *, institution: int, credential: str, ends_at: datetime
) -> None:
    """Bind a session to a break-glass credential: its institution only, no longer than it."""
    await tx.execute(_SQL["session_break_glass"], token, institution, credential, ends_at)


async def choose(
    tx: Connection,
    old: bytes,
    new: bytes,
    *,
    csrf: str,
    institution: int,
    role: Role,
    purpose: Purpose,
    person: int | None,
    acts_for: str,
    at: datetime,
) -> bool:
    """Bind a session to institution, role and purpose under a new token (hash); False when it ended."""
    done = await tx.fetchval(
        _SQL["session_choose"], old, new, csrf, institution, role.value, purpose.value, person, acts_for, at
    )
    return done is not None


async def end(tx: Connection, token: bytes, at: datetime, because: str) -> str | None:
    """End a session; return its account when it was open."""
    ended: str | None = await tx.fetchval(_SQL["session_end"], token, at, because)
    return ended


async def end_all(
    tx: Connection, account: str, at: datetime, because: str, *, but: bytes | None = None
) -> None:
    """End every open session of an account, but the one of token (hash) `but`."""
    await tx.execute(_SQL["sessions_end"], account, at, because, but)
