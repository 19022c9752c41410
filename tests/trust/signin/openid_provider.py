"""A small OpenID provider on this machine that says whatever a test has it say, and how a person comes by it."""

import json
import ssl
import threading
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey
from signin_people import HERE, NOON

from kakehashi.core.settings import Settings
from kakehashi.store.database import Database
from kakehashi.trust.keys import Vault
from kakehashi.trust.oauth import signing_keys
from kakehashi.trust.signin.openid import arriving, asking, claims
from kakehashi.trust.signin.openid.arriving import Answer
from kakehashi.trust.signin.openid.asking import Asked
from kakehashi.trust.signin.openid.provider import Provider
from kakehashi.trust.signin.policy import STRICT, Policy
from kakehashi.trust.signin.sessions import Ticket

CLIENT, SECRET = "kakehashi", "the-client's-secret-at-the-provider"
HANAKO = "f:7d1c:hanako"  # a `sub`: nothing that a person would know
EVENT = {claims.EVENT: {}}


@cache
def rsa(name: str) -> RSAKey:
    """A key that this run of the tests makes once."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"})


def published(*keys: RSAKey | ECKey) -> dict[str, object]:
    return {"keys": [one.as_dict(private=False) for one in keys]}


@dataclass
class Teller:
    """What the provider serves. `token`: its next answer at the token endpoint; `asked`: the forms that came there."""

    issuer: str = ""
    described: dict[str, object] = field(default_factory=dict)
    keys: dict[str, object] = field(default_factory=dict)
    token: dict[str, object] | None = None
    challenge: str = ""
    up: bool = True
    odd: dict[str, tuple[int, object]] = field(default_factory=dict)  # answers that a test wants instead
    asked: list[dict[str, str]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def answer(self, path: str, form: dict[str, str], authorization: str) -> tuple[int, object]:
        self.requests.append(path)
        if not self.up:
            return 503, {}
        if path in self.odd:
            return self.odd[path]
        if path.endswith("/.well-known/openid-configuration"):
            return 200, self.described
        if path == "/keys":
            return 200, self.keys
        if path == "/token":
            return self._redeemed(form | {"authorization": authorization})
        return 404, {}

    def _redeemed(self, form: dict[str, str]) -> tuple[int, object]:
        """A code is good once, for the client that proves itself and knows the verifier."""
        self.asked.append(form)
        told, self.token = self.token, None
        hashed = (
            urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        )
        if told is None or hashed != self.challenge:
            return 400, {"error": "invalid_grant"}
        if not form.get("client_assertion"):
            pair = b64decode(form["authorization"].removeprefix("Basic ")).decode().split(":")
            if pair != [CLIENT, SECRET.replace("'", "%27")]:
                return 401, {"error": "invalid_client"}
        return 200, told


@contextmanager
def telling(context: ssl.SSLContext | None = None) -> Iterator[Teller]:
    """Run the provider for as long as the block lasts; by https with a context."""
    teller = Teller()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            said = self.rfile.read(int(self.headers["content-length"])).decode()
            self._answer({name: values[0] for name, values in parse_qs(said).items()})

        def _answer(self, form: dict[str, str]) -> None:
            status, said = teller.answer(
                urlsplit(self.path).path, form, self.headers.get("authorization", "")
            )
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    at = f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}"
    teller.issuer = f"{at}/realms/hospital"
    teller.described = {
        "issuer": teller.issuer,
        "authorization_endpoint": f"{at}/authorize",
        "token_endpoint": f"{at}/token",
        "jwks_uri": f"{at}/keys",
        "end_session_endpoint": f"{at}/leave",
        "authorization_response_iss_parameter_supported": True,
        "id_token_signing_alg_values_supported": ["RS256"],
    }
    teller.keys = published(rsa("one"))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield teller
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Coming:
    """People who come to our house by the provider."""

    db: Database
    vault: Vault
    provider: Provider
    teller: Teller
    policy: Policy = STRICT

    def said(self, asked: Asked, at: datetime = NOON, **other: object) -> dict[str, object]:
        """The claims of a good id_token, but for those that a test names; None leaves one out."""
        now = int(at.timestamp())
        good = {
            "iss": self.teller.issuer, "sub": HANAKO, "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": asked.nonce,
            "auth_time": now - 60, "sid": "s-1", "acr": "1",
        }  # fmt: skip
        return {name: value for name, value in {**good, **other}.items() if value is not None}

    async def leave(self, *, at: datetime = NOON, onward: str = "/", again: bool = False) -> Asked:
        """Leave for the provider; its codes are good for this request from now on."""
        asked = asking.new(onward, again=again, at=at)
        address = asking.address(self.provider, await self.provider.metadata(at=at), asked)
        self.teller.challenge = parse_qs(urlsplit(address).query)["code_challenge"][0]
        return asked

    async def back(
        self, asked: Asked, token: str, *, at: datetime = NOON, held: str | None = None, **other: str
    ) -> str:
        """Come back with a code for this token; return the handle."""
        self.teller.token = {"id_token": token, "access_token": "thrown-away", "token_type": "Bearer"}
        answer = replace(Answer(asked.state, "code", self.teller.issuer, ""), **other)
        mine = asking.sealed(asked, self.vault) if held is None else held
        return await arriving.answered(self.db, self.vault, self.provider, answer, mine, at=at, address=HERE)

    async def handle(self, *, at: datetime = NOON, again: bool = False, **other: object) -> str:
        """Go there and come back as somebody, Hanako unless a test says who."""
        asked = await self.leave(at=at, again=again)
        return await self.back(asked, self.signed(self.said(asked, at, **other)), at=at)

    async def sign_in(
        self, *, at: datetime = NOON, token: str = "", again: bool = False, **other: object
    ) -> Ticket:
        """Go there, come back, and sign in here."""
        handle = await self.handle(at=at, again=again, **other)
        ticket, _ = await arriving.signed_in(
            self.db, self.vault, handle, token=token, at=at, address=HERE, policy=self.policy
        )
        return ticket

    def logout_token(self, at: datetime = NOON, **other: object) -> str:
        """A good logout token about Hanako's session there, but for what a test names."""
        now = int(at.timestamp())
        good = {
            "iss": self.teller.issuer, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": "j-1", "sub": HANAKO,
            "sid": "s-1", "events": EVENT,
        }  # fmt: skip
        said = {name: value for name, value in {**good, **other}.items() if value is not None}
        return self.signed(said, typ="logout+jwt")

    def signed(self, said: dict[str, object], key: RSAKey | None = None, **header: str) -> str:
        used = key or rsa("one")
        return sign(said, {"alg": "RS256", "kid": str(used.kid), "typ": "JWT", **header}, used)


def sign(said: dict[str, object], header: dict[str, str], key: RSAKey | ECKey) -> str:
    return jws.serialize_compact(header, json.dumps(said).encode(), key, [header["alg"]])


def unsigned(said: dict[str, object]) -> str:
    """A token that says that it needs no signature."""
    parts = ({"alg": "none", "typ": "JWT"}, said)
    return ".".join(urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in parts) + "."


def provider_of(db: Database, vault: Vault, home: Path, issuer: str, **other: object) -> Provider:
    """Our side, as an operator sets it."""
    settings = Settings(
        home=home,
        openid_issuer=issuer,
        openid_client_id=CLIENT,
        openid_client_secret=SECRET,
        openid_name="病院ID",
    )
    made = Provider.of(
        replace(settings, **other),  # type: ignore[arg-type]
        lambda at: signing_keys.ready(db, vault, at=at),
    )
    assert made is not None
    return made
