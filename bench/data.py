"""Benchmark data: clinosim's JP output at 300, 3,000 and 20,000 people, or so many resources, in flat memory.

    python bench/data.py --folder bench-data --people 3000
    python bench/data.py --folder bench-data --resources 500000

Files as the sample region has them (kakehashi.samples.build): `<folder>/<size>/<institution>/records.ndjson` and
`clins.ndjson`, with `shared.ndjson` beside them; what is there already is not made again.

Up to 3,000 people every one is clinosim's own: some 165 a run of half a minute on one core (31 s, AMD EPYC), so about
six minutes for 3,000 on two free cores, the writing with it. 20,000 would take more than half an hour of both; they
are those 3,000 and six copies of each (kakehashi.samples.multiply says what changes in a copy; over 100 thousand lines
a second). Sizes in resources are multiplied from two runs. `--runs` lets clinosim run more often, or less:
`--people 20000 --runs 125` copies nobody.
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

from kakehashi.samples.build import Line, lines_of
from kakehashi.samples.charts import Chart, read_charts
from kakehashi.samples.multiply import Original, multiply, originals
from kakehashi.samples.people import PEOPLE_A_RUN, make_people
from kakehashi.samples.region import SITES
from kakehashi.samples.staffing import shared
from kakehashi.samples.story_charts import story_charts

PEOPLE = (300, 3_000, 20_000)
ALL_ITS_OWN = 3_000  # people; up to here nobody is a copy
FEW_RUNS = 2
RESOURCES = (50_000, 500_000, 5_000_000)
NAMES = {"fhir": "records.ndjson", "clins": "clins.ndjson"}


def tell(text: str) -> None:
    """Write progress to standard error."""
    print(text, file=sys.stderr, flush=True)


@lru_cache(maxsize=1)
def base(folder: Path, runs: int = FEW_RUNS) -> list[Original]:
    """Return the original people: the told ones and those of `runs` runs of clinosim, each run made once."""
    return originals(_charts(folder, runs))


def _charts(folder: Path, runs: int) -> Iterator[Chart]:
    paths = make_people(folder / "people", patients=runs * PEOPLE_A_RUN, say=tell)
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


def make(folder: Path, *, persons: int = 0, resources: int = 0, runs: int = 0) -> Path:
    """Write the files of one size, once; return their folder. Its `counts.json` says what is in them.

    runs: how often clinosim runs; 0 means as the head of this file says.
    """
    out = folder / (f"people-{persons}" if persons else f"resources-{resources}")
    if not (out / "counts.json").exists():
        if persons:
            runs = runs or math.ceil(min(persons, ALL_ITS_OWN) / PEOPLE_A_RUN)
            copies = math.ceil(persons / (runs * PEOPLE_A_RUN))
            made = people_of(_charts(folder, runs), persons, copies)
        else:
            made = resources_of(base(folder, runs or FEW_RUNS), resources)
        (out / "counts.json").write_bytes(
            orjson.dumps(_write(out, made), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
        )
    return out


def _write(out: Path, made: Iterator[Line]) -> Counter[str]:
    counts: Counter[str] = Counter()
    started, opened = monotonic(), dict[tuple[str, str], BinaryIO]()
    with ExitStack() as stack:
        for site in SITES:
            (out / site.slug).mkdir(parents=True, exist_ok=True)
            (out / site.slug / "shared.ndjson").write_bytes(
                b"".join(orjson.dumps(one) + b"\n" for one in shared(site))
            )
        for line in made:
            name = (line.site, line.form)
            if name not in opened:
                opened[name] = stack.enter_context((out / line.site / NAMES[line.form]).open("wb"))
            opened[name].write(line.body)
            counts[line.form] += 1
            counts["bytes"] += len(line.body)
            if counts.total() and (counts["fhir"] + counts["clins"]) % 200_000 == 0:
                tell(f"{counts['fhir'] + counts['clins']:,} lines, {monotonic() - started:.0f} s")
    return counts


def main() -> None:
    """Read the command line and make what it asks for; without a size, the six of the benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=Path("bench-data"))
    parser.add_argument("--people", type=int)
    parser.add_argument("--resources", type=int)
    parser.add_argument("--runs", type=int, default=0, help="runs of clinosim, some 165 people each")
    given = parser.parse_args()
    sizes = [(given.people or 0, given.resources or 0)]
    if sizes == [(0, 0)]:
        sizes = [(people, 0) for people in PEOPLE] + [(0, resources) for resources in RESOURCES]
    for people, resources in sizes:
        tell(str(make(given.folder, persons=people, resources=resources, runs=given.runs)))


if __name__ == "__main__":
    main()
