"""Access tokens: signed by the server (ES256), five minutes, bound to a client certificate where the client
has one.

`Tokens` is held by each process. A token is verified once and kept by its hash; then each use asks only
whether it has expired, was struck, or comes without its certificate. What was struck is read from the
store twice a second, and when the store does not answer, no token is good. Sources: RFC 9068, RFC 8705,
SMART App Launch 2.2.
"""

import asyncio
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.ids import new_id
from kakehashi.store import tokens as store
from kakehashi.store.database import Database
from kakehashi.store.tokens import Standing
from kakehashi.trust.keys import Vault
from kakehashi.trust.oauth import jose, signing_keys
from kakehashi.trust.oauth.failures import InvalidToken
from kakehashi.trust.oauth.jose import Claims, NotGood
from kakehashi.trust.oauth.signing_keys import ALGORITHM, SigningKey
from kakehashi.trust.signin import refusals

LIVES = 300  # seconds (SMART: at most five minutes)
LONGEST_LIFE = 86_400  # seconds; of demo tokens
REFRESH = timedelta(milliseconds=500)  # how old the list of struck tokens may be
MOST_KEPT = 20_000  # verified tokens kept in memory, about 1 kB each
_SKEW = 5  # seconds between the clocks of our own servers
_TYP = "at+jwt"
_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Verified:
    """A token whose signature and claims were found good; whether it is still good is asked each time."""

    actor: Actor
    client: str
    issued: int
    expires: int
    jti: str
    kid: str
    thumbprint: str  # SHA-256 of the certificate it is bound to, base64url; "" for none


class Tokens:
    """Signs and verifies access tokens. `issuer` is the server's public address."""

    def __init__(self, db: Database, vault: Vault, issuer: str) -> None:
        self.db, self.vault, self.issuer = db, vault, issuer.rstrip("/")
        self._keys: list[SigningKey] = []
        self._id_keys: list[SigningKey] = []
        self._by_kid: dict[str, tuple[jose.Key, str]] = {}
        self._struck: dict[tuple[str, str], float] = {}
        self._fresh_at = _EARLIEST
        self._kept: dict[bytes, Verified] = {}
        self._refreshing = asyncio.Lock()
        self._refused = 0  # tokens since the store was last asked; a bad one costs no write of its own

    @property
    def audience(self) -> str:
        """Whom access tokens are for: the FHIR endpoint."""
        return f"{self.issuer}/fhir"

    @property
    def endpoint(self) -> str:
        """The token endpoint, which is the audience of client assertions."""
        return f"{self.issuer}/oauth/token"

    async def actor_of_token(
        self, token: str, *, at: datetime, client_cert_thumbprint: str | None = None
    ) -> Actor:
        """Return who acts by this token. Raises InvalidToken (401), and Unavailable when the store is.

        `client_cert_thumbprint`: base64url SHA-256 of the TLS client's certificate, if there was one.
        """
        try:
            held = await self.verified(token, at=at)
            if held.thumbprint and not hmac.compare_digest(
                held.thumbprint.encode(), (client_cert_thumbprint or "").encode("utf-8", "replace")
            ):
                raise InvalidToken
        except InvalidToken:
            self._refused += 1
            raise
        return held.actor

    async def verified(self, token: str, *, at: datetime) -> Verified:
        """Return what a good token says, whoever shows it. Raises InvalidToken."""
        await self._freshen(at)
        if len(token) > jose.LONGEST:
            raise InvalidToken
        digest = sha256(token.encode("utf-8", "surrogatepass")).digest()
        held = self._kept.get(digest)
        if held is None:
            held = await self._read(token, at)
            if len(self._kept) >= MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[digest] = held
        if not self._still_good(held, at.timestamp()):
            self._kept.pop(digest, None)
            raise InvalidToken
        return held

    async def sign(
        self, actor: Actor, client: str, *, at: datetime, lives: int = LIVES, thumbprint: str = ""
    ) -> str:
        """Return a token for an actor. The caller has decided that it may have one; scopes must not be empty."""
        if not actor.scopes:
            raise ValueError("a token without scopes would be refused")
        await self._freshen(at)
        if not self._keys or self._keys[0].signs_until <= at:
            await self._load_keys(at)
        key = self._keys[0]
        claims = self._claims(actor, client, int(at.timestamp()), min(lives, LONGEST_LIFE), thumbprint)
        return jose.signed(claims, key.key, kid=key.kid, algorithm=ALGORITHM, typ=_TYP)

    async def sign_id(self, claims: Mapping[str, object], *, at: datetime) -> str:
        """Return an ID token of these claims, in our name, for five minutes."""
        await self._load_id_keys(at)
        now = int(at.timestamp())
        said = {"iss": self.issuer, "iat": now, "exp": now + LIVES, **claims}
        key = self._id_keys[0]
        return jose.signed(said, key.key, kid=key.kid, algorithm=key.algorithm, typ="JWT")

    async def jwks(self, *, at: datetime) -> dict[str, list[dict[str, str]]]:
        """Return the public keys to publish, as a JWK set."""
        await self._freshen(at)
        await self._load_id_keys(at)
        return signing_keys.publication([*self._keys, *self._id_keys])

    async def revoke(self, kind: store.Struck, value: str, *, at: datetime) -> None:
        """Strike one token ("jti"), or all issued so far of a "subject" or an "institution" (its key as text)."""
        async with self.db.transaction() as tx:
            await store.revoke(tx, kind, value, at, at + timedelta(seconds=LONGEST_LIFE + _SKEW))
        self._fresh_at = _EARLIEST  # here at once; other processes within REFRESH

    def _claims(self, actor: Actor, client: str, now: int, lives: int, thumbprint: str) -> dict[str, object]:
        claims: dict[str, object] = {
            "iss": self.issuer, "aud": self.audience, "sub": actor.subject, "client_id": client,
            "iat": now, "exp": now + lives, "jti": new_id(), "scope": " ".join(actor.scopes),
            "institution": actor.institution.key, "role": actor.role.value, "purpose": actor.purpose.value,
        }  # fmt: skip
        if actor.person is not None:
            claims["person"] = str(actor.person)
        if actor.acts_for:
            claims["acts_for"] = actor.acts_for
        if actor.app:
            claims["grant"] = actor.app
        if actor.factors > 1:
            claims["factors"] = actor.factors
        if thumbprint:
            claims["cnf"] = {"x5t#S256": thumbprint}
        return claims

    async def _freshen(self, at: datetime) -> None:
        if self._fresh_at <= at < self._fresh_at + REFRESH:
            return
        async with self._refreshing:
            if self._fresh_at <= at < self._fresh_at + REFRESH:
                return
            refused, self._refused = self._refused, 0
            if refused:
                await refusals.note(self.db, "token", at=at, times=refused)
            async with self.db.transaction() as tx:
                struck = await store.revocations(tx, at)
            self._struck = {what: until.timestamp() for what, until in struck.items()}
            await self._load_keys(at)
            self._fresh_at = at

    async def _load_keys(self, at: datetime) -> None:
        self._keys = await signing_keys.ready(self.db, self.vault, at=at, known=self._keys)
        self._by_kid = {one.kid: (one.key, ALGORITHM) for one in self._keys}

    async def _load_id_keys(self, at: datetime) -> None:
        self._id_keys = await signing_keys.ready(
            self.db, self.vault, at=at, known=self._id_keys, algorithm=signing_keys.FOR_IDS
        )

    def _still_good(self, held: Verified, now: float) -> bool:
        if not held.issued - _SKEW <= now < held.expires or held.kid not in self._by_kid:
            return False
        if not self._struck:
            return True
        struck = self._struck.get
        actor = held.actor
        return (
            ("jti", held.jti) not in self._struck
            and held.issued > struck(("subject", actor.subject), 0) + 1
            and held.issued > struck(("subject", held.client), 0) + 1
            and held.issued > struck(("institution", str(actor.institution.key)), 0) + 1
            and ("certificate", held.thumbprint) not in self._struck
            and ("grant", actor.app) not in self._struck
        )

    async def _read(self, token: str, at: datetime) -> Verified:
        try:
            header = jose.read_header(token)
            claims = jose.verified(token, header, self._by_kid, typ=(_TYP,))
            return await self._of_claims(claims, header.kid)
        except (NotGood, ValueError):  # ValueError: a role or purpose that is no more
            raise InvalidToken from None

    async def _of_claims(self, claims: Claims, kid: str) -> Verified:
        if claims.get("iss") != self.issuer or claims.get("aud") != self.audience:
            raise NotGood("aud")
        subject, client = jose.text_claim(claims, "sub"), jose.text_claim(claims, "client_id")
        role, purpose = Role(jose.text_claim(claims, "role")), Purpose(jose.text_claim(claims, "purpose"))
        scopes = tuple(jose.text_claim(claims, "scope", longest=4_000).split())
        person = int(jose.text_claim(claims, "person")) if "person" in claims else None
        acts_for, grant = (
            jose.text_claim(claims, one) if one in claims else "" for one in ("acts_for", "grant")
        )
        standing = await self._standing(subject, role, claims.get("institution"), person, acts_for)
        actor = Actor(
            subject, role, standing.institution, purpose, person=person, scopes=scopes,
            factors=2 if claims.get("factors") == 2 else 1, licence=standing.licence,
            emergency_right=standing.emergency_right, acts_for=acts_for, app=grant,
        )  # fmt: skip
        issued, expires = jose.time_claim(claims, "iat"), jose.time_claim(claims, "exp")
        return Verified(
            actor, client, issued, expires, jose.text_claim(claims, "jti"), kid, _bound_to(claims)
        )

    async def _standing(
        self, subject: str, role: Role, institution: object, person: int | None, acts_for: str
    ) -> Standing:
        """Ask how the subject stands now. Raises NotGood when it may not act any more.

        Whose record a proxy may open is asked of the proxies' grants, each time a window is opened.
        """
        if not isinstance(institution, int):
            raise NotGood("institution")
        async with self.db.transaction() as tx:
            if role is Role.SYSTEM:
                found = await store.of_client(tx, subject)
            else:
                found = await store.of_account(tx, subject, institution, role)
        if found is None or found.institution.key != institution:
            raise NotGood("standing")
        if role is Role.PERSON and (person is None or (found.person != person and not acts_for)):
            raise NotGood("person")
        return found


def _bound_to(claims: Claims) -> str:
    if "cnf" not in claims:
        return ""
    bound = claims["cnf"]
    if not isinstance(bound, dict):
        raise NotGood("cnf")
    return jose.text_claim(bound, "x5t#S256")
