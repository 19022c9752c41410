"""A batch of an import: lines of NDJSON, each for itself through engines/records/bulk.take; the report of refused ones.

A resource without an id gets one that is made of the job and its line: a batch that is taken twice, because a server
died between storing it and noting it, stores nothing twice.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import msgspec

from kakehashi.core.actors import Actor
from kakehashi.core.errors import Problem
from kakehashi.core.ids import derived_id
from kakehashi.engines.house import House
from kakehashi.engines.records.bulk import Refusal, Taken, take
from kakehashi.engines.transfer.files import Line
from kakehashi.engines.transfer.wanted import Input, Place

LINES = 200  # of a batch
BYTES = 8 << 20  # of a batch, one line more or less


@dataclass(slots=True)
class Batch:
    """Lines with their numbers; where the next batch begins; whether there is none; which lines are too long."""

    offset: int
    line: int
    lines: list[tuple[int, bytes]] = field(default_factory=list)
    too_long: list[int] = field(default_factory=list)
    last: bool = False

    def place(self, now: Place, taken: Taken) -> Place:
        """Return how far the job is with this batch."""
        stored = dict(now.stored)
        for kind, count in taken.stored.items():
            stored[kind] = stored.get(kind, 0) + count
        count = sum(stored.values())
        if self.last:
            return Place(now.step + 1, count=count, stored=stored)
        return Place(now.step, count=count, stored=stored, offset=self.offset, line=self.line)


class _Head(msgspec.Struct):
    resourceType: str = ""  # noqa: N815 (FHIR's name)
    id: str = ""


def batch_of(path: Path, place: Place, longest: int) -> Batch:
    """Read the next lines of a file; blank ones are passed over. Blocks; holds one batch."""
    batch = Batch(place.offset, place.line)
    with path.open("rb") as file:
        file.seek(place.offset)
        size = 0
        while len(batch.lines) < LINES and size < BYTES:
            text = file.readline(longest + 1)
            if not text:
                batch.last = True
                break
            batch.line += 1
            if len(text) > longest and not text.endswith(b"\n"):
                batch.too_long.append(batch.line)
                while text and not text.endswith(b"\n"):
                    text = file.readline(BYTES)
                continue
            if body := text.strip():
                batch.lines.append((batch.line, body))
                size += len(body)
        batch.offset = file.tell()
    return batch


async def take_batch(
    house: House, batch: Batch, source: Input, job: str, *, by: Actor, at: datetime
) -> Taken:
    """Store a batch; what is refused is named with its line. Raises Unavailable."""
    refused = [Refusal(line, (_TOO_LONG,)) for line in batch.too_long]
    lines: list[tuple[int, bytes]] = []
    for line, body in batch.lines:
        head = _head_of(body)
        if source.type and head.resourceType != source.type:
            refused.append(Refusal(line, (_other_type(source.type),)))
        else:
            lines.append((line, body if head.id else _named(body, derived_id(job, source.name, str(line)))))
    taken = await take(house, lines, by=by, at=at) if lines else Taken()
    taken.refused = sorted((*taken.refused, *refused), key=lambda one: one.line)
    return taken


def refusals(
    source: Input, refused: Iterable[Refusal], outcome: Callable[[Iterable[Problem]], bytes]
) -> Iterator[Line]:
    """Return the report's lines: an OperationOutcome for each refused line, its places after the line's number."""
    name = source.url or "$import"
    for one in refused:
        placed = [
            replace(problem, place=f"{name}#{one.line} {problem.place}".rstrip()) for problem in one.problems
        ]
        yield "error", "OperationOutcome", outcome(placed)


def _head_of(body: bytes) -> _Head:
    try:
        return msgspec.json.decode(body, type=_Head)
    except msgspec.DecodeError:
        return _Head(id="-")  # whoever reads it says what is wrong; nothing is put into it


def _named(body: bytes, name: str) -> bytes:
    """Return an object with an id put in front of its other members."""
    return b'{"id":"%b",%b' % (name.encode(), body[1:].lstrip())


def _other_type(wanted: str) -> Problem:
    return Problem(
        "bulk.type", "resourceType",
        f"このファイルは {wanted} のものとして指定されていますが、別の型のリソースです。",
        f"The file was said to hold {wanted}; this is a resource of another type.",
    )  # fmt: skip


_TOO_LONG = Problem(
    "bulk.line", "",
    "1行が長すぎます。Binary などは小さく分けてください。",
    "The line is too long; send smaller resources.",
    "too-long",
)  # fmt: skip
