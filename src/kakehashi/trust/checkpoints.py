"""Checkpoints: what the log was at a moment, as C2SP signed notes (origin, size, base64 root; Ed25519).

Sources: https://c2sp.org/signed-note and https://c2sp.org/tlog-checkpoint (algorithm 0x01: Ed25519).
"""

import os
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kakehashi.core.errors import Failure
from kakehashi.trust.keys import secret_file

_ED25519 = b"\x01"
_DASH = "— "  # U+2014 and a space begin a signature line


class BadCheckpoint(Failure):
    """A note that cannot be read, or is not signed by the key it should be."""

    code = "security"
    default_ja = "チェックポイントの署名または形式が正しくありません。"
    default_en = "The checkpoint is not well formed, or not signed by this log's key."


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log called `origin` had `size` entries whose tree has this root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed; it ends with a newline."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class Verifier:
    """A log's name and public key. As text (`vkey`): name+hash+key, the form that C2SP tools read."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that tell keys of one name apart."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The public key as one line of text."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(_ED25519 + self.public).decode()}"

    def open(self, note: str) -> Checkpoint:
        """Return the checkpoint that a note states. Raises BadCheckpoint unless this key signed it."""
        text, blank, signatures = note.partition("\n\n")
        text += "\n"
        for line in signatures.splitlines() if blank else ():
            name, _, encoded = line.removeprefix(_DASH).partition(" ")
            if line.startswith(_DASH) and name == self.name and self._signed(text, encoded):
                return self._parsed(text)
        raise BadCheckpoint

    def _signed(self, text: str, encoded: str) -> bool:
        try:
            given = b64decode(encoded, validate=True)
            Ed25519PublicKey.from_public_bytes(self.public).verify(given[4:], text.encode())
        except (ValueError, InvalidSignature):
            return False
        return given[:4] == self.key_id

    def _parsed(self, text: str) -> Checkpoint:
        try:
            origin, size, root = text.splitlines()[:3]
            found = Checkpoint(origin, int(size), b64decode(root, validate=True))
        except ValueError:
            raise BadCheckpoint from None
        if found.origin != self.name or not found.text == text:
            raise BadCheckpoint
        return found


class Signer:
    """Signs checkpoints. The key's seed lies in `home/keys/log.key`, the log's name beside it; both are made once."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw())

    @classmethod
    def at(cls, home: Path) -> Self:
        """Return the signer of this home folder, making its key the first time. Raises KeyTrouble."""
        seed = secret_file(home / "keys" / "log.key")
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        signer = cls(f"kakehashi-log-{sha256(public).hexdigest()[:12]}", seed)
        _publish(home / "keys" / "log.pub", signer.verifier.vkey)
        return signer

    def sign(self, size: int, root: bytes) -> tuple[Checkpoint, str]:
        """Return the checkpoint of a tree, and its signed note."""
        checkpoint = Checkpoint(self.verifier.name, size, root)
        signature = self.verifier.key_id + self._key.sign(checkpoint.text.encode())
        note = f"{checkpoint.text}\n{_DASH}{self.verifier.name} {b64encode(signature).decode()}\n"
        return checkpoint, note


def read_vkey(text: str) -> Verifier:
    """Return the verifier that a `vkey` line states. Raises BadCheckpoint."""
    try:
        name, key_id, encoded = text.strip().split("+", 2)
        key = b64decode(encoded, validate=True)
        verifier = Verifier(name, key[1:])
        if key[:1] != _ED25519 or len(key) != 33 or verifier.key_id.hex() != key_id:
            raise BadCheckpoint
    except ValueError:
        raise BadCheckpoint from None
    return verifier


def _publish(path: Path, vkey: str) -> None:
    """Write the public key for whoever verifies; an existing file with the same key is left alone."""
    if path.exists() and path.read_text("utf-8").strip() == vkey:
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(vkey + "\n", "utf-8")
    draft.replace(path)
