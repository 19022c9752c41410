"""Who calls the token endpoint: a client proves itself by its key, by its secret, or, a public app, by its id alone.

One way only, the one it is registered with (RFC 6749 2.3). What a public app gets is guarded by PKCE and by rotating
its refresh tokens, not by its id. Sources: SMART App Launch 2.2 (client-public, client-confidential-symmetric).
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote_plus

from kakehashi.store import clients as store
from kakehashi.store.clients import Client
from kakehashi.store.database import Database
from kakehashi.trust.oauth import assertions, certificates
from kakehashi.trust.oauth.apps import secret_hash
from kakehashi.trust.oauth.failures import InvalidClient, InvalidRequest
from kakehashi.trust.oauth.jwks import Published
from kakehashi.trust.oauth.tokens import Tokens
from kakehashi.trust.signin import refusals

_LONGEST = 1_000  # characters of an id or a secret


@dataclass(frozen=True, slots=True)
class Caller:
    """What came with a request to the token endpoint: the form, the Authorization header, the certificate."""

    form: Mapping[str, str]
    authorization: str = ""
    thumbprint: str | None = None  # base64url SHA-256 of the TLS client's certificate
    address: str = ""


async def client_of(tokens: Tokens, published: Published, caller: Caller, *, at: datetime) -> Client:
    """Return the client that the caller proves to be. Raises InvalidClient, InvalidRequest.

    A certificate that was taken out of use is good for nobody; one that the client must have must be in use.
    """
    form, basic = caller.form, _basic(caller.authorization)
    ways = [name for name in ("client_assertion", "client_secret") if form.get(name)]
    if len(ways) + bool(basic) > 1:
        raise InvalidRequest(
            "クライアントの確認方法は一つだけにしてください。", "Prove the client in one way only.",
            rule="oauth.request.ways",
        )  # fmt: skip
    if form.get("client_assertion"):
        client = await _by_key(tokens, published, caller, at)
    else:
        named, secret = basic or (form.get("client_id", ""), form.get("client_secret", ""))
        if not named:
            raise InvalidRequest(
                "client_id または client_assertion が必要です。",
                "A client_id or a client_assertion is needed.",
                rule="oauth.request.client",
            )
        if form.get("client_id", named) != named:
            raise InvalidClient
        client = await _by_secret(tokens.db, named, secret, caller, at)
    if not await comes_rightly(tokens, client, caller.thumbprint, at):
        raise InvalidClient
    return client


def names_itself(caller: Caller) -> bool:
    """Say whether the caller says at all which client it is."""
    return bool(
        caller.authorization or any(caller.form.get(one) for one in ("client_id", "client_assertion"))
    )


async def comes_rightly(tokens: Tokens, client: Client, thumbprint: str | None, at: datetime) -> bool:
    """Whether the certificate will do: one of the institution's own in use where the client must have one; elsewhere
    any but one that was taken out of use."""
    if client.mtls:
        return bool(thumbprint) and await certificates.is_of(
            tokens.db, thumbprint or "", client.institution, at=at
        )
    return not thumbprint or not await certificates.is_revoked(tokens.db, thumbprint)


async def _by_key(tokens: Tokens, published: Published, caller: Caller, at: datetime) -> Client:
    form = caller.form
    if form.get("client_assertion_type") != assertions.TYPE:
        raise InvalidRequest(
            "client_assertion と client_assertion_type (jwt-bearer) が必要です。",
            "client_assertion and client_assertion_type (jwt-bearer) are needed.",
            rule="oauth.request.assertion",
        )
    client = await assertions.client_of(
        tokens.db, form["client_assertion"], audience=tokens.endpoint, published=published, at=at,
        address=caller.address,
    )  # fmt: skip
    if form.get("client_id", client.id) != client.id:
        raise InvalidClient
    return client


async def _by_secret(db: Database, named: str, secret: str, caller: Caller, at: datetime) -> Client:
    """Of a client with a secret, or of a public one without. Why it was refused is for the log."""
    if max(len(named), len(secret)) > _LONGEST or "\x00" in named:
        raise InvalidClient
    async with db.transaction() as tx:
        client = await store.by_id(tx, named)
    if client is not None and client.status == "active" and _agrees(client, secret):
        return client
    known = client.id if client else ""
    await refusals.note(db, "client.secret", account=known, address=caller.address, at=at)
    raise InvalidClient


def _agrees(client: Client, secret: str) -> bool:
    if client.proof == "none":
        return not secret
    return (
        client.proof == "secret"
        and client.secret is not None
        and hmac.compare_digest(client.secret, secret_hash(secret))
    )


def _basic(header: str) -> tuple[str, str] | None:
    """Read `Authorization: Basic`, form-encoded as RFC 6749 2.3.1 wants it. Raises InvalidClient."""
    scheme, _, given = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        named, colon, secret = base64.b64decode(given.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise InvalidClient from None
    if not colon:
        raise InvalidClient
    return unquote_plus(named), unquote_plus(secret)
