"""Coming back from the provider: its answer is held against what was asked, then the identity becomes a session.

Two steps, for the answer comes from another site and our session's cookie does not come along: `answered` proves the
identity and keeps it, sealed, under a handle; `signed_in`, from a page of ours, uses the handle up. The account is the
one that a manager had linked (links.py). No claim gives a right. Source: OpenID Connect Core 1.0, 3.1.2.5 and 3.1.3.7.
"""

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from kakehashi.core.errors import Failure, Refused, TooMany, Unauthenticated
from kakehashi.store import accounts
from kakehashi.store import openid as store
from kakehashi.store.database import Connection, Database
from kakehashi.trust.keys import Vault
from kakehashi.trust.oauth.jose import NotGood
from kakehashi.trust.signin import refusals, sessions, throttle
from kakehashi.trust.signin.openid import asking, claims, factors, links
from kakehashi.trust.signin.openid.asking import Asked
from kakehashi.trust.signin.openid.line import NoAnswer
from kakehashi.trust.signin.openid.provider import Provider
from kakehashi.trust.signin.policy import STRICT, Policy
from kakehashi.trust.signin.sessions import ONE, TWO, Ticket, token_hash

LASTS = timedelta(minutes=10)  # from the provider's answer to the end of signing in
_ARRIVAL, _ID_TOKEN = "openid.arrival", "openid.id-token"
_CODE = 2_048  # characters


class Unlinked(Refused):
    """The provider knows this person, and we do not: which account it is, a manager says."""

    default_ja = (
        "プロバイダーでの確認はできましたが、ここの利用者IDとまだ結び付いていません。"
        "施設の管理者（職員の利用者IDを管理する人）に連携コードを求めてください。"
    )
    default_en = (
        "The provider knows you, but you are not linked to an account here yet. "
        "Ask whoever manages accounts at your institution for a link code."
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back in the address: `state`, `code`, `iss`, `error`; empty where it did not."""

    state: str
    code: str
    issuer: str
    error: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """An identity that the provider proved. `proven`: seconds; `two`: by two factors, as configured."""

    issuer: str
    subject: str
    username: str
    sid: str
    two: bool
    proven: int
    id_token: str
    onward: str
    again: bool


async def answered(
    db: Database, vault: Vault, provider: Provider, answer: Answer, held: str, *, at: datetime, address: str = ""
) -> str:  # fmt: skip
    """Take the provider's answer to what this browser asked (`held`), and return the handle to sign in with.

    Raises Unauthenticated, with one text for every reason (why is for the log), TooMany, and NoAnswer.
    """
    try:
        arrival = await _proven(db, vault, provider, answer, held, at, address)
    except NotGood as not_good:
        await refusals.note(db, f"openid.{not_good.why}", address=address, at=at)
        raise not_proven() from None
    except TooMany:
        await refusals.note(db, "openid.wait", address=address, at=at)
        raise
    except NoAnswer:
        async with db.transaction() as tx:
            await throttle.passed_from(tx, address)
        raise
    handle = secrets.token_urlsafe(32)
    async with db.transaction() as tx:
        body = vault.seal(json.dumps(asdict(arrival)).encode(), _ARRIVAL)
        await store.put_arrival(tx, token_hash(handle), body, at + LASTS)
        await throttle.passed_from(tx, address)
    return handle


async def signed_in(
    db: Database, vault: Vault, handle: str, *, token: str = "", at: datetime, address: str = "",
    policy: Policy = STRICT,
) -> tuple[Ticket, str]:  # fmt: skip
    """Sign in the account that is linked; return its ticket and the page to go on to.

    With the `token` of a running session of that account, what was proven is added to it (step-up). Raises Unlinked,
    Unauthenticated (no such handle, disabled, over there, no two factors where they were wanted anew).
    """
    async with db.transaction() as tx:
        arrival = await _arrival(tx, vault, handle, at, take=False)
        account = await links.account_of(tx, arrival.issuer, arrival.subject, arrival.username, at=at)
    if account is None:
        tried = f"{arrival.issuer} {arrival.subject}"
        await refusals.note(db, "openid.unlinked", login=tried, address=address, at=at)
        raise Unlinked(rule="signin.openid.unlinked")
    return await _begun(db, vault, handle, account, token, at, address, policy)


async def linked_by_code(
    db: Database, vault: Vault, handle: str, code: str, *, at: datetime, address: str = "", policy: Policy = STRICT
) -> tuple[Ticket, str]:  # fmt: skip
    """Link the identity to the account that a manager made a code for, and sign in. The code is good once.

    Raises Unauthenticated for a wrong code, TooMany, Conflict (either is linked already).
    """
    async with db.transaction() as tx:
        arrival = await _arrival(tx, vault, handle, at, take=False)
    who = f"{arrival.issuer} {arrival.subject}"
    gate = throttle.Gate.of(who, address)
    async with refusals.told(db, "openid.code", login=who, address=address, at=at):
        async with db.transaction() as tx:
            await throttle.enter(tx, gate, at)
        async with db.transaction() as tx:
            account = await links.use_code(tx, arrival.issuer, arrival.subject, code, at=at)
            await throttle.passed(tx, gate, at)
    return await _begun(db, vault, handle, account, "", at, address, policy)


def id_token_of(sealed: bytes, vault: Vault) -> str:
    """Return an id_token that was kept for signing out."""
    return vault.open(sealed, _ID_TOKEN).decode()


def ended_there(issuer: str, sid: str) -> bytes:
    """Return what an ended session of the provider is noted by."""
    return sha256(f"sid\x1f{issuer}\x1f{sid}".encode("utf-8", "surrogatepass")).digest()


def not_proven() -> Unauthenticated:
    """Return the one refusal of an answer."""
    return Unauthenticated(
        "プロバイダーでのサインインを確認できませんでした。サインインのページからやり直してください。",
        "The sign-in at the provider could not be verified. Please begin again at the sign-in page.",
        rule="signin.openid.answer",
    )


async def _proven(
    db: Database, vault: Vault, provider: Provider, answer: Answer, held: str, at: datetime, address: str
) -> Arrival:
    asked = asking.opened(held, vault, answer.state, at=at)
    said = await provider.metadata(at=at)
    if answer.issuer != provider.us.issuer and (answer.issuer or said.names_itself):
        raise NotGood("iss")  # of another provider (mix-up, RFC 9207)
    used = sha256(f"state\x1f{asked.state}".encode()).digest()
    async with db.transaction() as tx:
        await throttle.enter_from(tx, address, at)  # a made-up code has us ask the provider
        if not await store.first_seen(tx, used, at + asking.LASTS):
            raise NotGood("again")
    if answer.error or not 0 < len(answer.code) <= _CODE:
        raise NotGood("denied" if answer.error else "code")
    token = await provider.id_token(answer.code, asked.verifier, at=at)
    return await _arrived(provider, asked, token, at)


async def _arrived(provider: Provider, asked: Asked, token: str, at: datetime) -> Arrival:
    said = await provider.verified(token, at=at)
    wanted = claims.Wanted(asked.nonce, asked.begun, asking.max_age(provider, asked))
    who = claims.identity(said, provider.us, wanted, now=int(at.timestamp()))
    return Arrival(
        provider.us.issuer, who.subject, who.username, who.sid, factors.are_two(provider.factor, said), who.proven,
        token, asked.onward, asked.again,
    )  # fmt: skip


async def _arrival(tx: Connection, vault: Vault, handle: str, at: datetime, *, take: bool) -> Arrival:
    found = await store.arrival(tx, token_hash(handle), at, take=take)
    if found is None:
        raise not_proven()
    return Arrival(**json.loads(vault.open(found, _ARRIVAL)))


async def _begun(
    db: Database,
    vault: Vault,
    handle: str,
    account: str,
    token: str,
    at: datetime,
    address: str,
    policy: Policy,
) -> tuple[Ticket, str]:
    """Use the handle up: begin a session, or raise the one that runs."""
    async with refusals.told(db, "openid", account=account, address=address, at=at), db.transaction() as tx:
        arrival = await _arrival(tx, vault, handle, at, take=True)
        held = await accounts.by_id(tx, account)
        if held is None or held.disabled_at is not None:
            raise _not_in_use()
        if arrival.sid and await store.was_seen(tx, ended_there(arrival.issuer, arrival.sid)):
            raise not_proven()
        ticket = await _raised(tx, arrival, account, token, at, policy)
        if ticket is None:
            proven = frozenset({TWO if arrival.two else ONE})
            ticket = await sessions.begin(tx, account, proven, must_change=False, at=at, policy=policy)
        at_there = datetime.fromtimestamp(arrival.proven, UTC)
        await store.rest(
            tx, token_hash(ticket.token), arrival.issuer, arrival.subject, arrival.sid,
            sealed=vault.seal(arrival.id_token.encode(), _ID_TOKEN), proven_at=at_there,
            ends_at=at_there + policy.longest,
        )  # fmt: skip
    return ticket, arrival.onward


async def _raised(
    tx: Connection, arrival: Arrival, account: str, token: str, at: datetime, policy: Policy
) -> Ticket | None:
    """Add two factors proven anew to the running session; None where nothing was wanted anew, or none runs."""
    if not arrival.again:
        return None
    if not arrival.two:
        raise Unauthenticated(
            "プロバイダーで二つ目の要素を確かめられませんでした。もう一度行うか、運用担当者に連絡してください。",
            "The provider did not prove a second factor. Try again, or speak to the operator.",
            rule="signin.openid.factor",
        )
    try:
        row = await sessions.live(tx, token_hash(token), at=at, policy=policy)
    except Failure:
        return None
    if row.account != account:
        raise not_proven()
    return await sessions.raised(tx, token, row, add=TWO, at=at, policy=policy)


def _not_in_use() -> Unauthenticated:
    return Unauthenticated(
        "この利用者IDは、いま利用できません。施設の管理者に連絡してください。",
        "This account is not in use. Please speak to whoever manages accounts at your institution.",
        rule="signin.openid.account",
    )
