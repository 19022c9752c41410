"""How far the load of a file is, so that a load that was broken off goes on where it stopped.

Each share of a file keeps a small file of its own in `<home>/loads/`, written after every batch. What was refused
goes into `<name>-<digest>-refused.ndjson` beside them: line number and problems, never the record itself (the file
has it). A batch whose note was lost is taken again at the next start: the same resources are stored once more under
the same ids, so nothing is doubled but their version; those without an id are why the note is written at once.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import orjson

from kakehashi.core.errors import Problem
from kakehashi.engines.records.bulk import Refusal, Taken


@dataclass(slots=True)
class Share:
    """One share of a file, number `number` of `of`: the last line of a finished batch, and what came of it so far."""

    place: Path
    refusals: Path
    number: int
    of: int
    line: int = 0
    stored: int = 0
    refused: int = 0

    def look(self) -> None:
        """Read what an earlier load, or another process, has noted."""
        if self.place.exists():
            said = orjson.loads(self.place.read_bytes())
            self.line, self.stored, self.refused = said["line"], said["stored"], said["refused"]

    def note(self, line: int, taken: Taken) -> None:
        """Keep what a finished batch brought; refusals first, so that a stop between loses none."""
        if taken.refused:
            with self.refusals.open("ab", buffering=0) as file:
                # One write, so that the lines of processes side by side stay whole.
                file.write(b"".join(_refusal_line(one) for one in taken.refused))
        self.line, self.refused = line, self.refused + len(taken.refused)
        self.stored += sum(taken.stored.values())
        kept = orjson.dumps({"line": self.line, "stored": self.stored, "refused": self.refused})
        part = self.place.with_suffix(".part")
        part.write_bytes(kept)
        part.replace(self.place)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a file is in, over all its shares."""

    refusals: Path
    shares: tuple[Share, ...]

    @classmethod
    def of(cls, path: Path, home: Path, shares: int = 1, *, terms: str = "") -> "Progress":
        """Return the progress of a file, as an earlier load of the same bytes on the same terms left it.

        `terms`: whose records these are, and what was said with them. New loads get `shares` shares.
        """
        with path.open("rb") as file:
            whole = hashlib.file_digest(file, "sha256")
        whole.update(terms.encode())
        digest = whole.hexdigest()[:16]
        folder = home / "loads"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{path.stem}-{digest}"
        refusals = folder / f"{name}-refused.ndjson"
        count = _begun(folder, name) or shares
        places = [folder / f"{name}.{number}-of-{count}.json" for number in range(1, count + 1)]
        progress = cls(refusals, tuple(Share(one, refusals, n, count) for n, one in enumerate(places)))
        progress.look()
        return progress

    def look(self) -> None:
        """Read what the shares have noted."""
        for share in self.shares:
            share.look()

    @property
    def finished(self) -> bool:
        """Whether the whole file was gone through."""
        return self._end.exists()

    @property
    def _end(self) -> Path:
        return self.refusals.with_name(self.refusals.name.replace("-refused.ndjson", ".end"))

    def finish(self) -> None:
        """Note that the whole file was gone through."""
        self._end.touch()

    def forget(self) -> None:
        """Begin anew: what came of the earlier load is forgotten, what it stored stays stored."""
        for path in (self._end, self.refusals, *(share.place for share in self.shares)):
            path.unlink(missing_ok=True)
        for share in self.shares:
            share.line = share.stored = share.refused = 0

    @property
    def stored(self) -> int:
        """How many were stored."""
        return sum(share.stored for share in self.shares)

    @property
    def refused(self) -> int:
        """How many were refused."""
        return sum(share.refused for share in self.shares)


def _begun(folder: Path, name: str) -> int:
    """Return into how many shares an earlier load dealt the file, 0 when there was none."""
    found = [one.stem.rpartition("-of-")[2] for one in folder.glob(f"{name}.*-of-*.json")]
    return int(found[0]) if found else 0


def _refusal_line(refusal: Refusal) -> bytes:
    said = [_problem(one) for one in refusal.problems]
    return orjson.dumps({"line": refusal.line, "problems": said}, option=orjson.OPT_APPEND_NEWLINE)


def _problem(problem: Problem) -> dict[str, str]:
    return {
        "rule": problem.rule,
        "place": problem.place,
        "ja": problem.ja,
        "en": problem.en,
        "source": problem.source,
    }
