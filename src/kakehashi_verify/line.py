"""Verify lines of a person's own log that they took away. Imports nothing of Kakehashi but its verifier.

    python -m kakehashi_verify.line FILE --key PUB

Each line of FILE says what one entry states of time, institution, role, purpose, basis and reason. It leads to the data
of a leaf (mark + digest of the entry + SHA-256(salt + text)), whose inclusion proof (RFC 9162, 2.1.3.2) must lead to
the root of the signed checkpoint beside it. Answers 0: every line is in the signed log, 1: one is not, 2: unreadable.
"""

import argparse
import json
import sys
from base64 import b64decode
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature

from kakehashi_verify.notes import key_of, signed
from kakehashi_verify.verify import node

MARK = b"kakehashi.log.leaf.2\n"


def proven(line: dict[str, Any], vkey: str) -> dict[str, Any]:
    """Return what a line says if it is in the signed log. Raises InvalidSignature if not, ValueError if unreadable."""
    try:
        size, root = signed(line["note"], vkey)
        said = sha256(_hash(line["salt"]) + line["text"].encode()).digest()
        leaf = sha256(b"\x00" + MARK + _hash(line["digest"]) + said).digest()
        path = [_hash(one) for one in line["path"]]
        if size != line["size"] or climbed(line["leaf"], size, leaf, path) != root:
            raise InvalidSignature
        found: dict[str, Any] = json.loads(line["text"])
    except (LookupError, TypeError, AttributeError) as fault:
        raise ValueError from fault
    return found


def climbed(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes | None:
    """Return the root that a leaf and its proof lead to, None when the proof has another length."""
    place, last, root = index, size - 1, leaf
    if not 0 <= index < size:
        return None
    for one in path:
        if last == 0:
            return None
        if place % 2 or place == last:
            root = node(one, root)
            while place % 2 == 0 and place:
                place, last = place // 2, last // 2
        else:
            root = node(root, one)
        place, last = place // 2, last // 2
    return root if last == 0 else None


def _hash(text: str) -> bytes:
    """Bytes of one length only: another could move them between salt and text."""
    if len(found := b64decode(text, validate=True)) != sha256().digest_size:
        raise ValueError
    return found


def main() -> int:
    """Print what each line proves, one a line, and answer 0, 1 or 2."""
    asked = argparse.ArgumentParser(
        "kakehashi_verify.line", description="履歴の検証 | Verify lines of your own log"
    )
    asked.add_argument("file", type=Path)
    asked.add_argument("--key", required=True, help="name+hash+key, or a file that holds it")
    given = asked.parse_args()
    key, worst = key_of(given.key), 0
    for number, text in enumerate(given.file.read_text("utf-8").splitlines(), 1):
        try:
            said = json.dumps(proven(json.loads(text), key), ensure_ascii=False)
            sys.stdout.write(f"{number}: 署名済み | PROVEN {said}\n")
        except InvalidSignature:
            sys.stdout.write(f"{number}: 署名された記録にありません | NOT IN THE SIGNED LOG\n")
            worst = max(worst, 1)
        except ValueError:
            sys.stdout.write(f"{number}: 読めません | UNREADABLE\n")
            worst = 2
    return worst


if __name__ == "__main__":
    sys.exit(main())
