"""Benchmark data: clinosim's JP output at 300, 3,000 and 20,000 people, or so many resources, in flat memory.

    python -m bench.data --folder bench-data --people 3000
    python -m bench.data --folder bench-data --resources 500000

Files as the sample region has them (kakehashi.samples.build): `<folder>/<size>/<institution>/records.ndjson` and
`clins.ndjson`, with `shared.ndjson` beside them; `patients.tsv` says whose each Patient is: the number of the human and
the Patient's id. What is there already is not made again.

Up to 3,000 people every one is clinosim's own: some 160 a run of half a minute on one core (31 s, AMD EPYC), so about
six minutes for 3,000 on two free cores, the writing with it. 20,000 would take more than half an hour of both; they
are those 3,000 and six copies of each (kakehashi.samples.multiply says what changes in a copy; over 100 thousand lines
a second). Sizes in resources are multiplied from some 330. `--own` says how many shall be clinosim's own:
`--people 20000 --own 20000` copies nobody.
"""

import argparse
import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import lru_cache
from itertools import count
from pathlib import Path
from time import monotonic
from typing import BinaryIO

import orjson

from bench.sizes import Size, numbers, sizes_of
from kakehashi.core.actors import InstitutionType
from kakehashi.samples.build import Form, Line, lines_of
from kakehashi.samples.charts import Chart, read_charts
from kakehashi.samples.multiply import Original, multiply, originals
from kakehashi.samples.people import make_people
from kakehashi.samples.region import SITES
from kakehashi.samples.staffing import shared
from kakehashi.samples.story_charts import story_charts

PEOPLE = (Size(300, "people"), Size(3_000, "people"), Size(20_000, "people"))
ALL_ITS_OWN = 3_000  # people; up to here nobody is a copy
FEW = 320  # people that sizes in resources are multiplied from: two runs
RESOURCES = (Size(50_000), Size(500_000), Size(5_000_000))
NAMES = {"fhir": "records.ndjson", "clins": "clins.ndjson"}
WHOSE = "patients.tsv"
INSURERS = frozenset(site.slug for site in SITES if site.type is InstitutionType.INSURER)
_PATIENT = b'{"resourceType":"Patient"'


def tell(text: str) -> None:
    """Write progress to standard error."""
    print(text, file=sys.stderr, flush=True)


@lru_cache(maxsize=1)
def base(folder: Path, own: int = FEW) -> list[Original]:
    """Return the original people: the told ones and at least `own` of clinosim, each run made once."""
    return originals(_charts(folder, own))


def _charts(folder: Path, own: int) -> Iterator[Chart]:
    paths = make_people(folder / "people", patients=own, say=tell)
    yield from story_charts()
    for path in paths:
        yield from read_charts(path)


def resources_of(people: list[Original], wanted: int) -> Iterator[Line]:
    """Yield at least `wanted` lines, cut at the end of a person: everyone once, then everyone's copies."""
    made = 0
    for copy in count():
        for original in people:
            if made >= wanted:
                return
            yield from multiply([original], range(copy, copy + 1))
            made += len(original.lines)


def people_of(charts: Iterable[Chart], wanted: int, copies: int) -> Iterator[Line]:
    """Yield the lines of `wanted` people: each chart as it is and, where copies > 1, as copies of that person."""
    made = 0
    for chart in charts:
        rounds = min(copies, wanted - made)
        yield from lines_of(chart) if rounds == 1 else multiply(originals([chart]), range(rounds))
        made += rounds
        if made >= wanted:
            return


def make(folder: Path, size: Size, *, own: int = 0) -> Path:
    """Write the files of one size, once; return their folder. Its `counts.json` says what is in them.

    own: people that shall be clinosim's own; 0 means as the head of this file says.
    """
    out = folder / size.name
    there = [out / "counts.json", *([out / WHOSE] if size.of == "people" else [])]
    if not all(path.exists() for path in there):
        counts = write(out, _lines(folder, size, own))
        (out / "counts.json").write_bytes(
            orjson.dumps(counts, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
        )
    return out


def _lines(folder: Path, size: Size, own: int) -> Iterator[Line]:
    if size.of == "resources":
        return resources_of(base(folder, own or FEW), size.count)
    own = own or min(size.count, ALL_ITS_OWN)
    return people_of(_charts(folder, own), size.count, math.ceil(size.count / own))


def write(out: Path, made: Iterable[Line]) -> Counter[str]:
    """Write the files of these lines; return how many lines of each form, bytes and people."""
    started = monotonic()
    for site in SITES:
        (out / site.slug).mkdir(parents=True, exist_ok=True)
        (out / site.slug / "shared.ndjson").write_bytes(
            b"".join(orjson.dumps(one) + b"\n" for one in shared(site))
        )
    with ExitStack() as stack:
        files = _Files(out, stack)
        for number, line in enumerate(made, 1):
            files.write(line)
            if number % 200_000 == 0:
                tell(f"{number:,} lines, {monotonic() - started:.0f} s")
    return files.counts


class _Files:
    """The files of one size, opened as they are needed, and counts of what was written to them."""

    def __init__(self, out: Path, stack: ExitStack) -> None:
        self._out, self._stack = out, stack
        self._opened: dict[tuple[str, Form], BinaryIO] = {}
        self._whose = stack.enter_context((out / WHOSE).open("w", encoding="ascii"))
        self.counts: Counter[str] = Counter()

    def write(self, line: Line) -> None:
        """Write a line; everyone's lines begin with the Patient of their insurer."""
        name = (line.site, line.form)
        if name not in self._opened:
            path = self._out / line.site / NAMES[line.form]
            self._opened[name] = self._stack.enter_context(path.open("wb"))
        self._opened[name].write(line.body)
        self.counts[line.form] += 1
        self.counts["bytes"] += len(line.body)
        if line.body.startswith(_PATIENT):
            self.counts["people"] += line.site in INSURERS
            self._whose.write(f"{self.counts['people']}\t{orjson.loads(line.body)['id']}\n")


def main() -> None:
    """Read the command line and make what it asks for; without a size, the six of the benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=Path("bench-data"))
    parser.add_argument("--people", type=numbers, default=[], help="e.g. 300,3000,20000")
    parser.add_argument("--resources", type=numbers, default=[], help="e.g. 50k,500k,5m")
    parser.add_argument("--own", type=int, default=0, help="how many people are clinosim's own")
    given = parser.parse_args()
    sizes = sizes_of(given.resources, given.people) or [*PEOPLE, *RESOURCES]
    for size in sizes:
        tell(str(make(given.folder, size, own=given.own)))


if __name__ == "__main__":
    main()
