"""A part of the work: some resources in, their rows out, encoded. It runs in any process, and takes and gives bytes.

Whoever runs a view cuts its source into parts of some thousand resources (a page of the store, a range of a file),
has each made into a Piece, here or by another process, and appends the pieces in order.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kakehashi.core.errors import Failure
from kakehashi.engines.views.bodies import decoded
from kakehashi.engines.views.formats import Format, encoded
from kakehashi.fhir.views.columns import Row
from kakehashi.fhir.views.compiling import view_of
from kakehashi.fhir.views.running import View, told_of
from kakehashi.store.compression import unpack

RANGE = 2 << 20  # bytes of a file in one part


@dataclass(frozen=True, slots=True)
class Job:
    """What is made of every part: the bytes of the ViewDefinition, and the format."""

    definition: bytes
    form: Format


@dataclass(frozen=True, slots=True)
class Piece:
    """What came of a part: how many resources of the view's type were read, how many rows they made, and these."""

    read: int
    rows: int
    encoded: bytes


def of_bodies(job: Job, bodies: Iterable[bytes]) -> Piece:
    """Return the piece of some resources. Raises Malformed, BadRow, TooCostly."""
    view = view_of(job.definition)
    read, rows = _rows(view, bodies)
    return Piece(read, len(rows), encoded(job.form, view, rows))


def of_packed(job: Job, frames: Iterable[bytes]) -> Piece:
    """Return the piece of some resources as the store keeps them (Row.packed)."""
    return of_bodies(job, map(unpack, frames))


def of_range(job: Job, path: Path, start: int, end: int) -> Piece:
    """Return the piece of the lines of an NDJSON file from one byte to another. Raises as of_bodies, with the line."""
    with path.open("rb") as file:
        file.seek(start)
        lines = file.read(end - start).split(b"\n")
    needle = b'"' + view_of(job.definition).resource.encode() + b'"'
    at = 0

    def wanted() -> Iterator[bytes]:
        nonlocal at
        for number, line in enumerate(lines):
            at = number
            if needle in line:  # what does not name the type at all is none of it
                yield line

    try:
        return of_bodies(job, wanted())
    except Failure as failure:
        raise told_of(failure, _line_at(path, start, at)) from None


def ranges(path: Path) -> Iterator[tuple[int, int]]:
    """Yield the byte ranges that a file of lines is read in; each begins and ends with a line."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = 0
        while start < size:
            file.seek(min(start + RANGE, size))
            file.readline()
            yield start, file.tell()
            start = file.tell()


def _rows(view: View, bodies: Iterable[bytes]) -> tuple[int, list[Row]]:
    read = 0
    rows: list[Row] = []
    for body in bodies:
        tree = decoded(body)
        if tree.get("resourceType") == view.resource:
            read += 1
            rows += view.rows(tree)
    return read, rows


def _line_at(path: Path, start: int, line: int) -> str:
    """Return a place in a file as its name and line number."""
    with path.open("rb") as file:
        before = sum(
            part.count(b"\n") for part in iter(lambda: file.read(min(RANGE, start - file.tell())), b"")
        )
    return f"{path.name}:{before + line + 1}"
