"""The steps of signing in without a passkey: password, then a code (time-based, recovery, break-glass).

Each step counts the attempt first, in a transaction of its own, then proves, then hands out a new
ticket. The second steps serve again as step-up in a running session.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from kakehashi.core.errors import Refused
from kakehashi.store import accounts, accounts_factors, sessions_break_glass
from kakehashi.store import sessions as store
from kakehashi.store.accounts import Account
from kakehashi.store.accounts_factors import Password
from kakehashi.store.database import Connection, Database
from kakehashi.store.sessions import SessionRow
from kakehashi.trust.keys import Vault
from kakehashi.trust.signin import built_in, hashing, passwords, refusals, sessions, throttle, totp
from kakehashi.trust.signin.codes import code_hash
from kakehashi.trust.signin.failures import wrong_second, wrong_sign_in
from kakehashi.trust.signin.policy import STRICT, Policy
from kakehashi.trust.signin.sessions import Ticket, token_hash


async def with_password(
    db: Database, login: str, password: str, *, address: str, at: datetime, policy: Policy = STRICT
) -> Ticket:
    """First step. Raises Unauthenticated (one text for every reason) or TooMany.

    It takes as long, and writes as much, for a login that does not exist.
    """
    name = plain_login(login)
    gate = throttle.Gate.of(name, address)
    async with refusals.told(db, "password", login=name, address=address, at=at):
        async with db.transaction() as tx:
            await throttle.enter(tx, gate, at)
            account = await accounts.by_login(tx, name)
            kept = await accounts_factors.password(tx, account.id) if account else None
        usable = kept if account and _usable(account, kept, at, policy) else None
        right = await hashing.matches(password, usable.hash if usable else None)
        if not (right and account and usable):
            raise wrong_sign_in()
        return await _begun(db, account, usable, gate, at, policy)


async def with_totp(
    db: Database,
    vault: Vault,
    token: str,
    code: str,
    *,
    at: datetime,
    address: str = "",
    policy: Policy = STRICT,
) -> Ticket:
    """Second step, or step-up: the code of the telephone's app. Raises Unauthenticated or TooMany."""
    async with _second(db, token, at, address, policy) as (tx, row):
        await built_in.require(tx, row.account, row.factors, policy)
        held = await accounts_factors.totp(tx, row.account)
        if held is None:
            raise wrong_second()
        secret = vault.open(held.sealed, totp.PURPOSE).decode()
        step = totp.step_of(secret, code, at, after=held.last_step)
        if step is None or not await accounts_factors.take_totp(tx, row.account, held, step):
            raise wrong_second()
        return await _proven(tx, token, row, "totp", at, policy)


async def with_recovery_code(
    db: Database, token: str, code: str, *, at: datetime, address: str = "", policy: Policy = STRICT
) -> Ticket:
    """Second step when the telephone is lost: one of the codes kept on paper, good once."""
    async with _second(db, token, at, address, policy) as (tx, row):
        await built_in.require(tx, row.account, row.factors, policy)
        if not await accounts_factors.take_recovery(tx, row.account, code_hash(row.account, code), at):
            raise wrong_second()
        return await _proven(tx, token, row, "recovery", at, policy)


async def with_break_glass(
    db: Database, token: str, code: str, *, at: datetime, address: str = "", policy: Policy = STRICT
) -> Ticket:
    """Second step by the code that a second person approved: at that institution only, until it ends."""
    async with _second(db, token, at, address, policy) as (tx, row):
        found = await sessions_break_glass.find(tx, row.account, code_hash(row.account, code), at)
        if found is None:
            raise wrong_second()
        if row.chosen is not None:
            raise Refused(rule="signin.break-glass.running")
        credential, institution, ends_at = found
        await store.bind_break_glass(
            tx, token_hash(token), institution=institution, credential=credential, ends_at=ends_at
        )
        return await _proven(tx, token, row, "break-glass", at, policy)


def plain_login(login: str) -> str:
    """Return a login as it is kept: without blanks around it, in lower case."""
    return login.strip().lower()


def _usable(account: Account, kept: Password | None, at: datetime, policy: Policy) -> bool:
    if kept is None or account.disabled_at is not None:
        return False
    return not kept.initial or (kept.spent_at is None and at - kept.changed_at < policy.initial)


async def _begun(
    db: Database, account: Account, kept: Password, gate: throttle.Gate, at: datetime, policy: Policy
) -> Ticket:
    """Begin a session by a password that was right; an initial one is spent by it."""
    async with db.transaction() as tx:
        if kept.initial and not await accounts_factors.spend_password(tx, account.id, kept.hash, at):
            raise wrong_sign_in()
        await throttle.passed(tx, gate, at)
        change = kept.initial or passwords.too_old(kept.changed_at, policy.rule, at)
        proven = frozenset({"password"})
        return await sessions.begin(tx, account.id, proven, must_change=change, at=at, policy=policy)


@asynccontextmanager
async def _second(
    db: Database, token: str, at: datetime, address: str, policy: Policy
) -> AsyncIterator[tuple[Connection, SessionRow]]:
    """Count an attempt at a session's second factor, and yield the transaction in which it is proven."""
    async with db.transaction() as tx:
        row = await sessions.live(tx, token_hash(token), at=at, policy=policy)
    async with refusals.told(db, "second", account=row.account, address=address, at=at):
        async with db.transaction() as tx:
            await throttle.enter_second(tx, row.account, at)
        async with db.transaction() as tx:
            yield tx, row


async def _proven(
    tx: Connection, token: str, row: SessionRow, factor: str, at: datetime, policy: Policy
) -> Ticket:
    await throttle.passed_second(tx, row.account)
    return await sessions.raised(tx, token, row, add=factor, at=at, policy=policy)
