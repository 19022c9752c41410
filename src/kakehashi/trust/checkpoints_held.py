"""Checkpoints held outside the database, append-only: against a database that is rolled back, cut or forked.

`home/checkpoints/checkpoints.ndjson` has one line a checkpoint ({"at", "note"}); `leaves` beside it has the hash of
every entry, 32 bytes each, so that even when entries and tiles were rewritten together the first wrong one is named.
Copy the folder elsewhere (another institution, paper): who can change both places can change the past.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from kakehashi.core.clock import fhir_instant
from kakehashi.core.errors import Failure
from kakehashi.trust.checkpoints import Checkpoint, Verifier
from kakehashi.trust.merkle import HASH

_TAIL = 4_096  # bytes: more than one line


class LogBroken(Failure):
    """The database's log is not the one whose checkpoints are held: it was rolled back, cut or rewritten."""

    status, code = 503, "security"
    default_ja = "監査記録が保管中のチェックポイントと違うため、署名を止めました。audit verify で確認を。"
    default_en = "The log does not match the checkpoints held. Signing has stopped; run audit verify."


@dataclass(frozen=True, slots=True)
class Held:
    """The folder of held checkpoints."""

    folder: Path

    @classmethod
    def at(cls, home: Path) -> "Held":
        """Return the held checkpoints of this home folder."""
        return cls(home / "checkpoints")

    @property
    def notes(self) -> Path:
        """The file of checkpoints."""
        return self.folder / "checkpoints.ndjson"

    @property
    def leaves(self) -> Path:
        """The file of entry hashes."""
        return self.folder / "leaves"

    def last(self, verifier: Verifier) -> Checkpoint | None:
        """Return the newest checkpoint held, or None.

        Raises BadCheckpoint when it was not signed by this log's key.
        """
        note = self.last_note()
        return None if note is None else verifier.open(note)

    def last_note(self) -> str | None:
        """Return the newest checkpoint held, as it was signed. A line cut short by a crash counts for nothing."""
        if not self.notes.exists():
            return None
        with self.notes.open("rb") as file:
            file.seek(max(0, self.notes.stat().st_size - _TAIL))
            lines = [line for line in file.read().split(b"\n")[:-1] if line]
        return str(orjson.loads(lines[-1])["note"]) if lines else None

    def leaf_count(self) -> int:
        """Return how many entry hashes are held."""
        return self.leaves.stat().st_size // HASH if self.leaves.exists() else 0

    def add_leaves(self, hashes: bytes) -> None:
        """Append entry hashes; a hash cut short by a crash is written again."""
        whole = self.leaf_count() * HASH
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.leaves.open("r+b" if self.leaves.exists() else "xb") as file:
            file.truncate(whole)
            file.seek(whole)
            file.write(hashes)
            file.flush()
            os.fsync(file.fileno())

    def add(self, note: str, *, at: datetime) -> None:
        """Append a checkpoint and wait until it is on the disk."""
        self.folder.mkdir(parents=True, exist_ok=True)
        line = orjson.dumps({"at": fhir_instant(at), "note": note}) + b"\n"
        with self.notes.open("ab+") as file:
            end = file.seek(0, os.SEEK_END)
            if end:
                file.seek(end - 1)
                line = line if file.read(1) == b"\n" else b"\n" + line  # a line cut short by a crash
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
