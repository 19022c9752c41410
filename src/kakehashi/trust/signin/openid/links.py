"""Which identity at the provider is which account here: said by whoever manages the account, never by the provider.

A manager hands over a code, which the person types at their first sign-in by the provider; or names the person
beforehand, by the provider's `sub`, or by the name that they go by there, which counts until it was used once. Whoever
links can sign in as that person, so they must be who may reset the account, and nobody links their own.
"""

from datetime import datetime, timedelta

from kakehashi.core.actors import Actor
from kakehashi.core.errors import BadRequest, NotFound, Unauthenticated
from kakehashi.store import accounts as people
from kakehashi.store import openid as store
from kakehashi.store.database import Connection, Database
from kakehashi.store.openid import Standing
from kakehashi.trust import log_note
from kakehashi.trust.signin import accounts, authority, refusals
from kakehashi.trust.signin.codes import code_hash, new_code
from kakehashi.trust.signin.openid.claims import SUBJECT, USERNAME, is_plain

LASTS = timedelta(days=7)  # what is prepared and nobody uses ends


async def invite(db: Database, issuer: str, account: str, *, by: Actor, at: datetime) -> str:
    """Return a code for an account, to be handed over; shown once, good once. Raises Refused, NotFound, Conflict."""
    code = new_code()
    await _prepared(db, issuer, account, by, at, hashed=code_hash(issuer, code))
    return code


async def expect(db: Database, issuer: str, account: str, username: str, *, by: Actor, at: datetime) -> None:
    """Let whoever goes by this name at the provider be this account at their first sign-in.

    Raises BadRequest, Refused, NotFound, Conflict (the name is prepared for another).
    """
    _require_plain(username, "username", USERNAME)
    await _prepared(db, issuer, account, by, at, username=username)


async def link(db: Database, issuer: str, account: str, subject: str, *, by: Actor, at: datetime) -> None:
    """Link the identity that has this `sub`. Raises BadRequest, Refused, NotFound, Conflict (either is linked)."""
    _require_plain(subject if subject.isascii() else "", "subject", SUBJECT)
    async with db.transaction() as tx:
        await accounts.require_manages_all_of(tx, by, account)
        await store.link(tx, issuer, subject, account, at=at, by=by.subject)
        await log_note.record(
            tx, "account.linked", f"Account/{account}", person=0, by=by, at=at, reason=issuer
        )


async def unlink(db: Database, account: str, *, by: Actor, at: datetime) -> None:
    """End an account's link and what is prepared for it; its sessions end. Raises Refused, NotFound."""
    async with db.transaction() as tx:
        await accounts.require_manages_all_of(tx, by, account)
        if await store.unlink(tx, account):
            await accounts.cast_out(tx, account, at, "unlinked")
        await log_note.record(tx, "account.unlinked", f"Account/{account}", person=0, by=by, at=at)


async def by_login(db: Database, login: str) -> str:
    """Return the account with this login. Raises NotFound."""
    async with db.transaction() as tx:
        found = await people.by_login(tx, login.strip().lower())
    if found is None:
        raise NotFound
    return found.id


async def roll(db: Database, issuer: str, institution: int, *, by: Actor, at: datetime) -> list[Standing]:
    """Return how an institution's accounts stand with the provider. Raises Refused for who does not manage it."""
    async with db.transaction() as tx:
        await authority.require_manager(tx, by, institution)
        return await store.roll(tx, institution, issuer, at)


async def account_of(tx: Connection, issuer: str, subject: str, username: str, *, at: datetime) -> str | None:
    """Return the account of an identity: linked, or now linked by the name that was prepared; None: nobody's."""
    if (found := await store.account_of(tx, issuer, subject)) is not None:
        return found
    taken = await store.take_invitation(tx, issuer, at=at, username=username) if username else None
    if taken is None or await store.is_linked(tx, taken[0]):
        return None
    return await _linked(tx, issuer, subject, taken, at)


async def use_code(tx: Connection, issuer: str, subject: str, code: str, *, at: datetime) -> str:
    """Link an identity by a code that was handed over, and return the account. Raises Unauthenticated, Conflict."""
    taken = await store.take_invitation(tx, issuer, at=at, hashed=code_hash(issuer, code))
    if taken is None:
        raise Unauthenticated(
            "連携コードが違うか、期限が切れています。施設の管理者に確かめてください。",
            "The link code is wrong, or has ended. Please check with whoever gave it to you.",
            rule="signin.openid.code",
        )
    return await _linked(tx, issuer, subject, taken, at)


async def _linked(tx: Connection, issuer: str, subject: str, taken: tuple[str, str], at: datetime) -> str:
    account, made_by = taken
    await store.link(tx, issuer, subject, account, at=at, by=made_by)
    by = await refusals.named(tx, account)
    await log_note.record(tx, "account.linked", f"Account/{account}", person=0, by=by, at=at, reason=issuer)
    return account


async def _prepared(
    db: Database, issuer: str, account: str, by: Actor, at: datetime, *, hashed: bytes | None = None,
    username: str | None = None,
) -> None:  # fmt: skip
    async with db.transaction() as tx:
        await accounts.require_manages_all_of(tx, by, account)
        if await store.is_linked(tx, account):
            raise store.linked_already()
        await store.invite(
            tx, issuer, account, hashed=hashed, username=username, at=at, by=by.subject, ends_at=at + LASTS
        )
        await log_note.record(
            tx, "account.link-prepared", f"Account/{account}", person=0, by=by, at=at, reason=issuer
        )


def _require_plain(text: str, place: str, longest: int) -> None:
    if not is_plain(text, longest):
        raise BadRequest(
            f"1〜{longest}文字で、制御文字なしで入れてください（sub は半角）。",
            f"1 to {longest} characters, no controls; a sub is ASCII.",
            rule=f"signin.openid.{place}", place=place,
        )  # fmt: skip
