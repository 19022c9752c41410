"""Lines of a person's own log as a file that they can take away and have verified without us.

    python -m kakehashi_verify.line FILE --key PUB

One JSON object a line: {"leaf", "size", "path", "note", "digest", "salt", "text"}; bytes are base64, `text` is what is
proven, as JSON.
"""

from base64 import b64encode
from collections.abc import Iterable

import orjson

from kakehashi.trust.log import Entry, Proof
from kakehashi.trust.log_leaf import Told


def file_of(entries: Iterable[Entry]) -> bytes:
    """Return the lines that have a proof of what they say, as newline-delimited JSON."""
    return b"".join(
        orjson.dumps(_line(proof, proof.told)) + b"\n"
        for entry in entries
        if (proof := entry.proof) and proof.told
    )


def _line(proof: Proof, told: Told) -> dict[str, object]:
    return {
        "leaf": proof.leaf,
        "size": proof.size,
        "path": [_text(one) for one in proof.path],
        "note": proof.note,
        "digest": _text(told.digest),
        "salt": _text(told.salt),
        "text": told.text.decode(),
    }


def _text(some: bytes) -> str:
    return b64encode(some).decode()
