"""The operator's OpenID provider, as it describes itself, with its keys and its token endpoint. One for each process.

Sources: OpenID Connect Discovery 1.0; OpenID Connect Core 1.0, 3.1.3; RFC 7523 (private_key_jwt); RFC 7636 (PKCE).
"""

import asyncio
import json
import secrets
from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self, cast
from urllib.parse import quote, urlsplit

from kakehashi.core.settings import LOOPBACK, Settings
from kakehashi.trust.oauth import jose
from kakehashi.trust.oauth.jose import Claims, Header, NotGood
from kakehashi.trust.oauth.jwks import Keys
from kakehashi.trust.oauth.signing_keys import ALGORITHM, SigningKey
from kakehashi.trust.signin.openid import keys as published
from kakehashi.trust.signin.openid.claims import Us
from kakehashi.trust.signin.openid.keys import Signer
from kakehashi.trust.signin.openid.line import Line, NoAnswer

KEPT = timedelta(minutes=10)  # what it says of itself, and its keys
AGAIN = timedelta(seconds=30)  # until an unknown `kid` has its keys fetched anew
DOWN = timedelta(seconds=5)  # that nobody waits anew for one that did not answer
_LONGEST = 2_000  # characters of an address
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_FOR = 60  # seconds
_TYPES = ("jwt", "")
OwnKeys = Callable[[datetime], Awaitable[Sequence[SigningKey]]]


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the discovery document says that we use. `leaving`: where to sign out, "" for nowhere."""

    issuer: str
    authorization: str
    token: str
    jwks: str
    leaving: str
    names_itself: bool  # its answers name the issuer (RFC 9207)
    algorithms: tuple[str, ...]
    client_auth: tuple[str, ...]


class Provider:
    """The provider that the settings name. Asks it as seldom as it may."""

    def __init__(self, settings: Settings, line: Line, own_keys: OwnKeys) -> None:
        self.us = Us(settings.openid_issuer, settings.openid_client_id)
        self.name = settings.openid_name or urlsplit(settings.openid_issuer).hostname or ""
        self.factor = settings.openid_factor
        self.only = settings.openid_only
        self.max_age = timedelta(minutes=settings.openid_max_age)
        self.base = settings.public_url
        self._secret = settings.openid_client_secret
        self._own_keys = own_keys
        self._line = line
        self._said: tuple[datetime, Metadata] | None = None
        self._signers: tuple[datetime, list[Signer]] | None = None
        self._down: datetime | None = None
        self._one_at_a_time = asyncio.Lock()

    @classmethod
    def of(cls, settings: Settings, own_keys: OwnKeys) -> Self | None:
        """Return the provider of the settings, or None where none is named."""
        if not settings.openid_issuer:
            return None
        trusted = settings.home / "keys" / "openid.pem"
        return cls(settings, Line(settings.openid_issuer, settings.key_networks, trusted), own_keys)

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends people back to."""
        return f"{self.base}/signin/openid/return"

    async def metadata(self, *, at: datetime) -> Metadata:
        """Return what the provider says of itself, asked anew every ten minutes. Raises NoAnswer."""
        async with self._one_at_a_time:
            if self._said is None or at >= self._said[0] + KEPT:
                body = await self._fetched(
                    f"{self.us.issuer.rstrip('/')}/.well-known/openid-configuration", at
                )
                self._said = at, _metadata(body, self.us.issuer)
            return self._said[1]

    async def signers(self, said: Metadata, *, at: datetime) -> list[Signer]:
        """Return the provider's keys as they are published now. Raises NoAnswer."""
        try:
            return published.read(await self._fetched(said.jwks, at))
        except NotGood as useless:
            raise NoAnswer(useless.why) from None

    async def verified(self, token: str, *, at: datetime, typ: Sequence[str] = _TYPES) -> Claims:
        """Return the claims of a token that the provider signed. Raises NotGood, NoAnswer."""
        header = jose.read_header(token)
        if header.jku:
            raise NotGood("header")
        return jose.verified(token, header, await self._key(header, at), typ=typ)

    async def id_token(self, code: str, verifier: str, *, at: datetime) -> str:
        """Give an authorization code for the id_token; the access token is thrown away. Raises NotGood, NoAnswer."""
        said = await self.metadata(at=at)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
        }
        proof, headers = await self._proof(said, at)
        status, body = await self._line.post(said.token, {**form, **proof}, headers)
        if status >= 500:
            raise NoAnswer("token")
        token = _object(body).get("id_token") if status == 200 else None
        if not isinstance(token, str):
            raise NotGood("code")
        return token

    async def _proof(self, said: Metadata, at: datetime) -> tuple[dict[str, str], dict[str, str]]:
        """How we prove that we are the client: fields and headers."""
        client = self.us.client_id
        if not self._secret:
            key = (await self._own_keys(at))[0]
            now = int(at.timestamp())
            claims = {
                "iss": client, "sub": client, "aud": said.issuer, "jti": secrets.token_urlsafe(16), "iat": now,
                "exp": now + _ASSERTION_FOR,
            }  # fmt: skip
            assertion = jose.signed(claims, key.key, kid=key.kid, algorithm=ALGORITHM, typ="JWT")
            return {
                "client_id": client,
                "client_assertion_type": _ASSERTION,
                "client_assertion": assertion,
            }, {}
        if said.client_auth and "client_secret_basic" not in said.client_auth:
            return {"client_id": client, "client_secret": self._secret}, {}
        pair = f"{quote(client, safe='')}:{quote(self._secret, safe='')}"
        return {}, {"authorization": f"Basic {b64encode(pair.encode()).decode()}"}

    async def _key(self, header: Header, at: datetime) -> Keys:
        """Return the key that a header names; one that is not known is looked for once, so that keys may be changed."""
        said = await self.metadata(at=at)
        async with self._one_at_a_time:
            if self._signers is None or at >= self._signers[0] + KEPT:
                self._signers = at, await self.signers(said, at=at)
            try:
                return published.of_token(self._signers[1], header)
            except NotGood as unknown:
                if unknown.why != "kid" or at < self._signers[0] + AGAIN:
                    raise
            self._signers = at, await self.signers(said, at=at)
            return published.of_token(self._signers[1], header)

    async def _fetched(self, url: str, at: datetime) -> bytes:
        if self._down is not None and self._down <= at < self._down + DOWN:
            raise NoAnswer("down")
        try:
            return await self._line.get(url)
        except NoAnswer:
            self._down = at
            raise


def _metadata(body: bytes, issuer: str) -> Metadata:
    """Read a discovery document. Raises NoAnswer where it is another issuer's, or names no sound addresses."""
    said = _object(body)
    if said.get("issuer") != issuer:
        raise NoAnswer("issuer")
    leaving = said.get("end_session_endpoint", "")
    if leaving and not _sound(leaving, issuer):
        raise NoAnswer("address")
    places = [said.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    if not all(_sound(one, issuer) for one in places):
        raise NoAnswer("address")
    authorization, token, jwks = cast(list[str], places)
    return Metadata(
        issuer, authorization, token, jwks, str(leaving),
        said.get("authorization_response_iss_parameter_supported") is True,
        _words(said, "id_token_signing_alg_values_supported"), _words(said, "token_endpoint_auth_methods_supported"),
    )  # fmt: skip


def _sound(url: object, issuer: str) -> bool:
    """Whether an address may be used: https; plain http only on this machine, beside an issuer that has it too."""
    if not isinstance(url, str) or len(url) > _LONGEST or not url.isascii():
        return False
    try:
        parts = urlsplit(url)
        here = parts.scheme == "http" and parts.hostname in LOOPBACK and issuer.startswith("http:")
        sound = (parts.scheme == "https" or here) and parts.port != 0
    except ValueError:
        return False
    return bool(sound and parts.hostname and parts.username is None and not parts.fragment)


def _words(said: Claims, name: str) -> tuple[str, ...]:
    listed = said.get(name)
    return tuple(one for one in listed if isinstance(one, str)) if isinstance(listed, list) else ()


def _object(body: bytes) -> Claims:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}
