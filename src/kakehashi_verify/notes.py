"""Signed notes (c2sp.org/signed-note, Ed25519), and the keys of a log, which hand over to each other.

Keys are lines `name+hash+key`, with the last size that a former key may sign behind it. A checkpoint with the line
`key-change FORMER NEXT` hands over from one key to the next at its size; it counts only if both have signed it, so
whoever trusts either of them can go on to the other. A key that hands over twice is trusted for nothing.
"""

from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

CHANGE = "key-change "


@dataclass(frozen=True)
class Key:
    """A public key of a log; `upto`: the last size that it may sign, None where it has not handed over."""

    name: str
    mark: bytes  # four bytes that tell keys of one name apart
    public: bytes
    upto: int | None = None


def key_of(said: str) -> str:
    """Return keys that were said, or those in the file that was named."""
    return Path(said).read_text("utf-8") if Path(said).is_file() else said


def ring(said: str) -> list[Key]:
    """Return the keys that these lines state. Raises ValueError."""
    return [_key(*line.split()) for line in said.splitlines() if line.strip()]


def signed(note: str, said: str) -> tuple[int, bytes]:
    """Return size and root that a note states. Raises InvalidSignature unless a key of these signed it, ValueError."""
    return opened(note, ring(said))


def opened(note: str, keys: Iterable[Key]) -> tuple[int, bytes]:
    """Return size and root that a note states. Raises InvalidSignature unless a key of these signed it, ValueError."""
    text, _, lines = note.partition("\n\n")
    origin, size, root = text.split("\n")[:3]
    for key in keys:
        for line in lines.split("\n"):
            given = b64decode(line.split(" ")[2]) if line.startswith(f"— {key.name} ") else b""
            if given[:4] == key.mark and origin == key.name and (key.upto is None or int(size) <= key.upto):
                Ed25519PublicKey.from_public_bytes(key.public).verify(given[4:], (text + "\n").encode())
                return int(size), b64decode(root)
    raise InvalidSignature


def followed(notes: Iterable[str], keys: list[Key]) -> list[Key]:
    """Return these keys and those that they hand over to, or were handed over from, in these notes.

    Raises InvalidSignature when one of them hands over to two keys.
    """
    known, changes = {key.public: key for key in keys}, list(filter(None, map(_change, notes)))
    heirs: dict[bytes, bytes] = {}
    while due := [one for one in changes if one[1].public in known or one[2].public in known]:
        for size, former, after in due:
            if heirs.setdefault(former.public, after.public) != after.public:
                raise InvalidSignature
            known.setdefault(after.public, after)
            known[former.public] = replace(former, upto=size)
        changes = [one for one in changes if one not in due]
    return list(known.values())


def _change(note: str) -> tuple[int, Key, Key] | None:
    """Return size, former and next key of a note that hands over, None for any other."""
    line = next((one for one in note.partition("\n\n")[0].split("\n")[3:] if one.startswith(CHANGE)), "")
    try:
        former, after = ring("\n".join(line.removeprefix(CHANGE).split(" ")))
        return max(opened(note, [former])[0], opened(note, [after])[0]), former, after
    except (InvalidSignature, ValueError, LookupError):
        return None


def _key(vkey: str, upto: str = "", *_: str) -> Key:
    name, mark, encoded = vkey.split("+", 2)
    key = b64decode(encoded, validate=True)
    if key[:1] != b"\x01" or sha256(name.encode() + b"\n" + key).hexdigest()[:8] != mark:
        raise ValueError("not a key of this kind")
    return Key(name, bytes.fromhex(mark), key[1:], int(upto) if upto else None)
