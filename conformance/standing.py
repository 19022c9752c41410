"""A real server for others' programs: `kakehashi serve` on the embedded PostgreSQL, in a folder of its own.

Its region is a hospital and a clinic that do not exist, each with a registered system.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from kakehashi.core.actors import Institution, InstitutionType, Role
from kakehashi.core.settings import Settings
from kakehashi.store import embedded, institutions
from kakehashi.store.database import Database, prepare
from kakehashi.trust.keys import Vault
from kakehashi.trust.oauth import clients, demo
from kakehashi.trust.oauth.tokens import Tokens
from kakehashi.trust.signin import setup

HOSPITAL = Institution(1, "1311234567", "桜台総合病院（架空）", InstitutionType.HOSPITAL)
CLINIC = Institution(2, "1311234568", "緑町診療所（架空）", InstitutionType.CLINIC)
CLIENT = "conformance"  # the hospital's registered system
PATIENCE = 60  # seconds until the server answers
HOUR = 3_600  # seconds


@dataclass(frozen=True)
class Standing:
    """A server that answers, and the keys to it."""

    settings: Settings
    db: Database = field(repr=False)
    key: ECKey = field(repr=False)

    @property
    def base(self) -> str:
        """The FHIR base URL."""
        return f"{self.settings.public_url}/fhir"

    @cached_property
    def pem(self) -> Path:
        """The private key of the hospital's system, as a PEM file."""
        path = self.settings.home / "conformance.pem"
        form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(self.key.private_key.private_bytes(*form))
        return path

    @cached_property
    def jwks(self) -> Path:
        """The same key as a JWK set."""
        path = self.settings.home / "conformance.jwks"
        path.write_text(json.dumps({"keys": [_jwk(self.key, private=True)]}), "utf-8")
        return path

    def assertion(self) -> str:
        """Return a fresh signed assertion with which the hospital's system asks for a token."""
        now, address = int(time.time()), f"{self.settings.public_url}/oauth/token"
        claims = {
            "iss": CLIENT,
            "sub": CLIENT,
            "aud": address,
            "jti": uuid4().hex,
            "iat": now,
            "exp": now + 240,
        }
        return jwt.encode({"alg": "ES384", "kid": "conformance", "typ": "JWT"}, claims, self.key, ["ES384"])

    async def token(self, institution: Institution = HOSPITAL, role: Role = Role.SYSTEM) -> str:
        """Return a bearer token that is good for an hour."""
        tokens = Tokens(self.db, Vault.at(self.settings.home), self.settings.public_url)
        return await demo.mint(
            tokens, self.settings, institution=institution, role=role, lives=HOUR, at=datetime.now(UTC)
        )


def _jwk(key: ECKey, *, private: bool) -> dict[str, object]:
    use = ["sign"] if private else ["verify"]
    return {**key.as_dict(private=private), "kid": "conformance", "alg": "ES384", "key_ops": use}


@asynccontextmanager
async def standing(home: Path) -> AsyncIterator[Standing]:
    """Start a server in an empty folder; stop it on leaving."""
    postgresql = await asyncio.to_thread(embedded.start, home / "postgresql", {"fsync": "off"})
    try:
        await prepare(postgresql.app_url, postgresql.url)
        settings = Settings(home=home, port=_free_port(), demo=True, hook_networks="127.0.0.0/8")
        async with await Database.open(postgresql.app_url) as db:
            server = Standing(settings, db, await _settled(db))
            process = await asyncio.to_thread(_serve, settings, postgresql.app_url)
            try:
                await asyncio.to_thread(_wait, settings, process)
                yield server
            finally:
                process.terminate()
                await asyncio.to_thread(process.wait, 30)
    finally:
        await asyncio.to_thread(postgresql.close)


async def _settled(db: Database) -> ECKey:
    """Put the institutions and register the hospital's system; return its key."""
    async with db.transaction() as tx:
        for place in (setup.OPERATOR, HOSPITAL, CLINIC):
            await institutions.put(tx, place)
    key = ECKey.generate_key("P-384")
    await clients.register(
        db, CLIENT, "見本の電子カルテ", HOSPITAL, scope=["system/*.cruds"],
        jwks=json.dumps({"keys": [_jwk(key, private=False)]}),
        by=setup.demo_operator(Settings(demo=True)), at=datetime.now(UTC),
    )  # fmt: skip
    return key


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _serve(settings: Settings, url: str) -> "subprocess.Popen[bytes]":
    said = {
        "KAKEHASHI_HOME": str(settings.home), "KAKEHASHI_DATABASE_URL": url,
        "KAKEHASHI_PORT": str(settings.port), "KAKEHASHI_DEMO": "true", "KAKEHASHI_LOG_LEVEL": "warning",
        "KAKEHASHI_HOOK_NETWORKS": settings.hook_networks,
    }  # fmt: skip
    command = [str(Path(sys.executable).parent / "kakehashi"), "serve"]
    with (settings.home / "server.log").open("wb") as log:
        return subprocess.Popen(command, env={**os.environ, **said}, stdout=log, stderr=log)


def _wait(settings: Settings, process: "subprocess.Popen[bytes]") -> None:
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"{settings.public_url}/health", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the server did not come up: " + (settings.home / "server.log").read_text()[-2000:])
