"""Signing out at the provider too, and being told that somebody signed out there.

Sources: OpenID Connect RP-Initiated Logout 1.0; OpenID Connect Back-Channel Logout 1.0.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import urlencode

from kakehashi.core.errors import BadRequest
from kakehashi.store import openid as store
from kakehashi.store.database import Database
from kakehashi.trust.keys import Vault
from kakehashi.trust.oauth.jose import NotGood
from kakehashi.trust.signin import refusals, sessions
from kakehashi.trust.signin.openid import arriving, claims
from kakehashi.trust.signin.openid.line import NoAnswer
from kakehashi.trust.signin.openid.provider import Provider
from kakehashi.trust.signin.policy import STRICT, Policy
from kakehashi.trust.signin.sessions import token_hash

_TYPES = ("logout+jwt", "jwt", "")
_JTI = timedelta(seconds=claims.SKEW)


async def sign_out(db: Database, vault: Vault, provider: Provider | None, token: str, *, at: datetime) -> str:
    """End a session, and return where to end the provider's too; "" where there is nothing to end, or nowhere to."""
    async with db.transaction() as tx:
        kept = await store.take_token(tx, token_hash(token)) if provider else None
    await sessions.sign_out(db, token, at=at)
    if provider is None or kept is None:
        return ""
    try:
        there = (await provider.metadata(at=at)).leaving
    except NoAnswer:
        return ""
    asked = {
        "id_token_hint": arriving.id_token_of(kept, vault), "client_id": provider.us.client_id,
        "post_logout_redirect_uri": f"{provider.base}/signin", "ui_locales": "ja en",
    }  # fmt: skip
    return f"{there}{'&' if '?' in there else '?'}{urlencode(asked)}" if there else ""


async def ended_there(
    db: Database, provider: Provider, logout_token: str, *, at: datetime, address: str = "", policy: Policy = STRICT
) -> int:  # fmt: skip
    """End the sessions that a logout token is about, at once; return how many there were.

    Raises BadRequest for what is no good logout token of the provider, or came before; NoAnswer.
    """
    try:
        return await _ended_there(db, provider, logout_token, at, policy)
    except NotGood as not_good:
        await refusals.note(db, f"openid.logout.{not_good.why}", address=address, at=at)
        raise BadRequest(
            "ログアウトの通知を確認できません。", "The logout token is not good.", rule="signin.openid.logout"
        ) from None


async def _ended_there(db: Database, provider: Provider, token: str, at: datetime, policy: Policy) -> int:
    said = await provider.verified(token, at=at, typ=_TYPES)
    gone = claims.departure(said, provider.us, now=int(at.timestamp()))
    issuer = provider.us.issuer
    jti = sha256(f"jti\x1f{issuer}\x1f{gone.jti}".encode("utf-8", "surrogatepass")).digest()
    async with db.transaction() as tx:
        if not await store.first_seen(tx, jti, datetime.fromtimestamp(gone.expires, UTC) + _JTI):
            raise NotGood("jti")
        if gone.sid:  # a sign-in that is half done rests on it too
            await store.first_seen(tx, arriving.ended_there(issuer, gone.sid), at + policy.longest)
        held = await store.open_there(tx, issuer, gone.subject, gone.sid)
        for hashed in held:
            await sessions.end(tx, hashed, at=at, because="signed out at the provider")
    return len(held)
