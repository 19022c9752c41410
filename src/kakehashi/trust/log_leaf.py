"""What the log's tree holds of an entry: a digest of its bytes, and a commitment to its circumstances alone.

So a person is given a proof of what their line says of time, institution, role, purpose, basis and reason ("at" to
"reason"), without the rest of the entry: which member of staff it was, and what was touched. What was touched is kept
back from every proof alike: if only lines with an item that the person may not know of kept it back, that would tell.
Leaf data = mark ‖ SHA-256(entry) ‖ SHA-256(salt ‖ circumstances). The salt comes from "act", a random UUID that is told
to nobody, so nothing kept back can be guessed. Entries of before (without "leaf") are their own leaf data. Pure.
"""

from dataclasses import dataclass
from hashlib import sha256

MARK = b"kakehashi.log.leaf.2\n"
_BEGINS = b'{"leaf":2,"act":"'
_ACT = slice(len(_BEGINS), len(_BEGINS) + 36)  # a UUID
_FROM, _TO = b',"at":', b',"what":'  # no string can hold these: its quotes are escaped


@dataclass(frozen=True, slots=True)
class Told:
    """What of an entry leads to its leaf, and may be told: `text` is JSON."""

    digest: bytes  # of the whole entry
    salt: bytes
    text: bytes

    @property
    def leaf_data(self) -> bytes:
        """What the leaf is the hash of."""
        return MARK + self.digest + sha256(self.salt + self.text).digest()


def told(entry: bytes) -> Told | None:
    """Return what may be told of an entry; None for one of before, or one that nobody here could have written."""
    start, end = entry.find(_FROM), entry.find(_TO)
    if not entry.startswith(_BEGINS) or not 0 < start < end:
        return None
    digest = sha256(entry).digest()
    return Told(digest, sha256(entry[_ACT] + digest).digest(), b"{" + entry[start + 1 : end] + b"}")


def leaf_data(entry: bytes) -> bytes:
    """Return what the leaf of an entry is the hash of."""
    held = told(entry)
    return entry if held is None else held.leaf_data
