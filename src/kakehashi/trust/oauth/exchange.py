"""From a code, or a refresh token, to tokens: each good once, for the app that it was given to.

A code that comes twice, and a refresh token that comes twice, are in two hands: all that came of them ends. Sources:
RFC 6749 4.1.3 and 6, RFC 7636, RFC 9700 2.1.1 and 4.14, SMART App Launch 2.2.
"""

import base64
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from kakehashi.core.actors import Actor, Role
from kakehashi.store import accounts, app_grants
from kakehashi.store import tokens as standings
from kakehashi.store.app_grants import Code, Grant, Held
from kakehashi.store.clients import Client
from kakehashi.store.database import Connection, Database
from kakehashi.trust.oauth import apps, scopes
from kakehashi.trust.oauth.apps import WORDS, secret_hash
from kakehashi.trust.oauth.failures import InvalidGrant, InvalidScope
from kakehashi.trust.oauth.granted import Granted
from kakehashi.trust.oauth.proving import Caller
from kakehashi.trust.oauth.tokens import LIVES, Tokens
from kakehashi.trust.signin.policy import STRICT, Policy

TOKEN_BYTES = 32  # 256 bits
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)  # RFC 7636 4.1
STYLE = "/oauth/smart-style.json"


async def of_code(
    tokens: Tokens, client: Client, caller: Caller, *, at: datetime, policy: Policy = STRICT
) -> Granted:
    """Answer authorization_code. Raises InvalidGrant; a code that was tried wrongly, or twice, is good no more."""
    form = caller.form
    async with tokens.db.transaction() as tx:
        held = await app_grants.of_code(tx, secret_hash(form.get("code", "")))
        if held is None or held.grant.client != client.id:
            raise InvalidGrant
        refresh, actor = "", None
        fault = _fault_of_code(held, form.get("redirect_uri", ""), form.get("code_verifier", ""), at)
        fault = fault or _fault(held, at, policy, leans=True)
        if not fault:
            actor = await _actor(tx, held.grant, held.grant.scopes)
        if actor is None:
            await app_grants.end(tx, held.grant.id, at, fault or "standing")
        else:
            await app_grants.use_code(tx, held.grant.id, at)
            refresh = await _new_refresh(tx, held.grant, at)
    if actor is None:  # after the commit: the grant has ended
        raise InvalidGrant
    more: dict[str, object] = {"refresh_token": refresh} if refresh else {}
    if "openid" in held.grant.scopes:
        more["id_token"] = await _id_token(tokens, held.grant, held.code, at)
    return await _answer(tokens, held, actor, more, caller, at)


async def of_refresh(
    tokens: Tokens, client: Client, caller: Caller, *, at: datetime, policy: Policy = STRICT
) -> Granted:
    """Answer refresh_token: a new access token and the next refresh token. Raises InvalidGrant, InvalidScope."""
    given = secret_hash(caller.form.get("refresh_token", ""))
    async with tokens.db.transaction() as tx:
        held = await app_grants.of_refresh(tx, given)
        if held is None or held.grant.client != client.id:
            raise InvalidGrant
        refresh, actor = "", None
        fault = (
            "refresh token used twice"
            if held.used
            else _fault(held, at, policy, leans=not held.grant.outlives)
        )
        if not fault:
            actor = await _actor(tx, held.grant, _narrowed(held.grant.scopes, caller.form.get("scope", "")))
        if actor is None:
            await app_grants.end(tx, held.grant.id, at, fault or "standing")
        else:
            await app_grants.use_refresh(tx, given, held.grant.id, at)
            refresh = await _new_refresh(tx, held.grant, at)
    if actor is None:
        raise InvalidGrant
    return await _answer(tokens, held, actor, {"refresh_token": refresh}, caller, at)


async def give_up(db: Database, given: str, *, by: Client, at: datetime) -> bool:
    """End what a client was allowed, by its refresh token; say whether this was one. Another's stays as it is."""
    async with db.transaction() as tx:
        held = await app_grants.of_refresh(tx, secret_hash(given))
        if held is None:
            return False
        if held.grant.client == by.id:
            await app_grants.end(tx, held.grant.id, at, "by the app")
    return True


async def holder_of(db: Database, given: str) -> str:
    """Return the id of the client whose refresh token this is. Raises InvalidGrant."""
    async with db.transaction() as tx:
        held = await app_grants.of_refresh(tx, secret_hash(given))
    if held is None:
        raise InvalidGrant
    return held.grant.client


async def context_of(db: Database, grant: str) -> dict[str, str]:
    """Return what an app was told beside its tokens: patient, encounter, fhirUser."""
    async with db.transaction() as tx:
        held = await app_grants.by_id(tx, grant)
    return dict(held.context) if held else {}


def _fault_of_code(held: Held, redirect: str, verifier: str, at: datetime) -> str:
    if held.used:
        return "code used twice"
    if at >= held.code.ends_at:
        return "code too late"
    if redirect != held.code.redirect:
        return "redirect"
    return "" if _proves(verifier, held.code) else "verifier"


def _proves(verifier: str, code: Code) -> bool:
    if not _VERIFIER.fullmatch(verifier):
        return False
    made = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=")
    return hmac.compare_digest(made, code.challenge.encode())


def _fault(held: Held, at: datetime, policy: Policy, *, leans: bool) -> str:
    """Say why a grant is good no more, "" where it is. `leans`: its session must be as it was."""
    if held.grant.ended_at is not None or at >= held.grant.ends_at:
        return "ended"
    if leans and (
        held.session_ended is not None
        or at >= held.session_ends
        or at - held.session_used >= policy.idle
        or not held.same_duty
    ):
        return "session"
    return ""


async def _actor(tx: Connection, grant: Grant, granted: Sequence[str]) -> Actor | None:
    """Return who acts by a grant as they stand now; None where they may not any more."""
    found = await standings.of_account(tx, grant.account, grant.institution, grant.role)
    if found is None or not granted:
        return None
    if grant.role is Role.PERSON and found.person != grant.person and not grant.acts_for:
        return None
    return Actor(
        grant.account, grant.role, found.institution, grant.purpose, person=grant.person, factors=grant.factors,
        scopes=tuple(granted), licence=found.licence, emergency_right=found.emergency_right, acts_for=grant.acts_for,
        app=grant.id,
    )  # fmt: skip


def _narrowed(allowed: tuple[str, ...], asked: str) -> tuple[str, ...]:
    """Return the scopes asked for. Raises InvalidScope when one is wider than what was allowed (RFC 6749 6)."""
    wanted = asked.split()
    if not wanted:
        return allowed
    if len(asked) > scopes.LONGEST or len(wanted) > scopes.MOST_SCOPES:
        raise InvalidScope
    within = apps.granted(wanted, allowed)
    if set(within) != set(apps.granted(wanted, wanted)) or any(
        scopes.parse(one) is None and one not in WORDS for one in wanted
    ):
        raise InvalidScope
    return within


async def _new_refresh(tx: Connection, grant: Grant, at: datetime) -> str:
    if not grant.renews:
        return ""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await app_grants.put_refresh(tx, secret_hash(token), grant.id, at)
    return token


async def _answer(
    tokens: Tokens, held: Held, actor: Actor, more: dict[str, object], caller: Caller, at: datetime
) -> Granted:
    grant, ends = held.grant, held.grant.ends_at if held.grant.outlives else held.session_ends
    lives = max(1, min(LIVES, int((ends - at).total_seconds())))
    signed = await tokens.sign(actor, grant.client, at=at, lives=lives, thumbprint=caller.thumbprint or "")
    told: dict[str, object] = {**grant.context, "smart_style_url": f"{tokens.issuer}{STYLE}", **more}
    if "patient" in grant.context:
        told["need_patient_banner"] = True  # apps stand by themselves: no banner of ours is above them
    return Granted(signed, " ".join(actor.scopes), lives, more=told)


async def _id_token(tokens: Tokens, grant: Grant, code: Code, at: datetime) -> str:
    claims: dict[str, object] = {
        "sub": grant.account, "aud": grant.client, "auth_time": int(grant.proven_at.timestamp()),
    }  # fmt: skip
    if code.nonce:
        claims["nonce"] = code.nonce
    if "fhirUser" in grant.context:
        claims["fhirUser"] = grant.context["fhirUser"]
    if "profile" in grant.scopes:
        async with tokens.db.transaction() as tx:
            account = await accounts.by_id(tx, grant.account)
        claims["name"] = account.name if account else ""
    return await tokens.sign_id(claims, at=at)
