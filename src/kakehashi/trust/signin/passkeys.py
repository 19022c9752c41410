"""Passkeys (WebAuthn): registration and sign-in. The device verifies its user, so one passkey is two
factors.

Sign-in asks for no login: the passkey says whose it is, so nobody can ask which accounts there are. A
passkey whose counter goes back is taken out of use at once: a copy of it may exist. Source:
https://www.w3.org/TR/webauthn-3/
"""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from kakehashi.store import accounts, accounts_factors
from kakehashi.store.accounts_factors import Passkey
from kakehashi.store.database import Connection, Database
from kakehashi.trust.signin import built_in, enrolment, refusals, sessions
from kakehashi.trust.signin.failures import wrong_passkey
from kakehashi.trust.signin.policy import STRICT, Policy
from kakehashi.trust.signin.sessions import Ticket, token_hash

LABEL = 60  # characters
_CHALLENGE_BYTES = 32
_CHALLENGE_FOR = timedelta(minutes=5)


async def registration_options(db: Database, token: str, *, at: datetime, policy: Policy = STRICT) -> str:
    """Return the JSON for `navigator.credentials.create`. Raises Refused when the session may not enrol."""
    from kakehashi.trust.signin import passkey_answers

    _, rp_id = policy.passkeys()
    challenge = secrets.token_bytes(_CHALLENGE_BYTES)
    async with db.transaction() as tx:
        row = await enrolment.may_enrol(tx, token, at=at, policy=policy)
        held = await accounts_factors.passkeys(tx, row.account)
        await _keep(tx, challenge, row.account, at)
    return passkey_answers.to_register(
        rp_id,
        policy.name,
        challenge,
        account=row.account,
        login=row.login,
        name=row.name,
        held=[one.id for one in held],
    )


async def register(
    db: Database, token: str, answer: str, label: str, *, at: datetime, policy: Policy = STRICT
) -> Ticket:
    """Keep the passkey that the browser made. Raises Unauthenticated when it does not verify, Conflict, Refused."""
    from kakehashi.trust.signin import passkey_answers

    origin, rp_id = policy.passkeys()
    challenge = passkey_answers.challenge_in(answer)
    async with db.transaction() as tx:  # its own transaction: a challenge is used up, whatever comes of it
        row = await enrolment.may_enrol(tx, token, at=at, policy=policy)
        known = await accounts_factors.take_challenge(tx, _hashed(challenge), row.account, at)
    if not known:
        raise wrong_passkey()
    found = passkey_answers.registered(answer, challenge, origin, rp_id)
    async with db.transaction() as tx:
        await accounts_factors.put_passkey(
            tx,
            Passkey(
                found.credential_id,
                row.account,
                found.credential_public_key,
                found.sign_count,
                label.strip()[:LABEL] or "passkey",
                at,
                None,
                None,
            ),
        )
        return await sessions.raised(tx, token, row, add="passkey", at=at, policy=policy)


async def sign_in_options(db: Database, *, at: datetime, policy: Policy = STRICT) -> str:
    """Return the JSON for `navigator.credentials.get`: any passkey of this address, user verification wanted."""
    from kakehashi.trust.signin import passkey_answers

    _, rp_id = policy.passkeys()
    challenge = secrets.token_bytes(_CHALLENGE_BYTES)
    async with db.transaction() as tx:
        await _keep(tx, challenge, None, at)
    return passkey_answers.to_sign_in(rp_id, challenge)


async def sign_in(
    db: Database, answer: str, *, at: datetime, token: str = "", address: str = "", policy: Policy = STRICT
) -> Ticket:
    """Sign in by a passkey, or with `token` prove it as a second factor (step-up) of that session's account.

    Raises Unauthenticated, with one text for every reason.
    """
    async with refusals.told(db, "passkey", address=address, at=at) as tried:
        return await _signed_in(db, answer, tried, at, token, policy)


async def _signed_in(
    db: Database, answer: str, tried: refusals.Tried, at: datetime, token: str, policy: Policy
) -> Ticket:
    from kakehashi.trust.signin import passkey_answers

    origin, rp_id = policy.passkeys()
    challenge = passkey_answers.challenge_in(answer)
    key_id = passkey_answers.passkey_in(answer)
    async with db.transaction() as tx:
        known = await accounts_factors.take_challenge(tx, _hashed(challenge), None, at)
        passkey = await accounts_factors.passkey(tx, key_id)
    tried.account = passkey.account if passkey else ""
    if not known or passkey is None or passkey.suspended_at is not None:
        raise wrong_passkey()
    found = passkey_answers.verified(answer, challenge, origin, rp_id, passkey.public_key)
    if not await _count_up(db, passkey, found.new_sign_count, at):
        raise wrong_passkey()
    async with db.transaction() as tx:
        account = await accounts.by_id(tx, passkey.account)
        if account is None or account.disabled_at is not None:
            raise wrong_passkey()
        if not token:
            proven = frozenset({"passkey"})
            await built_in.require(tx, account.id, proven, policy)
            return await sessions.begin(tx, account.id, proven, must_change=False, at=at, policy=policy)
        row = await sessions.live(tx, token_hash(token), at=at, policy=policy)
        if row.account != account.id:
            raise wrong_passkey()
        await built_in.require(tx, account.id, row.factors, policy)
        return await sessions.raised(tx, token, row, add="passkey", at=at, policy=policy)


async def mine(db: Database, token: str, *, at: datetime, policy: Policy = STRICT) -> list[Passkey]:
    """Return the passkeys of this session's account."""
    async with db.transaction() as tx:
        row = await sessions.live(tx, token_hash(token), at=at, policy=policy)
        return await accounts_factors.passkeys(tx, row.account)


async def remove(db: Database, token: str, key_id: bytes, *, at: datetime, policy: Policy = STRICT) -> None:
    """Take one's own passkey out of use. Raises Refused (step-up), Conflict when no second factor would be left."""
    async with db.transaction() as tx:
        row = await enrolment.may_enrol(tx, token, at=at, policy=policy)
        await accounts.by_id(tx, row.account, lock=True)
        await accounts_factors.suspend_passkey(tx, row.account, key_id, at)
        await enrolment.require_second_left(tx, row.account)


async def _keep(tx: Connection, challenge: bytes, account: str | None, at: datetime) -> None:
    await accounts_factors.put_challenge(tx, _hashed(challenge), account, at + _CHALLENGE_FOR)


async def _count_up(db: Database, passkey: Passkey, count: int, at: datetime) -> bool:
    """Move the counter on; a passkey whose counter goes back is suspended, and that stays."""
    async with db.transaction() as tx:
        if await accounts_factors.use_passkey(tx, passkey.id, count, at):
            return True
        await accounts_factors.suspend_passkey(tx, passkey.account, passkey.id, at)
        return False


def _hashed(challenge: bytes) -> bytes:
    return sha256(challenge).digest()
