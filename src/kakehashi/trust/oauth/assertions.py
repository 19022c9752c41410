"""Client assertions (`private_key_jwt`): a system proves that it holds the key it registered.

Source: https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html, RFC 7523.
"""

from datetime import UTC, datetime
from hashlib import sha256

from kakehashi.core.errors import Failure
from kakehashi.store import clients as store
from kakehashi.store.clients import Client
from kakehashi.store.database import Database
from kakehashi.trust.oauth import jwks
from kakehashi.trust.oauth.failures import InvalidClient
from kakehashi.trust.oauth.jose import (
    Claims,
    Header,
    NotGood,
    claimed,
    read_header,
    text_claim,
    time_claim,
    verified,
)
from kakehashi.trust.oauth.jwks import Keys, Published
from kakehashi.trust.signin import refusals
from kakehashi.trust.signin.refusals import Tried

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST = 300  # seconds from now to `exp` (SMART: five minutes)
SKEW = 30  # seconds that clocks may differ
_TYP = ("jwt", "client-authentication+jwt")


async def client_of(
    db: Database, assertion: str, *, audience: str, published: Published, at: datetime, address: str = ""
) -> Client:
    """Return the client that an assertion proves; its `jti` is used up. Raises InvalidClient, and says no more.

    `audience`: the address of the token endpoint, compared exactly. `published`: keys of clients by address. Why an
    assertion was refused is for the log (trust/signin/refusals.py).
    """
    tried = Tried()
    try:
        return await _client_of(db, assertion, tried, audience, published, at)
    except NotGood as not_good:
        await refusals.note(db, f"client.{not_good.why}", account=tried.account, address=address, at=at)
        raise InvalidClient from None


async def _client_of(
    db: Database, assertion: str, tried: Tried, audience: str, published: Published, at: datetime
) -> Client:
    header = read_header(assertion)
    async with db.transaction() as tx:
        client = await store.by_id(tx, claimed_subject(assertion))
    tried.account = client.id if client else ""
    if client is None or client.status != "active":
        raise NotGood("client")
    claims = verified(assertion, header, await _keys(client, header, published, at), typ=_TYP)
    expires = require_claims(claims, client, audience, int(at.timestamp()))
    jti = sha256(text_claim(claims, "jti").encode()).digest()
    async with db.transaction() as tx:
        if not await store.take_assertion(tx, client.id, jti, datetime.fromtimestamp(expires + SKEW, UTC)):
            raise NotGood("jti")
    return client


def claimed_subject(assertion: str) -> str:
    """Return the `sub` that an unproven assertion claims: good for looking up its keys only. Raises NotGood."""
    return text_claim(claimed(assertion), "sub", longest=64)


async def _keys(client: Client, header: Header, published: Published, at: datetime) -> Keys:
    if header.jku and header.jku != client.jwks_url:
        raise NotGood("jku")
    try:
        if client.jwks:
            return jwks.read(client.jwks)
        return await published.keys(client.jwks_url, header.kid, at=at)
    except Failure:
        raise NotGood("keys") from None


def require_claims(claims: Claims, client: Client, audience: str, now: int) -> int:
    """Hold the claims against what they must be; return `exp`."""
    if text_claim(claims, "iss") != client.id or text_claim(claims, "sub") != client.id:
        raise NotGood("iss")
    if claims.get("aud") != audience:
        raise NotGood("aud")
    expires = time_claim(claims, "exp")
    if not now - SKEW < expires <= now + LONGEST + SKEW:
        raise NotGood("exp")
    for name in ("nbf", "iat"):
        if name in claims and time_claim(claims, name) > now + SKEW:
            raise NotGood(name)
    if "iat" in claims and expires - time_claim(claims, "iat") > LONGEST:
        raise NotGood("exp")
    return expires
