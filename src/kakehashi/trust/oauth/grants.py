"""The token endpoint's work: who calls, which grant; client_credentials (SMART Backend Services); and after it.

Source: https://hl7.org/fhir/smart-app-launch/STU2.2/backend-services.html, RFC 7009, RFC 7662.
"""

from dataclasses import replace
from datetime import datetime

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.store.clients import Client
from kakehashi.trust.oauth import exchange, proving, scopes
from kakehashi.trust.oauth.failures import (
    InvalidClient,
    InvalidRequest,
    InvalidScope,
    InvalidToken,
    UnsupportedGrant,
)
from kakehashi.trust.oauth.granted import Granted
from kakehashi.trust.oauth.jwks import Published
from kakehashi.trust.oauth.proving import Caller
from kakehashi.trust.oauth.tokens import Tokens
from kakehashi.trust.signin.policy import STRICT, Policy

_LONGEST_SCOPE = 4_000  # characters


async def token(
    tokens: Tokens, published: Published, caller: Caller, *, at: datetime, policy: Policy = STRICT
) -> Granted:
    """Return the token endpoint's answer. Raises InvalidRequest, UnsupportedGrant, InvalidClient, InvalidGrant,
    InvalidScope: `oauth_error` gives their OAuth names.
    """
    kind = caller.form.get("grant_type")
    if kind not in ("client_credentials", "authorization_code", "refresh_token"):
        raise UnsupportedGrant
    if kind == "client_credentials" and not caller.form.get("client_assertion"):
        raise InvalidRequest(
            "client_assertion と client_assertion_type (jwt-bearer) が必要です。",
            "client_assertion and client_assertion_type (jwt-bearer) are needed.",
            rule="oauth.request.assertion",
        )
    if kind == "refresh_token" and not proving.names_itself(caller):
        caller = await _named(tokens, caller)
    client = await proving.client_of(tokens, published, caller, at=at)
    if kind == "client_credentials":
        return await for_itself(tokens, client, caller, at=at)
    step = exchange.of_code if kind == "authorization_code" else exchange.of_refresh
    return await step(tokens, client, caller, at=at, policy=policy)


async def _named(tokens: Tokens, caller: Caller) -> Caller:
    """A public app need not name itself again with its refresh token, and libraries of the field do not: the token is
    one app's alone. An app that has something to prove itself with is refused without it. Raises InvalidGrant."""
    named = await exchange.holder_of(tokens.db, caller.form.get("refresh_token", ""))
    return replace(caller, form={**caller.form, "client_id": named})


async def for_itself(tokens: Tokens, client: Client, caller: Caller, *, at: datetime) -> Granted:
    """Answer client_credentials: a system asks for itself. `client` was proven; its form: scope, optional purpose
    (v3-ActReason code). Raises InvalidRequest, InvalidScope, InvalidClient for one that has no key."""
    if client.proof != "key":
        raise InvalidClient
    weighed = _scopes(client, caller.form.get("scope", ""))
    purpose = _purpose(client, caller.form.get("purpose", ""))
    actor = Actor(client.id, Role.SYSTEM, client.institution, purpose, scopes=weighed.scopes)
    # Whoever comes with a certificate gets a token that is good with it only, asked for or not (RFC 8705).
    signed = await tokens.sign(actor, client.id, at=at, thumbprint=caller.thumbprint or "")
    return Granted(
        signed, " ".join(weighed.scopes), more={"scope_dropped": weighed.told} if weighed.dropped else {}
    )


async def revoke(tokens: Tokens, given: str, *, by: Client, at: datetime) -> None:
    """Make a client's own token void: a refresh token ends all that it was allowed with it. A token that is not good,
    or another's, is no error and stays as it is."""
    if await exchange.give_up(tokens.db, given, by=by, at=at):
        return
    try:
        held = await tokens.verified(given, at=at)
    except InvalidToken:
        return
    if held.client == by.id:
        await tokens.revoke("jti", held.jti, at=at)


async def introspect(tokens: Tokens, given: str, *, by: Client, at: datetime) -> dict[str, object]:
    """Return what a token of the caller's own, or of a system of its institution, says; of any other only that it is
    not active.

    Raises InvalidClient for a public app: anybody could ask in its name (RFC 7662 2.1).
    """
    if by.proof == "none":
        raise InvalidClient
    try:
        held = await tokens.verified(given, at=at)
    except InvalidToken:
        return {"active": False}
    actor = held.actor
    if held.client != by.id and (actor.app or actor.institution.key != by.institution.key):
        return {"active": False}
    said: dict[str, object] = {
        "active": True, "iss": tokens.issuer, "aud": tokens.audience, "sub": actor.subject, "client_id": held.client,
        "scope": " ".join(actor.scopes), "iat": held.issued, "exp": held.expires, "jti": held.jti,
        "token_type": "bearer",
    }  # fmt: skip
    if actor.app:
        said |= await exchange.context_of(tokens.db, actor.app)
    return {**said, "cnf": {"x5t#S256": held.thumbprint}} if held.thumbprint else said


def _scopes(client: Client, asked: str) -> scopes.Weighed:
    wanted = asked.split() if len(asked) <= _LONGEST_SCOPE else []
    if not 0 < len(wanted) <= scopes.MOST_SCOPES:
        raise InvalidScope
    weighed = scopes.weighed(wanted, client.scopes, context="system")
    if not weighed.scopes:
        raise InvalidScope(problems=weighed.misread)
    return weighed


def _purpose(client: Client, asked: str) -> Purpose:
    """Return the purpose asked for, or the client's first; one that it may not have is refused."""
    for purpose in client.purposes:
        if asked in ("", purpose.value):
            return purpose
    raise InvalidRequest(
        f"purpose は {', '.join(client.purposes)} のいずれかです。",
        f"purpose must be one of {', '.join(client.purposes)}.",
        rule="oauth.request.purpose",
    )
