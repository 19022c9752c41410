"""`python -m bench`: measure the embedded set-up at some sizes, or any FHIR servers beside one another.

    python -m bench                                    # 50 thousand resources, a few minutes
    python -m bench --sizes 50k,500k,5m --json out.json
    python -m bench --people 300,3000,20000            # clinosim's people, and what is refused of their records
    python -m bench --people 3000 --base embedded --base http://127.0.0.1:8080/fhir

With --base each server begins empty, the same people fill it by transactions, and the same is asked of it over HTTP:
reads, ten kinds of search, $everything, history, a bulk export, at 1, 8 and 64 connections. "embedded" is the set-up of
this repository. --token, --process, --postgresql and --database say something of the --base before them.
bench/peers/hapi.md tells how to have another server beside it.

Ends with 1 when anything that was loaded was refused, or two people were taken for one.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from bench import data, machine, over_http, report, stages
from bench.base import EMBEDDED, Named, OfIt
from bench.drive import Ways
from bench.embedded import Place
from bench.folders import passing
from bench.report import Report
from bench.sizes import Size, numbers, sizes_of
from bench.wire import Target
from bench.work import SENDERS, Fresh

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
    """Measure each base in turn, on an empty store that the same people fill by transactions."""
    found = Report(machine.describe("as the servers say"))
    files = data.make(given.data, wanted(given)[0])
    people = data.base(given.data)
    report.head(found.machine)
    for base in given.base:
        fresh = Fresh(people)
        if base.url == EMBEDDED:
            await _embedded(found, files, fresh, given.runs)
            continue
        held = dict.fromkeys((*SENDERS, *over_http.senders(files)), base.token)
        await over_http.compared(
            base.ways, found, held, files, fresh, runs=given.runs, database=base.database
        )
    return found


async def _embedded(found: Report, files: Path, fresh: Fresh, runs: int) -> None:
    with passing() as folder, Place.opened(folder / "home") as place:
        await place.prepare()
        held = await place.tokens((*SENDERS, *over_http.senders(files)))
        async with place.serving() as meter:
            ways = Ways(EMBEDDED, Target.of(place.base), meter)
            await over_http.compared(ways, found, held, files, fresh, runs=runs, database=place.server.url)


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
        "--base", action=Named, default=[], help='a FHIR base URL, or "embedded"; may be repeated'
    )
    for name, of_it, what in (
        ("--token", str, "its bearer token"),
        ("--process", int, "number of its process on this machine, to meter its processor time"),
        ("--postgresql", int, "number of its PostgreSQL's first process, likewise"),
        ("--database", str, "URL of its PostgreSQL database, to know its bytes"),
    ):
        parser.add_argument(name, action=OfIt, type=of_it, default=argparse.SUPPRESS, help=what)
    parser.add_argument(
        "--data", type=Path, default=Path(".cache/bench"), help="where the made records are kept"
    )
    parser.add_argument("--json", type=Path, help="also write the figures here")
    given = parser.parse_args(words)
    if given.base and len(wanted(given)) > 1:
        parser.error("--base fills each server with the same people: it takes one size")
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
