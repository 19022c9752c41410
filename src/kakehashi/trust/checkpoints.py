"""Checkpoints: what the log was at a moment, as C2SP signed notes (origin, size, base64 root; Ed25519).

A key hands over to the next one by a checkpoint that both have signed and that names both (the extension line
`key-change FORMER NEXT`): whoever trusts either finds the other. A former key is good up to that size only.
Sources: https://c2sp.org/signed-note and https://c2sp.org/tlog-checkpoint (algorithm 0x01: Ed25519).
"""

import os
from base64 import b64decode, b64encode
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kakehashi.core.errors import Failure
from kakehashi.trust.keys import secret_file

_ED25519 = b"\x01"
_CHANGE = "key-change "
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
    change: str = ""  # of a checkpoint that hands over: the former key and the next one

    @property
    def text(self) -> str:
        """The text that is signed; it ends with a newline."""
        more = f"{_CHANGE}{self.change}\n" if self.change else ""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n{more}"


@dataclass(frozen=True, slots=True)
class Verifier:
    """A log's name and public key. As text (`vkey`): name+hash+key, the form that C2SP tools read.

    `upto`: of a key that has handed over, the last size that it may sign; `former`: those that came before this one.
    """

    name: str
    public: bytes
    upto: int | None = None
    former: tuple["Verifier", ...] = ()

    @property
    def key_id(self) -> bytes:
        """The four bytes that tell keys of one name apart."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The public key as one line of text."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(_ED25519 + self.public).decode()}"

    @property
    def published(self) -> str:
        """This key and the former ones, a line each, as they are published."""
        limit = "" if self.upto is None else f" {self.upto}"
        return f"{self.vkey}{limit}\n" + "".join(one.published for one in self.former)

    def open(self, note: str) -> Checkpoint:
        """Return the checkpoint that a note states. Raises BadCheckpoint unless this key or a former one signed it."""
        for one in self.former:
            with suppress(BadCheckpoint):
                return one.open(note)
        found = self._opened(note)
        if self.upto is not None and found.size > self.upto:
            raise BadCheckpoint
        return found

    def _opened(self, note: str) -> Checkpoint:
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
            origin, size, root, *more = text.splitlines()
            change = more[0].removeprefix(_CHANGE) if more else ""
            found = Checkpoint(origin, int(size), b64decode(root, validate=True), change)
        except ValueError:
            raise BadCheckpoint from None
        if found.origin != self.name or not found.text == text:
            raise BadCheckpoint
        return found


class Signer:
    """Signs checkpoints. The key's seed lies in `home/keys/log.key`, made once; former public keys in `log.former`."""

    def __init__(
        self, name: str, seed: bytes, former: tuple[Verifier, ...] = (), home: Path | None = None
    ) -> None:
        self._key, self._home = Ed25519PrivateKey.from_private_bytes(seed), home
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw(), former=former)

    @classmethod
    def at(cls, home: Path) -> Self:
        """Return the signer of this home folder, making its key the first time. Raises KeyTrouble, BadCheckpoint."""
        seed = secret_file(home / "keys" / "log.key")
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        former = tuple(one for one in former_keys(home) if one.public != public)
        name = former[0].name if former else f"kakehashi-log-{sha256(public).hexdigest()[:12]}"
        signer = cls(name, seed, former, home)
        publish(home / "keys" / "log.pub", signer.verifier.published)
        return signer

    def now(self) -> "Signer":
        """Return who signs now: the key may have been changed, by another server too."""
        return self if self._home is None else Signer.at(self._home)

    def sign(self, size: int, root: bytes) -> tuple[Checkpoint, str]:
        """Return the checkpoint of a tree, and its signed note."""
        return self._noted(Checkpoint(self.verifier.name, size, root), self)

    def hand_over(self, size: int, root: bytes, after: "Signer") -> tuple[Checkpoint, str]:
        """Return the checkpoint by which the next key takes over at this size, signed by both."""
        change = f"{self.verifier.vkey} {after.verifier.vkey}"
        return self._noted(Checkpoint(self.verifier.name, size, root, change), self, after)

    def _noted(self, checkpoint: Checkpoint, *signers: "Signer") -> tuple[Checkpoint, str]:
        lines = "".join(one._line(checkpoint.text) for one in signers)
        return checkpoint, f"{checkpoint.text}\n{lines}"

    def _line(self, text: str) -> str:
        signature = self.verifier.key_id + self._key.sign(text.encode())
        return f"{_DASH}{self.verifier.name} {b64encode(signature).decode()}\n"


def former_keys(home: Path) -> list[Verifier]:
    """Return the keys that have handed over, the newest first. Raises BadCheckpoint for a damaged file."""
    file = home / "keys" / "log.former"
    if not file.exists():
        return []
    lines = [line.split() for line in file.read_text("utf-8").splitlines() if line.strip()]
    try:
        return [replace(read_vkey(vkey), upto=int(upto)) for vkey, upto in reversed(lines)]
    except ValueError:
        raise BadCheckpoint from None


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


def publish(path: Path, keys: str) -> None:
    """Write the public keys for whoever verifies; a file that says the same is left alone."""
    if path.exists() and path.read_text("utf-8") == keys:
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(keys, "utf-8")
    draft.replace(path)
