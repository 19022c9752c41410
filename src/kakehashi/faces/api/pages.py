"""Cursors of pages: sealed, so that they tell nothing, and good only for the caller and the search they were made for.

The seal is deterministic (AES-SIV, RFC 5297): the same page of the same search has the same link.
"""

import base64
import binascii
from hashlib import sha512
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from kakehashi.search.results import bad_cursor
from kakehashi.trust.keys import secret_file

LONGEST = 8_000  # characters of a sealed cursor
CURSOR = "_cursor"
Pairs = list[tuple[str, str]]


class Seals:
    """Seals and opens cursors with a key that all servers of one installation share."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(sha512(b"cursor" + key).digest())

    @classmethod
    def at(cls, home: Path) -> Self:
        """Return the seals of this home folder, making the key file the first time. Raises KeyTrouble."""
        return cls(secret_file(home / "keys" / "pages.key"))

    def seal(self, cursor: str, context: str) -> str:
        """Return the cursor as text for a URL."""
        sealed = self._cipher.encrypt(cursor.encode(), [context.encode()])
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def open(self, text: str, context: str) -> str:
        """Return the cursor. Raises BadSearchValue for one that was not made here, or for something else."""
        try:
            if len(text) > LONGEST:
                raise ValueError
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
            return self._cipher.decrypt(sealed, [context.encode()]).decode()
        except (InvalidTag, ValueError, binascii.Error):
            raise bad_cursor() from None


def context_of(caller: str, address: str, pairs: Pairs) -> str:
    """Return what a cursor is bound to: who asked, where, and for what (how many a page may change)."""
    asked = [pair for pair in pairs if pair[0] not in (CURSOR, "_count", "_format", "_pretty")]
    return f"{caller}\x1f{address}\x1f{urlencode(asked)}"


def split(pairs: Pairs) -> tuple[str, Pairs]:
    """Return the sealed cursor among the pairs ("" for none), and the other pairs."""
    found = [value for name, value in pairs if name == CURSOR]
    if len(found) > 1:
        raise bad_cursor()
    return (found[0] if found else ""), [pair for pair in pairs if pair[0] != CURSOR]


def link(address: str, pairs: Pairs, cursor: str = "") -> str:
    """Return the URL of a page."""
    whole = [*pairs, (CURSOR, cursor)] if cursor else pairs
    return f"{address}?{urlencode(whole)}" if whole else address
