"""Sessions of people: random tokens kept as hashes, bound to institution, role and purpose.

Whenever more is proven or chosen, a new token takes the old one's place, so a token planted beforehand
is worth nothing (session fixation). Account, membership and rights are read anew with each request: what
was taken away is gone with the next one.
"""

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.errors import Refused, Unauthenticated
from kakehashi.core.ids import new_id
from kakehashi.store import accounts, accounts_factors
from kakehashi.store import sessions as store
from kakehashi.store.accounts import Membership
from kakehashi.store.database import Connection, Database
from kakehashi.store.sessions import SessionRow
from kakehashi.trust import log_note, quarantine, roles
from kakehashi.trust.signin import built_in
from kakehashi.trust.signin.policy import STRICT, Policy

TOKEN_BYTES = 32  # 256 bits
_TOUCH = timedelta(seconds=60)  # a use is noted at most this often, so idle time is measured up to this early

# What each factor is: the same sort twice is not two factors. A passkey verifies its user, so it is both.
_SORTS = {
    "password": {"known"},
    "totp": {"held"},
    "recovery": {"held"},
    "break-glass": {"held"},
    "passkey": {"held", "known"},
    "openid": {"known"},
    "openid-two": {"held", "known"},
}
ONE, TWO = "openid", "openid-two"  # what an OpenID provider's word counts as, one factor or two
SECOND = frozenset({"totp", "recovery", "break-glass", "passkey", TWO})


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a step of sign-in hands back: the new token and CSRF token, and what is still needed.

    `needs`, in this order of doing: "second" (a second factor is enrolled: prove it), "password.change",
    "enrol" (no second factor yet: enrol one), "choose" (institution, role and purpose).
    """

    token: str = field(repr=False)
    csrf: str = field(repr=False)
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is good now. `actor` is None while `needs` names something."""

    id: str
    account: str
    name: str
    csrf: str = field(repr=False)
    factors: int
    needs: tuple[str, ...]
    proven_at: datetime
    ends_at: datetime
    own_person: int | None
    actor: Actor | None
    manages: bool = (
        False  # the accounts of the institution that was chosen (authority.require_manager asks anew)
    )


async def open_session(db: Database, token: str, *, at: datetime, policy: Policy = STRICT) -> Session:
    """Return the session of a token. Raises Unauthenticated when it is unknown, ended, idle or disabled."""
    hashed = token_hash(token)
    async with db.connection() as one:  # no transaction: each statement stands for itself
        row = await live(one, hashed, at=at, policy=policy)
        if at - row.used_at >= _TOUCH:
            await store.used(one, hashed, at)
        needs = await needs_of(one, row, policy)
    return Session(
        row.id, row.account, row.name, row.csrf, factors_of(row.factors), needs, row.proven_at, row.ends_at,
        row.own_person, None if needs else _actor(row), bool(row.chosen and row.chosen.manages),
    )  # fmt: skip


async def duties(db: Database, account: str) -> tuple[list[Membership], list[Membership]]:
    """Return what an account may choose from now, and what it may not, for the institution is in quarantine."""
    async with db.transaction() as tx:
        held = await accounts.memberships(tx, account)
        shut = await quarantine.shut_out(tx, {one.institution.key for one in held})
    return (
        [one for one in held if one.institution.key not in shut],
        [one for one in held if one.institution.key in shut],
    )


async def choose(
    db: Database, token: str, institution: int, role: Role, purpose: Purpose, *, at: datetime,
    person: int | None = None, acts_for: str = "", policy: Policy = STRICT,
) -> Ticket:  # fmt: skip
    """Let the session work for an institution, in a role, for a purpose; or change that later.

    `person`, `acts_for`: for a proxy, whose record and on what basis (the window asks for the grant itself).
    Raises Refused for what the account has no membership, or the role no purpose, for.
    """
    async with db.transaction() as tx:
        row = await live(tx, token_hash(token), at=at, policy=policy)
        if missing := [need for need in await needs_of(tx, row, policy) if need != "choose"]:
            raise Refused(rule=f"signin.needs.{missing[0]}")
        held = await accounts.memberships(tx, row.account)
        if not any(one.institution.key == institution and one.role is role for one in held):
            raise Refused(rule="signin.membership")
        await quarantine.require_free(tx, institution)
        if purpose not in roles.PURPOSES[role] or row.only_at not in (None, institution):
            raise Refused(rule="signin.choice")
        about = _whose(row, role, person, acts_for)
        new, csrf = _fresh()
        if not await store.choose(
            tx, token_hash(token), token_hash(new), csrf=csrf, institution=institution, role=role,
            purpose=purpose, person=about, acts_for=acts_for, at=at,
        ):  # fmt: skip
            raise Unauthenticated
        await _note(tx, "signin.opened", await live(tx, token_hash(new), at=at, policy=policy), at)
        return Ticket(new, csrf, ())


async def require_not_shut_out(db: Database, token: str) -> None:
    """Raise Refused where a session is over and its institution in quarantine: its user must learn why."""
    async with db.transaction() as tx:
        row = await store.of_token(tx, token_hash(token))
        if row is not None and row.ended_at is not None:
            place = row.chosen.institution.key if row.chosen else row.only_at
            if place is not None:
                await quarantine.require_free(tx, place)


async def sign_out(db: Database, token: str, *, at: datetime) -> None:
    """End a session. An unknown or ended one is no error: the person is signed out."""
    async with db.transaction() as tx:
        await end(tx, token_hash(token), at=at, because="signed out")


async def end(tx: Connection, hashed: bytes, *, at: datetime, because: str) -> None:
    """End the session of a token (hash), if it is open, and log that it ended."""
    row = await store.of_token(tx, hashed)
    if row is not None and await store.end(tx, hashed, at, because):
        await _note(tx, "signin.closed", row, at)


async def sign_out_everywhere(db: Database, token: str, *, at: datetime, policy: Policy = STRICT) -> None:
    """End every session of this session's account, this one too."""
    async with db.transaction() as tx:
        row = await live(tx, token_hash(token), at=at, policy=policy)
        await store.end_all(tx, row.account, at, "signed out everywhere")
        await _note(tx, "signin.closed", row, at)


def require_csrf(session: Session, given: str) -> None:
    """Raise Refused unless the form came from a page of this session."""
    if not hmac.compare_digest(session.csrf.encode(), given.encode("utf-8", "replace")):
        raise Refused(rule="signin.csrf")


def require_recent(session: Session, *, at: datetime, policy: Policy = STRICT) -> None:
    """Raise Refused unless two factors were proven in this session, the last one just now (step-up)."""
    if session.factors < 2 or at - session.proven_at > policy.step_up:
        raise Refused(
            "もう一度、二つ目の要素で本人確認を行ってください。",
            "Please prove your second factor once more.",
            rule="signin.step-up",
        )


def token_hash(token: str) -> bytes:
    """Return what the store knows a token by."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def factors_of(proven: tuple[str, ...] | frozenset[str]) -> int:
    """Return how many different factors these are: 0, 1 or 2."""
    return len(set().union(*(_SORTS[one] for one in proven)))


async def live(tx: Connection, hashed: bytes, *, at: datetime, policy: Policy) -> SessionRow:
    """Return the session row of a token (hash). Raises Unauthenticated unless it is good now."""
    row = await store.of_token(tx, hashed)
    if (
        row is None
        or row.ended_at is not None
        or row.disabled_at is not None
        or at >= row.ends_at
        or at - row.used_at >= policy.idle
    ):
        raise Unauthenticated(rule="signin.session")
    return row


async def needs_of(tx: Connection, row: SessionRow, policy: Policy) -> tuple[str, ...]:
    """Return what the session still needs before it may act."""
    needs = []
    if not await built_in.counts(tx, row.account, row.factors, policy):
        needs.append("second")  # by an emergency code; nothing else of ours counts
    elif factors_of(row.factors) < policy.factors:
        needs.append("second" if await accounts_factors.has_second(tx, row.account) else "enrol")
    if row.must_change:
        needs.append("password.change")
    if row.chosen is None or not row.chosen.member:
        needs.append("choose")
    return tuple(sorted(needs, key=("second", "password.change", "enrol", "choose").index))


async def begin(
    tx: Connection, account: str, factors: frozenset[str], *, must_change: bool, at: datetime, policy: Policy
) -> Ticket:
    """Begin a session with what was proven, and return its first ticket."""
    token, csrf = _fresh()
    hashed = token_hash(token)
    await store.put(
        tx, hashed, session=new_id(), csrf=csrf, account=account, factors=factors, must_change=must_change,
        at=at, ends_at=at + policy.longest,
    )  # fmt: skip
    await accounts.used(tx, account, at)
    row = await live(tx, hashed, at=at, policy=policy)
    return Ticket(token, csrf, await needs_of(tx, row, policy))


async def raised(
    tx: Connection, token: str, row: SessionRow, *, add: str = "", must_change: bool | None = None,
    at: datetime, policy: Policy,
) -> Ticket:  # fmt: skip
    """Add what was proven to a session, under a new token. Raises Unauthenticated when it ended meanwhile."""
    new, csrf = _fresh()
    factors = frozenset(row.factors) | ({add} if add else set())
    change = row.must_change if must_change is None else must_change
    if not await store.raise_to(
        tx, token_hash(token), token_hash(new), csrf=csrf, factors=factors, must_change=change,
        proven=add in SECOND, at=at,
    ):  # fmt: skip
        raise Unauthenticated
    now = await live(tx, token_hash(new), at=at, policy=policy)
    return Ticket(new, csrf, await needs_of(tx, now, policy))


async def _note(tx: Connection, action: str, row: SessionRow, at: datetime) -> None:
    """Log when a session that could act began and ended (運用編17①)."""
    if actor := _actor(row):
        reason = f"break-glass:{row.break_glass}" if row.break_glass else ""
        await log_note.record(tx, action, f"Session/{row.id}", person=0, by=actor, at=at, reason=reason)


def _fresh() -> tuple[str, str]:
    return secrets.token_urlsafe(TOKEN_BYTES), secrets.token_urlsafe(TOKEN_BYTES)


def _whose(row: SessionRow, role: Role, person: int | None, acts_for: str) -> int | None:
    """Whose record a person's session is about: their own, or with a basis somebody else's."""
    if role is not Role.PERSON:
        if person is not None or acts_for:
            raise Refused(rule="signin.person")
        return None
    if not acts_for and person in (None, row.own_person) and row.own_person is not None:
        return row.own_person
    if acts_for and person is not None:
        return person
    raise Refused(rule="signin.person")


def _actor(row: SessionRow) -> Actor | None:
    chosen = row.chosen
    if chosen is None:
        return None
    return Actor(
        row.account, chosen.role, chosen.institution, chosen.purpose, person=chosen.person,
        factors=factors_of(row.factors), licence=chosen.licence, emergency_right=chosen.emergency_right,
        acts_for=chosen.acts_for,
    )  # fmt: skip
