"""Verify an exported log without trusting whoever keeps it. Imports nothing of Kakehashi.

    python -m kakehashi_verify FOLDER --key PUB [--checkpoints FILE]

FOLDER: entries.ndjson, tiles/0, checkpoints.ndjson. PUB: the log's public key, a `name+hash+key` line or a file with
it; of a log whose key was changed any of its keys will do (notes.py). FILE: checkpoints held elsewhere; a file `leaves`
beside it names the first wrong entry when the export's own tiles cannot be trusted. Entries count from 0.
Answers 0: whole, 1: broken (first wrong entry named), 2: unreadable.

Leaf = SHA-256(0x00 + data), node = SHA-256(0x01 + left + right) (RFC 6962, 2.1). Data is the entry, or, where that
begins with "leaf":2, mark + SHA-256(entry) + SHA-256(salt + what may be told of it alone) (`leaf_data`).
Checkpoints are C2SP signed notes with Ed25519 (c2sp.org/tlog-checkpoint). Each must state the root of the first `size`
entries; if one does not, the first entry is sought that differs from leaf hashes whose root that checkpoint states.
"""

import argparse
import json
import sys
from base64 import b64decode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice, zip_longest
from pathlib import Path

from cryptography.exceptions import InvalidSignature

from kakehashi_verify.notes import Key, followed, key_of, opened, ring

Roots = dict[int, bytes]  # by number of leaves
SAID = {
    "whole": "改ざんなし: {n}件すべてが署名と一致します | WHOLE: all {n} signed entries are as signed",
    "changed": "改ざん: {n}番の記録が書き換えられています | BROKEN: entry {n} was changed",
    "removed": "改ざん: {n}番の記録が削除されています | BROKEN: entry {n} was removed",
    "added": "改ざん: {n}番に記録が挿入されています | BROKEN: entry {n} was added",
    "reordered": "改ざん: {n}番から順序が違います | BROKEN: entries were reordered from {n} on",
    "truncated": "改ざん: {n}番以降が失われています | BROKEN: the tail is cut off from entry {n} on",
    "rolled-back": "巻き戻し: {n}番以降がありません | ROLLED BACK: an older state, without entry {n} and later",
    "forked": "分岐: {n}番から二つの記録が署名されています | FORKED: two signed histories part at entry {n}",
    "tiles": "記録は一致、tiles/0が{n}番から違います | BROKEN: entries are whole, tiles/0 differs from {n} on",
    "unsigned": "正しい署名のないチェックポイントがあります | BROKEN: a checkpoint is not signed by this key",
    "unreadable": "検証できません: 鍵とファイルを確認 | CANNOT VERIFY: check the key and the files",
}


@dataclass(frozen=True)
class Verdict:
    """What was found; `index`: the first wrong entry. Without leaf hashes to trust it is one of `index`..`within`."""

    kind: str
    index: int = 0
    within: int | None = None

    @property
    def exit_code(self) -> int:
        return {"whole": 0, "unreadable": 2}.get(self.kind, 1)

    def __str__(self) -> str:
        span = "" if self.within is None else f"–{self.within}"
        return SAID[self.kind].format(n=f"{self.index}{span}")


class Tree:
    """The hashes of the complete subtrees of the leaves so far, largest first."""

    def __init__(self) -> None:
        self.size, self.subtrees = 0, list[bytes]()

    def add(self, leaf: bytes) -> None:
        self.subtrees.append(leaf)
        self.size += 1
        filled = self.size
        while filled % 2 == 0:
            self.subtrees[-2:] = [node(*self.subtrees[-2:])]
            filled //= 2

    def root(self) -> bytes:
        root = self.subtrees[-1] if self.subtrees else sha256(b"").digest()
        for left in reversed(self.subtrees[:-1]):
            root = node(left, root)
        return root


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def entries(folder: Path) -> Iterator[bytes]:
    """Yield the leaf hash of every exported entry; a line that cannot be read matches nothing."""
    with (folder / "entries.ndjson").open("rb") as lines:
        for line in lines:
            try:
                yield sha256(b"\x00" + leaf_data(b64decode(json.loads(line), validate=True))).digest()
            except (ValueError, TypeError):
                yield b""


def leaf_data(entry: bytes) -> bytes:
    """Return what an entry's leaf is the hash of."""
    start, end = entry.find(b',"at":'), entry.find(b',"what":')
    if not entry.startswith(b'{"leaf":2,"act":"') or not 0 < start < end:
        return entry
    digest = sha256(entry).digest()
    salt = sha256(entry[17:53] + digest).digest()  # from the act's number, which is told to nobody
    return b"kakehashi.log.leaf.2\n" + digest + sha256(salt + b"{" + entry[start + 1 : end] + b"}").digest()


def hashes(file: Path) -> Iterator[bytes]:
    """Yield leaf hashes of a file that holds them one after the other; a missing file holds none."""
    if file.is_file():
        with file.open("rb") as held:
            yield from iter(lambda: held.read(32), b"")


def notes(file: Path) -> list[str]:
    """Return the notes of a file of checkpoints. Raises ValueError, LookupError, TypeError."""
    return [json.loads(line)["note"] for line in file.read_bytes().splitlines()]


def checkpoints(said: list[str], keys: list[Key]) -> Roots:
    """Return the root for each size that notes state. Raises InvalidSignature, ValueError."""
    found: Roots = {}
    for note in said:
        size, root = opened(note, keys)
        if found.setdefault(size, root) != root:
            raise InvalidSignature  # two roots for one size
    return found


def agrees(leaves: Iterable[bytes], stated: Roots) -> tuple[int, int | None, int]:
    """Return (last size that agrees, first size that does not or None, number of leaves)."""
    tree, good, sizes = Tree(), 0, iter(sorted(stated))
    due, bad = next(sizes, None), None
    for leaf in leaves:
        tree.add(leaf)
        if tree.size == due and bad is None:
            good, bad = (due, None) if tree.root() == stated[due] else (good, due)
            due = next(sizes, None)
    return good, due if bad is None else bad, tree.size


def parting(ours: Iterable[bytes], theirs: Iterable[bytes]) -> int | None:
    """Return the first index at which two runs of leaf hashes differ."""
    return next((index for index, (one, other) in enumerate(zip_longest(ours, theirs)) if one != other), None)


def verify(folder: Path, vkey: str, held_file: Path | None = None) -> Verdict:
    """Return the verdict on an export, held against checkpoints kept elsewhere where they are given."""
    try:
        said, kept = notes(folder / "checkpoints.ndjson"), notes(held_file) if held_file else []
        keys = followed([*said, *kept], ring(vkey))
        own, held = checkpoints(said, keys), checkpoints(kept, keys)
        return _judged(folder, own, held, held_file.parent / "leaves" if held_file else None)
    except InvalidSignature:
        return Verdict("unsigned")
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return Verdict("unreadable")


def _judged(folder: Path, own: Roots, held: Roots, leaves: Path | None) -> Verdict:
    if not own and not held:
        return Verdict("unreadable")
    good, bad, count = agrees(entries(folder), own)
    if held:
        held_good, held_bad, _ = agrees(entries(folder), held)
        if bad is None and held_bad is not None:  # as its own checkpoints say, but not as the held ones do
            forked = _named(folder, held, (held_good, held_bad), leaves, "forked")
            return Verdict("rolled-back", count) if held_bad > count else forked
        if bad is None or (held_bad or bad) < bad:
            good, bad, own = held_good, held_bad, held
    if bad is not None:
        return _named(folder, own, (good, bad), leaves)
    tiles = folder / "tiles" / "0"  # after the last checkpoint only these are there to hold entries against
    wrong = parting(entries(folder), hashes(tiles))
    if wrong is None:
        return Verdict("whole", good)
    return Verdict("tiles" if wrong < good else _how(folder, tiles, wrong), wrong)


def _named(folder: Path, said: Roots, span: tuple[int, int], leaves: Path | None, kind: str = "") -> Verdict:
    """Name the first wrong entry between two checkpoints, by leaf hashes whose root the second one states."""
    for file in (folder / "tiles" / "0", leaves):
        if file and agrees(hashes(file), {span[1]: said[span[1]]})[:2] == (span[1], None):
            index = parting(entries(folder), hashes(file)) or 0
            return Verdict(kind or _how(folder, file, index), index)
    return Verdict(kind or "changed", span[0], span[1] - 1)


def _how(folder: Path, file: Path, index: int) -> str:
    """Tell what happened from the first wrong entry on."""
    count, signed = sum(1 for _ in entries(folder)), sum(1 for _ in hashes(file))
    found = next(islice(entries(folder), index, None), None)
    if count != signed:
        return "truncated" if found is None else "removed" if count < signed else "added"
    return "reordered" if found and found in islice(hashes(file), index, None) else "changed"


def main() -> int:
    """Print one line and answer 0, 1 or 2."""
    asked = argparse.ArgumentParser("kakehashi_verify", description="監査記録の検証 | Verify an exported log")
    asked.add_argument("folder", type=Path)
    asked.add_argument("--key", required=True, help="name+hash+key, or a file that holds it")
    asked.add_argument("--checkpoints", type=Path, help="checkpoints.ndjson held elsewhere")
    given = asked.parse_args()
    verdict = verify(given.folder, key_of(given.key), given.checkpoints)
    sys.stdout.write(f"{verdict}\n")
    return verdict.exit_code
