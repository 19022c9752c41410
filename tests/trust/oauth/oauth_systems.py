"""A synthetic hospital's system with its keys, and how it asks for tokens."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.trust.oauth import assertions, grants
from kakehashi.trust.oauth.granted import Granted
from kakehashi.trust.oauth.jwks import Published
from kakehashi.trust.oauth.proving import Caller
from kakehashi.trust.oauth.tokens import Tokens
from kakehashi.trust.signin import setup

NOON = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
SAKURA = Institution(1, "1311234567", "桜台総合病院", InstitutionType.HOSPITAL)
MIDORI = Institution(2, "1311234568", "緑町病院", InstitutionType.HOSPITAL)
OPERATOR = Actor("setup", Role.OPERATOR, setup.OPERATOR, Purpose.OPERATIONS, factors=2)
ISSUER = "https://kakehashi.example"
ENDPOINT = ISSUER + "/oauth/token"
NOBODY_PUBLISHES = Published(None)


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class System:
    """A registered system: its id, its private key and the algorithm of that key."""

    id: str
    key: ECKey | RSAKey
    algorithm: str
    kid: str = "k1"

    def jwks(self, **more: str) -> str:
        return json.dumps({"keys": [{**self.key.as_dict(private=False), "kid": self.kid, **more}]})

    def claims(self, at: datetime, **changed: object) -> dict[str, object]:
        """The claims of a good assertion; a change to None leaves one out."""
        now = int(at.timestamp())
        good: dict[str, object] = {
            "iss": self.id, "sub": self.id, "aud": ENDPOINT, "iat": now, "exp": now + 300, "jti": str(uuid4())
        }  # fmt: skip
        return {name: value for name, value in {**good, **changed}.items() if value is not None}

    def assertion(self, at: datetime, header: Mapping[str, object] = {}, **changed: object) -> str:
        said = {"alg": self.algorithm, "kid": self.kid, "typ": "JWT", **header}
        return jwt.encode(said, self.claims(at, **changed), self.key, [str(said["alg"])])

    async def token(
        self, tokens: Tokens, at: datetime, assertion: str = "", scope: str = "system/*.rs", cert: str | None = None,
        **form: str,
    ) -> Granted:  # fmt: skip
        asked = {
            "grant_type": "client_credentials", "scope": scope, "client_assertion_type": assertions.TYPE,
            "client_assertion": assertion or self.assertion(at), **form,
        }  # fmt: skip
        return await grants.token(tokens, NOBODY_PUBLISHES, Caller(asked, thumbprint=cert), at=at)


def new_system(client: str = "sakura-ehr", algorithm: str = "ES384") -> System:
    if algorithm == "RS384":
        return System(client, RSAKey.generate_key(2048), algorithm)
    return System(client, ECKey.generate_key({"ES256": "P-256", "ES384": "P-384"}[algorithm]), algorithm)
