"""A passkey device in software, honest unless told otherwise: what a browser would hand over, byte for byte.

Source: https://www.w3.org/TR/webauthn-3/#sctn-authenticator-data
"""

import json
import os
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 1, 4, 64


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Device:
    """One credential. `origin` and `rp_id` are what the browser is really at; `flags` what the device says."""

    origin: str
    rp_id: str
    counter: int = 0
    flags: int = PRESENT | VERIFIED
    steps: int = 1  # how far each use moves the counter
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: os.urandom(32))

    def register(self, options: str, **changed: str) -> str:
        """Answer `navigator.credentials.create`."""
        client = self._client("webauthn.create", options, changed)
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = os.urandom(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(cose)
        said = {"fmt": "none", "attStmt": {}, "authData": self._data(self.flags | ATTESTED) + attested}
        return self._answer({"clientDataJSON": b64(client), "attestationObject": b64(cbor2.dumps(said))})

    def sign_in(self, options: str, **changed: str) -> str:
        """Answer `navigator.credentials.get`."""
        self.counter += self.steps
        client = self._client("webauthn.get", options, changed)
        data = self._data(self.flags)
        signature = self.key.sign(data + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature)}
        )

    def copy(self) -> "Device":
        """A clone of the key, as it is now."""
        return Device(self.origin, self.rp_id, self.counter, self.flags, self.steps, self.key, self.id)

    def _client(self, kind: str, options: str, changed: dict[str, str]) -> bytes:
        said = {"type": kind, "challenge": json.loads(options)["challenge"], "origin": self.origin}
        return json.dumps({**said, **changed}).encode()

    def _data(self, flags: int) -> bytes:
        return sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _answer(self, response: dict[str, str]) -> str:
        return json.dumps(
            {"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": response}
        )
