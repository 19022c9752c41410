"""A chart: all the records of one synthetic person before they are dealt out over institutions.

On disk a line of JSON a person, compressed with zstd, so that any number of people streams through little memory.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
import zstandard

from kakehashi.core.errors import Unavailable
from kakehashi.samples.trees import Tree


@dataclass(frozen=True, slots=True)
class Chart:
    """One person's records. `key` is unlike every other chart's; `story` names a told person, else it is empty."""

    key: str
    resources: list[Tree]
    story: str = ""

    @property
    def patient(self) -> Tree:
        """The Patient resource."""
        return next(resource for resource in self.resources if resource["resourceType"] == "Patient")


def write_charts(path: Path, charts: Iterable[Chart]) -> int:
    """Write charts to a file, all or nothing; return how many."""
    written = 0
    part = path.with_suffix(path.suffix + ".part")
    with part.open("wb") as raw, zstandard.ZstdCompressor(level=3).stream_writer(raw) as out:
        for chart in charts:
            line = {"key": chart.key, "story": chart.story, "resources": chart.resources}
            out.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
            written += 1
    part.replace(path)
    return written


def read_charts(path: Path) -> Iterator[Chart]:
    """Yield the charts of a file, one at a time. Raises Unavailable when it is not there."""
    with _opened(path) as stream:
        for line in _lines(stream):
            found = orjson.loads(line)
            yield Chart(found["key"], found["resources"], found["story"])


def count_charts(path: Path) -> int:
    """Return how many charts a file holds. Raises Unavailable when it is not there."""
    with _opened(path) as stream:
        return sum(1 for _ in _lines(stream))


@contextmanager
def _opened(path: Path) -> Iterator[zstandard.ZstdDecompressionReader]:
    if not path.exists():
        raise Unavailable(
            f"カルテのファイル {path.name} がありません。", f"There is no file of charts {path.name}."
        )
    with path.open("rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw) as stream:
        yield stream


def _lines(stream: zstandard.ZstdDecompressionReader) -> Iterator[bytes]:
    rest = b""
    while block := stream.read(1 << 20):
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
    if rest:
        yield rest
