"""`kakehashi load`: take files in, show progress, go on where it stopped, and say what was refused and why.

How far each file is in is kept in `<home>/loads/<name>-<digest>.json` after every batch. What was refused goes
into `…-refused.ndjson` beside it: line number and problems, never the record itself (the file has it).
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import orjson

from kakehashi.core.actors import Actor
from kakehashi.core.errors import Failure, Problem, Unavailable
from kakehashi.engines.house import House
from kakehashi.engines.records import bulk
from kakehashi.engines.records.bulk import Refusal, Taken
from kakehashi.faces.cli.files import Form, Found, lines
from kakehashi.services.sharing.register import register

BATCH = 500  # resources a transaction
Say = Callable[[str], None]


@dataclass(slots=True)
class Progress:
    """How far a file is in: the last line of a finished batch, and what came of it so far."""

    place: Path
    line: int = 0
    stored: int = 0
    refused: int = 0

    @classmethod
    def of(cls, found: Found, home: Path) -> "Progress":
        """Return the progress of a file, as an earlier load of the same bytes left it."""
        with found.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()[:16]
        folder = home / "loads"
        folder.mkdir(parents=True, exist_ok=True)
        place = folder / f"{found.path.stem}-{digest}.json"
        if not place.exists():
            return cls(place)
        said = orjson.loads(place.read_bytes())
        return cls(place, said["line"], said["stored"], said["refused"])

    @property
    def refusals(self) -> Path:
        """The file of what was refused."""
        return self.place.with_name(f"{self.place.stem}-refused.ndjson")

    def note(self, line: int, taken: Taken) -> None:
        """Keep what a finished batch brought; refusals first, so that a stop between loses none."""
        if taken.refused:
            with self.refusals.open("ab") as file:
                file.writelines(_refusal_line(one) for one in taken.refused)
        self.line, self.refused = line, self.refused + len(taken.refused)
        self.stored += sum(taken.stored.values())
        kept = orjson.dumps({"line": self.line, "stored": self.stored, "refused": self.refused})
        part = self.place.with_suffix(".part")
        part.write_bytes(kept)
        part.replace(self.place)


async def load(house: House, found: Found, *, by: Actor, say: Say, agreed_orally: bool = False) -> Progress:
    """Load one file, from where an earlier load of it stopped. Raises Unavailable when the store goes away.

    `agreed_orally`: the persons agreed at the sender that the addressees of their referrals may fetch them.
    """
    progress = Progress.of(found, house.settings.home)
    rest = (one for one in lines(found) if one[0] > progress.line)
    for batch in _batches(rest):
        taken = await _take(house, found.form, batch, by, agreed_orally)
        progress.note(batch[-1][0], taken)
        say(f"{found.path.name}: {progress.stored} 件登録, {progress.refused} 件不可 · stored, refused")
    return progress


async def _take(house: House, form: Form, batch: list[tuple[int, bytes]], by: Actor, agreed: bool) -> Taken:
    if form in (Form.RESOURCES, Form.RESOURCE, Form.BUNDLE):
        return await bulk.take(house, batch, by=by, at=house.clock())
    taken = Taken()
    for line, body in batch:
        try:
            done = await register(house, body, by=by, at=house.clock(), agreed_orally=agreed)
            taken.add(Taken({"Bundle": 1, "": done.resources}))
        except Unavailable:
            raise
        except Failure as failure:
            taken.refused.append(Refusal(line, failure.problems))
    return taken


def _batches(records: Iterable[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    rest = iter(records)
    while batch := list(islice(rest, BATCH)):
        yield batch


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
