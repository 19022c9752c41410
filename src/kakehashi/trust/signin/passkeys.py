"""Passkeys (WebAuthn): registration and sign-in. The device verifies its user, so one passkey is two
factors.

Sign-in asks for no login: the passkey says whose it is, so nobody can ask which accounts there are. A
passkey whose counter goes back is taken out of use at once: a copy of it may exist. Source:
https://www.w3.org/TR/webauthn-3/
"""

import json
import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from kakehashi.core.errors import TooLarge
from kakehashi.store import accounts, accounts_factors
from kakehashi.store.accounts_factors import Passkey
from kakehashi.store.database import Connection, Database
from kakehashi.trust.signin import enrolment, refusals, sessions
from kakehashi.trust.signin.failures import wrong_passkey
from kakehashi.trust.signin.policy import STRICT, Policy
from kakehashi.trust.signin.sessions import Ticket, token_hash

ANSWER_BYTES = 20_000  # a browser's answer is 1 to 3 kB
LABEL = 60  # characters
_CHALLENGE_BYTES = 32
_CHALLENGE_FOR = timedelta(minutes=5)
_VERIFIED = UserVerificationRequirement.REQUIRED
# What reading a hostile answer may raise, besides the library's own.
_BROKEN = (
    WebAuthnException,
    InvalidSignature,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
)


async def registration_options(db: Database, token: str, *, at: datetime, policy: Policy = STRICT) -> str:
    """Return the JSON for `navigator.credentials.create`. Raises Refused when the session may not enrol."""
    _, rp_id = policy.passkeys()
    challenge = secrets.token_bytes(_CHALLENGE_BYTES)
    async with db.transaction() as tx:
        row = await enrolment.may_enrol(tx, token, at=at, policy=policy)
        held = await accounts_factors.passkeys(tx, row.account)
        await _keep(tx, challenge, row.account, at)
    options = generate_registration_options(
        rp_id=rp_id,
        rp_name=policy.name,
        user_id=row.account.encode(),
        user_name=row.login,
        user_display_name=row.name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_VERIFIED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one.id) for one in held],
    )
    return options_to_json(options)


async def register(
    db: Database, token: str, answer: str, label: str, *, at: datetime, policy: Policy = STRICT
) -> Ticket:
    """Keep the passkey that the browser made. Raises Unauthenticated when it does not verify, Conflict, Refused."""
    origin, rp_id = policy.passkeys()
    challenge = _challenge_in(answer)
    async with db.transaction() as tx:  # its own transaction: a challenge is used up, whatever comes of it
        row = await enrolment.may_enrol(tx, token, at=at, policy=policy)
        known = await accounts_factors.take_challenge(tx, _hashed(challenge), row.account, at)
    if not known:
        raise wrong_passkey()
    found = _registered(answer, challenge, origin, rp_id)
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
    _, rp_id = policy.passkeys()
    challenge = secrets.token_bytes(_CHALLENGE_BYTES)
    async with db.transaction() as tx:
        await _keep(tx, challenge, None, at)
    return options_to_json(
        generate_authentication_options(rp_id=rp_id, challenge=challenge, user_verification=_VERIFIED)
    )


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
    origin, rp_id = policy.passkeys()
    challenge = _challenge_in(answer)
    key_id = _credential_id(answer)
    async with db.transaction() as tx:
        known = await accounts_factors.take_challenge(tx, _hashed(challenge), None, at)
        passkey = await accounts_factors.passkey(tx, key_id)
    tried.account = passkey.account if passkey else ""
    if not known or passkey is None or passkey.suspended_at is not None:
        raise wrong_passkey()
    found = _verified(answer, challenge, origin, rp_id, passkey)
    if not await _count_up(db, passkey, found.new_sign_count, at):
        raise wrong_passkey()
    async with db.transaction() as tx:
        account = await accounts.by_id(tx, passkey.account)
        if account is None or account.disabled_at is not None:
            raise wrong_passkey()
        if not token:
            proven = frozenset({"passkey"})
            return await sessions.begin(tx, account.id, proven, must_change=False, at=at, policy=policy)
        row = await sessions.live(tx, token_hash(token), at=at, policy=policy)
        if row.account != account.id:
            raise wrong_passkey()
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


def _registered(answer: str, challenge: bytes, origin: str, rp_id: str) -> VerifiedRegistration:
    try:
        return verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            require_user_verification=True,
        )
    except _BROKEN:
        raise wrong_passkey() from None


def _verified(
    answer: str, challenge: bytes, origin: str, rp_id: str, passkey: Passkey
) -> VerifiedAuthentication:
    """Verify the signature and what it covers; the counter is held against the store's by `_count_up`."""
    try:
        return verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except _BROKEN:
        raise wrong_passkey() from None


def _challenge_in(answer: str) -> bytes:
    """Return the challenge that an answer claims to answer; that it was ours is for the store to say."""
    try:
        data = json.loads(base64url_to_bytes(_member(answer, "response", "clientDataJSON")))
        return base64url_to_bytes(data["challenge"])
    except (*_BROKEN, AttributeError, RecursionError):
        raise wrong_passkey() from None


def _credential_id(answer: str) -> bytes:
    try:
        return base64url_to_bytes(_member(answer, "id"))
    except (*_BROKEN, AttributeError, RecursionError):
        raise wrong_passkey() from None


def _member(answer: str, *path: str) -> str:
    if len(answer) > ANSWER_BYTES:
        raise TooLarge(rule="signin.passkey.size")
    found = json.loads(answer)
    for name in path:
        found = found[name]
    if not isinstance(found, str):
        raise TypeError(path[-1])
    return found


def _hashed(challenge: bytes) -> bytes:
    return sha256(challenge).digest()
