"""What a view is run over at the command line, cut into parts that any process can work on: files, or the store."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kakehashi.core.actors import Actor
from kakehashi.core.errors import TooLarge
from kakehashi.engines.house import House
from kakehashi.engines.records.asked import Asked
from kakehashi.engines.views import pieces
from kakehashi.engines.views.pieces import Piece
from kakehashi.engines.views.stored import stored
from kakehashi.faces.cli.files import Form, Found, lines


@dataclass(frozen=True, slots=True)
class Part:
    """One part: a function of pieces.py, and what it takes after the job."""

    work: Callable[..., Piece]
    given: tuple[Any, ...]


Source = Callable[[str], AsyncIterator[Part]]
"""Resource type -> the parts in which its resources are found."""


def of_files(found: Sequence[Found]) -> Source:
    """Return files as a source: lines of NDJSON by ranges, other files whole."""

    async def parts(_resource_type: str) -> AsyncIterator[Part]:
        for part in _file_parts(found):
            yield part

    return parts


def of_store(house: House, by: Actor) -> Source:
    """Return what an actor may see in the store as a source. Each page is logged before it is handed on."""

    async def parts(resource_type: str) -> AsyncIterator[Part]:
        async for rows in stored(house, Asked(by, house.clock()), resource_type):
            yield Part(pieces.of_packed, ([row.packed for row in rows],))

    return parts


def _file_parts(found: Iterable[Found]) -> Iterable[Part]:
    for one in found:
        if one.form in (Form.RESOURCES, Form.SHARINGS):
            for start, end in pieces.ranges(one.path):
                yield Part(pieces.of_range, (one.path, start, end))
        elif one.form is Form.TOO_LARGE:
            raise TooLarge(
                f"{one.path.name}: 大きすぎます。NDJSON (1行に1リソース) にしてください。",
                f"{one.path.name} is too large; make it NDJSON, a resource a line.",
                rule="view.source",
            )
        else:
            yield Part(pieces.of_bodies, ([body for _, body in lines(one)],))


def parquet_in(paths: Iterable[Path]) -> dict[str, Path]:
    """Return the Parquet files among paths and in folders, by the name that each has as a table."""
    inside = [one for path in paths for one in (sorted(path.glob("*.parquet")) if path.is_dir() else [path])]
    return {one.stem: one for one in inside if one.suffix == ".parquet"}
