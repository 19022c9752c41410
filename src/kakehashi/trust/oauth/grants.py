"""The token endpoint's work: client_credentials with a signed assertion (SMART Backend Services), and after
it.

Source: https://hl7.org/fhir/smart-app-launch/STU2.2/backend-services.html, RFC 7009, RFC 7662.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.store.clients import Client
from kakehashi.trust.oauth import assertions, certificates, scopes
from kakehashi.trust.oauth.failures import (
    InvalidClient,
    InvalidRequest,
    InvalidScope,
    InvalidToken,
    UnsupportedGrant,
)
from kakehashi.trust.oauth.jwks import Published
from kakehashi.trust.oauth.tokens import LIVES, Tokens

_LONGEST_SCOPE = 4_000  # characters


@dataclass(frozen=True, slots=True)
class Granted:
    """The answer of the token endpoint."""

    access_token: str = field(repr=False)
    scope: str
    expires_in: int = LIVES
    token_type: str = "bearer"  # noqa: S105 - a kind, not a token

    def body(self) -> dict[str, str | int]:
        """Return the JSON members of the answer; it goes out with `Cache-Control: no-store`."""
        return {
            "access_token": self.access_token,
            "token_type": self.token_type,
            "expires_in": self.expires_in,
            "scope": self.scope,
        }


async def token(
    tokens: Tokens, published: Published, form: Mapping[str, str], *, at: datetime,
    client_cert_thumbprint: str | None = None,
) -> Granted:  # fmt: skip
    """Answer a request to the token endpoint.

    `form`: grant_type, scope, client_assertion_type, client_assertion; optional purpose (v3-ActReason code).
    Raises InvalidRequest, UnsupportedGrant, InvalidClient, InvalidScope: `oauth_error` gives their OAuth names.
    """
    if form.get("grant_type") != "client_credentials":
        raise UnsupportedGrant
    client = await _proven(tokens, published, form, at)
    if not await _comes_rightly(tokens, client, client_cert_thumbprint, at):
        raise InvalidClient
    granted = _scopes(client, form.get("scope", ""))
    actor = Actor(
        client.id, Role.SYSTEM, client.institution, _purpose(client, form.get("purpose", "")), scopes=granted
    )
    # Whoever comes with a certificate gets a token that is good with it only, asked for or not (RFC 8705).
    signed = await tokens.sign(actor, client.id, at=at, thumbprint=client_cert_thumbprint or "")
    return Granted(signed, " ".join(granted))


async def revoke(tokens: Tokens, given: str, *, by: Client, at: datetime) -> None:
    """Make a client's own token void. A token that is not good, or another's, is no error and stays as it is."""
    try:
        held = await tokens.verified(given, at=at)
    except InvalidToken:
        return
    if held.client == by.id:
        await tokens.revoke("jti", held.jti, at=at)


async def introspect(tokens: Tokens, given: str, *, by: Client, at: datetime) -> dict[str, object]:
    """Return what a token of the caller's own institution says; of any other only that it is not active."""
    try:
        held = await tokens.verified(given, at=at)
    except InvalidToken:
        return {"active": False}
    actor = held.actor
    if actor.institution.key != by.institution.key:
        return {"active": False}
    said: dict[str, object] = {
        "active": True, "iss": tokens.issuer, "aud": tokens.audience, "sub": actor.subject, "client_id": held.client,
        "scope": " ".join(actor.scopes), "iat": held.issued, "exp": held.expires, "jti": held.jti,
        "token_type": "bearer",
    }  # fmt: skip
    return {**said, "cnf": {"x5t#S256": held.thumbprint}} if held.thumbprint else said


async def _comes_rightly(tokens: Tokens, client: Client, thumbprint: str | None, at: datetime) -> bool:
    """Whether the certificate will do: one of the institution's own in use where the client must have one; elsewhere
    any but one that was taken out of use."""
    if client.mtls:
        return bool(thumbprint) and await certificates.is_of(
            tokens.db, thumbprint or "", client.institution, at=at
        )
    return not thumbprint or not await certificates.is_revoked(tokens.db, thumbprint)


async def _proven(tokens: Tokens, published: Published, form: Mapping[str, str], at: datetime) -> Client:
    assertion = form.get("client_assertion", "")
    if form.get("client_assertion_type") != assertions.TYPE or not assertion:
        raise InvalidRequest(
            "client_assertion と client_assertion_type (jwt-bearer) が必要です。",
            "client_assertion and client_assertion_type (jwt-bearer) are needed.",
            rule="oauth.request.assertion",
        )
    client = await assertions.client_of(
        tokens.db, assertion, audience=tokens.endpoint, published=published, at=at
    )
    if form.get("client_id", client.id) != client.id:
        raise InvalidClient
    return client


def _scopes(client: Client, asked: str) -> tuple[str, ...]:
    wanted = asked.split() if len(asked) <= _LONGEST_SCOPE else []
    if not 0 < len(wanted) <= scopes.MOST_SCOPES:
        raise InvalidScope
    granted = scopes.granted(wanted, client.scopes, context="system")
    if not granted:
        raise InvalidScope
    return granted


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
