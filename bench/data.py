"""Benchmark data: the sample region at 300, 3,000 and 20,000 people, or at a number of resources, in flat memory.

    python bench/data.py --folder bench-data --people 3000
    python bench/data.py --folder bench-data --resources 500000

Files as the sample region has them (kakehashi.samples.build): `<folder>/<size>/<institution>/records.ndjson` and
`clins.ndjson`, with `shared.ndjson` beside them; what is there already is not made again. clinosim makes the
first 330 people once (under a minute); everyone else is multiplied from them (kakehashi.samples.multiply says
what changes in a copy), at over 100 thousand lines a second. `--runs 7` lets clinosim make more originals.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from functools import lru_cache
from itertools import count
from pathlib import Path
from time import monotonic
from typing import BinaryIO

import orjson

from kakehashi.samples.build import Line
from kakehashi.samples.charts import Chart, read_charts
from kakehashi.samples.multiply import Original, multiply, originals
from kakehashi.samples.people import PEOPLE_A_RUN, make_people
from kakehashi.samples.region import SITES
from kakehashi.samples.staffing import shared
from kakehashi.samples.story_charts import story_charts

PEOPLE = (300, 3_000, 20_000)
RESOURCES = (50_000, 500_000, 5_000_000)
NAMES = {"fhir": "records.ndjson", "clins": "clins.ndjson"}


def tell(text: str) -> None:
    """Write progress to standard error."""
    print(text, file=sys.stderr, flush=True)


@lru_cache(maxsize=1)
def base(folder: Path, runs: int = 2) -> list[Original]:
    """Return the original people: the told ones and those of `runs` runs of clinosim, each run made once."""
    paths = make_people(folder / "people", patients=runs * PEOPLE_A_RUN, say=tell)
    return originals(_charts(paths))


def _charts(paths: list[Path]) -> Iterator[Chart]:
    yield from story_charts()
    for path in paths:
        yield from read_charts(path)


def lines(people: list[Original], *, persons: int = 0, resources: int = 0) -> Iterator[Line]:
    """Yield lines until there are `persons` people, or at least `resources` lines, cut at the end of a person."""
    made_people = made_lines = 0
    for copy in count():
        for original in people:
            if made_people >= persons > 0 or made_lines >= resources > 0:
                return
            yield from multiply([original], range(copy, copy + 1))
            made_people += 1
            made_lines += len(original.lines)


def make(folder: Path, *, persons: int = 0, resources: int = 0, runs: int = 2) -> Path:
    """Write the files of one size, once; return their folder. Its `counts.json` says what is in them."""
    out = folder / (f"people-{persons}" if persons else f"resources-{resources}")
    if not (out / "counts.json").exists():
        counts = _write(out, lines(base(folder, runs), persons=persons, resources=resources))
        (out / "counts.json").write_bytes(
            orjson.dumps(counts, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
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
    parser.add_argument("--runs", type=int, default=2, help="runs of clinosim, 165 people each")
    given = parser.parse_args()
    sizes = [(given.people or 0, given.resources or 0)]
    if sizes == [(0, 0)]:
        sizes = [(people, 0) for people in PEOPLE] + [(0, resources) for resources in RESOURCES]
    for people, resources in sizes:
        tell(str(make(given.folder, persons=people, resources=resources, runs=given.runs)))


if __name__ == "__main__":
    main()
