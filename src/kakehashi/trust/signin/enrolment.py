"""What people set up for themselves: a new password, the telephone's app, recovery codes.

A second factor may be added by whoever has just proven one, or, where there is none yet, after the
password that the person chose. So a stolen password alone changes nothing of an account that has two
factors.
"""

from datetime import datetime, timedelta

from kakehashi.core.errors import Conflict, Invalid, Problem, Refused, Unauthenticated
from kakehashi.store import accounts, accounts_factors
from kakehashi.store import sessions as store
from kakehashi.store.accounts import Account
from kakehashi.store.database import Connection, Database
from kakehashi.store.sessions import SessionRow
from kakehashi.trust.keys import Vault
from kakehashi.trust.signin import built_in, hashing, passwords, sessions, throttle, totp
from kakehashi.trust.signin.codes import RECOVERY_CODES, code_hash, new_code
from kakehashi.trust.signin.failures import wrong_second, wrong_sign_in
from kakehashi.trust.signin.passwords import Owner
from kakehashi.trust.signin.policy import STRICT, Policy
from kakehashi.trust.signin.sessions import Ticket, token_hash

_OFFER_FOR = timedelta(minutes=15)


async def change_password(
    db: Database, token: str, old: str, new: str, *, at: datetime, policy: Policy = STRICT
) -> Ticket:
    """Change one's own password; every other session of the account ends.

    Raises Unauthenticated for a wrong old one, Invalid with what is wrong with the new one, Refused while the
    second factor is not proven.
    """
    async with db.transaction() as tx:
        row = await sessions.live(tx, token_hash(token), at=at, policy=policy)
        if "second" in await sessions.needs_of(tx, row, policy):
            raise Refused(rule="signin.needs.second")
        await throttle.enter_second(tx, row.account, at)
        kept = await accounts_factors.password(tx, row.account)
        owner = await owner_of(tx, row.account)
    if not await hashing.matches(old, kept.hash if kept else None):
        raise wrong_sign_in()
    passwords.require_good(new, owner, policy.rule)
    if old == new:
        raise Invalid(problems=[_same()])
    hashed = await hashing.hashed(new)
    async with db.transaction() as tx:
        await throttle.passed_second(tx, row.account)
        await accounts_factors.put_password(tx, row.account, hashed, at, initial=False)
        await store.end_all(tx, row.account, at, "password changed", but=token_hash(token))
        return await sessions.raised(tx, token, row, must_change=False, at=at, policy=policy)


async def offer_totp(
    db: Database, vault: Vault, token: str, *, at: datetime, policy: Policy = STRICT
) -> totp.Offer:
    """Return a new secret for the telephone's app; it counts once `confirm_totp` has seen a code of it."""
    async with db.transaction() as tx:
        row = await may_enrol(tx, token, at=at, policy=policy)
        offer = totp.new_offer(row.login, policy.name)
        await accounts_factors.offer_totp(
            tx, row.account, vault.seal(offer.secret.encode(), totp.PURPOSE), at
        )
    return offer


async def confirm_totp(
    db: Database, vault: Vault, token: str, code: str, *, at: datetime, policy: Policy = STRICT
) -> Ticket:
    """Prove the new secret by a code of it; it takes the former one's place.

    Raises Unauthenticated, TooMany, Refused.
    """
    async with db.transaction() as tx:
        row = await may_enrol(tx, token, at=at, policy=policy)
        await throttle.enter_second(tx, row.account, at)
    async with db.transaction() as tx:
        sealed = await accounts_factors.offered_totp(tx, row.account, at - _OFFER_FOR)
        if sealed is None:
            raise wrong_second()
        step = totp.step_of(vault.open(sealed, totp.PURPOSE).decode(), code, at)
        if step is None or not await accounts_factors.confirm_totp(tx, row.account, sealed, step, at):
            raise wrong_second()
        await throttle.passed_second(tx, row.account)
        return await sessions.raised(tx, token, row, add="totp", at=at, policy=policy)


async def new_recovery_codes(
    db: Database, token: str, *, at: datetime, policy: Policy = STRICT
) -> tuple[str, ...]:
    """Return ten new recovery codes, shown once; the former ones end. Wants a second factor just proven."""
    async with db.transaction() as tx:
        row = await sessions.live(tx, token_hash(token), at=at, policy=policy)
        _require_just_proven(row, at, policy)
        made = tuple(new_code() for _ in range(RECOVERY_CODES))
        await accounts_factors.put_recovery(tx, row.account, [code_hash(row.account, code) for code in made])
    return made


async def drop_totp(db: Database, token: str, *, at: datetime, policy: Policy = STRICT) -> None:
    """Give up the telephone's app. Raises Conflict when no second factor would be left."""
    async with db.transaction() as tx:
        row = await sessions.live(tx, token_hash(token), at=at, policy=policy)
        _require_just_proven(row, at, policy)
        await accounts.by_id(tx, row.account, lock=True)
        await accounts_factors.drop_totp(tx, row.account)
        await require_second_left(tx, row.account)


async def may_enrol(tx: Connection, token: str, *, at: datetime, policy: Policy) -> SessionRow:
    """Return the session if it may add a second factor. Raises Refused, Unauthenticated."""
    row = await sessions.live(tx, token_hash(token), at=at, policy=policy)
    await built_in.require(tx, row.account, row.factors, policy)
    if row.must_change:
        raise Refused(rule="signin.needs.password.change")
    if await accounts_factors.has_second(tx, row.account):
        _require_just_proven(row, at, policy)
    return row


async def require_second_left(tx: Connection, account: str) -> None:
    """Raise Conflict when the account has no second factor left."""
    if not await accounts_factors.has_second(tx, account):
        raise Conflict(
            "最後の二つ目の要素は消せません。先に別の要素を登録してください。",
            "This is your last second factor. Enrol another one first.",
            rule="signin.second.last",
        )


async def owner_of(tx: Connection, account: str) -> Owner:
    """Return what may not be part of this account's password."""
    held: Account | None = await accounts.by_id(tx, account)
    if held is None:
        raise Unauthenticated
    return Owner(held.login, held.name, held.kana, held.birth_date)


def _require_just_proven(row: SessionRow, at: datetime, policy: Policy) -> None:
    if sessions.factors_of(row.factors) < 2 or at - row.proven_at > policy.step_up:
        raise Refused(rule="signin.step-up")


def _same() -> Problem:
    return Problem(
        "signin.password.same",
        "password",
        "今と違うパスワードにしてください。",
        "Choose another password than the present.",
    )
