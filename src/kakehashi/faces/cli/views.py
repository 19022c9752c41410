"""`kakehashi view run | sql | list`: views over files or the store, into files or under SQL."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from kakehashi.core.errors import BadRequest, NotSupported
from kakehashi.engines.views import sql
from kakehashi.engines.views.formats import Format, writer
from kakehashi.engines.views.pieces import Job, Piece
from kakehashi.engines.views.shipped import shipped
from kakehashi.faces.cli.hands import Hands
from kakehashi.faces.cli.view_sources import Part, Source
from kakehashi.fhir.views.compiling import view_of
from kakehashi.fhir.views.running import View

Say = Callable[[str], None]
_TELL = 1.0  # seconds between two lines of progress
_AHEAD = 2  # parts that wait for each process


@dataclass(frozen=True, slots=True)
class Named:
    """A view under the name that its file or table has, with the bytes of its definition."""

    name: str
    definition: bytes
    view: View


def named(said: str) -> Named:
    """Return the view of a file, or the shipped one of that name. Raises BadView, BadRequest."""
    path = Path(said)
    if said in shipped() and not path.exists():
        return Named(said, shipped()[said], view_of(shipped()[said]))
    if not path.is_file():
        known = ", ".join(shipped())
        raise BadRequest(
            f"{said} というファイルも、備え付けのビューもありません ({known})。",
            f"There is no file {said}, and no view of that name ships ({known}).",
            rule="view.missing",
        )
    definition = path.read_bytes()
    view = view_of(definition)
    return Named(view.name or path.stem, definition, view)


def targets(views: Sequence[Named], to: Path, form: str) -> list[tuple[Named, Path, Format]]:
    """Return which view goes into which file, and in which format: a file for one view, a folder for several.

    The format is said, else the file's ending, else Parquet. Raises NotSupported, BadRequest.
    """
    if len(views) == 1 and to.suffix and not to.is_dir():
        return [(views[0], to, Format.named(form or to.suffix[1:], place="--to"))]
    if len({one.name for one in views}) < len(views):
        raise BadRequest(
            "同じ名前のビューが 2 つあります。name を変えてください。",
            "Two views have the same name; change one.",
            rule="view.name",
        )
    wanted = Format.named(form or Format.PARQUET, place="--format")
    return [(one, to / f"{one.name}.{wanted}", wanted) for one in views]


async def run(one: Named, source: Source, file: Path, form: Format, hands: Hands | None, say: Say) -> int:
    """Write a view's rows into a file and return how many; the file is there whole, or not at all.

    Raises BadRow, BadView, Malformed, TooCostly, Refused, Unavailable.
    """
    for warning in one.view.warnings:
        say(f"{one.name}: {warning.place}: {warning.ja}\n  {warning.en}")
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(file.name + ".part")
    try:
        with part.open("wb") as out:
            rows = await _written(one, source, out, form, hands, say)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return rows


async def _written(
    one: Named, source: Source, out: BinaryIO, form: Format, hands: Hands | None, say: Say
) -> int:
    job = Job(one.definition, form)
    sink = writer(form, one.view, out)
    tally = _Tally(one.name, say)
    waiting: deque[asyncio.Future[Piece]] = deque()
    try:
        async for part in source(one.view.resource):
            waiting.append(_begun(job, part, hands))
            if len(waiting) > (hands.count * _AHEAD if hands else 0):
                tally.add(await _next(waiting), sink.append)
        while waiting:
            tally.add(await _next(waiting), sink.append)
    finally:
        for left in waiting:
            left.cancel()
    sink.close()
    tally.finish()
    return tally.rows


async def _next(waiting: deque[asyncio.Future[Piece]]) -> Piece:
    return await waiting.popleft()


def _begun(job: Job, part: Part, hands: Hands | None) -> asyncio.Future[Piece]:
    return asyncio.get_running_loop().run_in_executor(
        hands.pool if hands else None, part.work, job, *part.given
    )


class _Tally:
    """Counts, and tells now and then."""

    def __init__(self, name: str, say: Say) -> None:
        self.read = self.rows = 0
        self._name, self._say = name, say
        self._began = self._told = time.monotonic()

    def add(self, piece: Piece, append: Callable[[bytes], None]) -> None:
        """Count a piece and append it."""
        append(piece.encoded)
        self.read += piece.read
        self.rows += piece.rows
        if time.monotonic() - self._told >= _TELL:
            self._told = time.monotonic()
            self._say(f"{self._name}: {self._so_far()}")

    def finish(self) -> None:
        """Tell what came of it."""
        seconds = max(time.monotonic() - self._began, 1e-3)
        self._say(
            f"{self._name}: {self._so_far()} · {seconds:,.1f} s, {self.rows / seconds:,.0f} 行/秒 rows/s"
        )

    def _so_far(self) -> str:
        return f"{self.read:,} 件 → {self.rows:,} 行 · resources → rows"


async def ask(
    text: str,
    views: Sequence[Named],
    source: Source | None,
    lent: dict[str, Path],
    hands: Hands | None,
    say: Say,
    shown: Callable[[sql.Answer], object],
) -> None:
    """Run SQL over views (each made anew from the source) and Parquet files that are there already.

    Only tables that the SQL names are made; `shown` gets the answer while the tables are there.
    """
    by_name = {one.name: one for one in views}
    with sql.tables() as tables:
        for name in sql.named_in(text, lent):
            tables.lend(name, lent[name])
        for name in sql.named_in(text, by_name.keys() - lent.keys()):
            if source is None:
                raise no_source(name)
            file = tables.folder / f"{name}.parquet"
            await run(by_name[name], source, file, Format.PARQUET, hands, say)
            tables.lend(name, file)
        tables.shut()
        shown(tables.ask(text))


def listed() -> list[str]:
    """Return the views that ship, with their columns, as lines."""
    found: list[str] = []
    for name, definition in shipped().items():
        made = view_of(definition)
        found.append(f"{name}: {made.title} ({made.resource})")
        found += [
            "  " + "  ".join(filter(None, (one.name, one.sql or one.type, one.description)))
            for one in made.columns
        ]
    return found


def no_source(name: str) -> NotSupported:
    return NotSupported(
        f"表 {name} をどこから作るか、--from か --store で指定してください。",
        f"Say with --from or --store what the table {name} is to be made of.",
        rule="view.source",
    )
