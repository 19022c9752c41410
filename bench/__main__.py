"""`python -m bench`: measure the embedded set-up at some sizes, or any FHIR servers beside one another.

    python -m bench                                    # 50 thousand resources, a few minutes
    python -m bench --sizes 50k,500k,5m --json out.json
    python -m bench --people 300,3000,20000            # clinosim's people, and what is refused of their records
    python -m bench --base embedded --base http://127.0.0.1:8080/fhir --token ""

With --base, transactions, reads and searches are measured through HTTP alone, on what was just written; "embedded"
is the set-up of this repository. A --token belongs to the --base before it.

Ends with 1 when anything that was loaded was refused, or two people were taken for one.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from bench import data, machine, report, stages
from bench.drive import Ways
from bench.embedded import Place
from bench.folders import passing
from bench.report import Report
from bench.sizes import Size, numbers, sizes_of
from bench.wire import Target
from bench.work import SENDERS, Fresh
from kakehashi.samples.multiply import Original

EMBEDDED = "embedded"
USUAL = Size(50_000)


async def sizes(given: argparse.Namespace) -> Report:
    """Measure the embedded set-up at each size, in a folder of its own each time."""
    found: Report | None = None
    people = data.base(given.data)
    for size in wanted(given):
        files = data.make(given.data, size)
        with passing() as folder, Place.opened(folder / "home") as place:
            if found is None:
                found = Report(machine.describe(await place.version()))
                report.head(found.machine)
            await stages.embedded(place, found, size, files, Fresh(people), runs=given.runs)
    assert found
    return found


async def beside(given: argparse.Namespace) -> Report:
    """Measure each base in turn, on an empty store filled by the transactions themselves."""
    people, found = data.base(given.data), Report(machine.describe("as the servers say"))
    report.head(found.machine)
    tokens = [*given.token, *[""] * len(given.base)]
    for number, base in enumerate(given.base):
        if base == EMBEDDED:
            await _embedded(people, found, given.runs)
            continue
        ways = Ways(base, Target.of(base), lambda: machine.used(None, None))
        held = dict.fromkeys(SENDERS, tokens[number])
        await stages.over_http(ways, found, held, Fresh(people), given.data, runs=given.runs)
    return found


async def _embedded(people: list[Original], found: Report, runs: int) -> None:
    with passing() as folder, Place.opened(folder / "home") as place:
        await place.prepare()
        held = await place.tokens(SENDERS)
        async with place.serving() as meter:
            ways = Ways(EMBEDDED, Target.of(place.base), meter)
            await stages.over_http(ways, found, held, Fresh(people), folder, runs=runs)


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line (None: that of the process). Ends the process where it cannot be read."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--sizes", type=numbers, default=[], help="resources in the store, e.g. 50k,500k,5m (usual: 50k)"
    )
    parser.add_argument(
        "--people", type=numbers, default=[], help="clinosim's people in the store, e.g. 300,3000,20000"
    )
    parser.add_argument("--runs", type=int, default=3, help="repetitions of each measure")
    parser.add_argument(
        "--base", action="append", default=[], help='a FHIR base URL, or "embedded"; may be repeated'
    )
    parser.add_argument("--token", action="append", default=[], help="its bearer token")
    parser.add_argument(
        "--data", type=Path, default=Path(".cache/bench"), help="where the made records are kept"
    )
    parser.add_argument("--json", type=Path, help="also write the figures here")
    given = parser.parse_args(words)
    if given.base and (given.sizes or given.people):
        parser.error("--base measures what it has written itself: it takes no --sizes and no --people")
    return given


def wanted(given: argparse.Namespace) -> list[Size]:
    """Return the sizes to measure, those in resources first; the usual one where none is named."""
    return sizes_of(given.sizes, given.people) or [USUAL]


def main() -> None:
    """Read the command line, measure, show."""
    given = arguments()
    found = uvloop.run(beside(given) if given.base else sizes(given))
    found.conclude()
    if given.json:
        found.save(given.json)
    if not given.base and wanted(given) == [USUAL]:
        print("\nAll sizes: python -m bench --sizes 50k,500k,5m (about an hour, 30 GB of disk)")
    sys.exit(0 if found.sound else 1)


if __name__ == "__main__":
    main()
