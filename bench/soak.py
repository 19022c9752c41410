"""`python -m bench.soak`: whether memory grows with the requests that are served.

The embedded set-up, loaded and served as an operator does it, answers reads, searches, $everything and writes at 8
connections, and the memory of each process, PostgreSQL's too, is read from /proc as it goes. The first tenth warms up:
caches fill, plans are made. Ends with 1 when a process holds a quarter and 16 MB more in the end than it held then.
"""

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench import data, kinds, over_http
from bench.drive import Ways, measure
from bench.embedded import Place
from bench.folders import passing
from bench.machine import family
from bench.sizes import Size, number_of
from bench.wire import Target
from bench.work import SENDERS, Fresh, Picked, pick_from_file, reads, transactions

CONNECTIONS = 8
ROUNDS = 20  # looks at the memory
SPARE = 16 << 20  # bytes that a process may hold more for nothing
_WRITES = 50  # of a thousand requests


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes of memory that are a process's own, by process, as they were found one after another."""

    rounds: list[dict[int, int]]

    def grown(self) -> dict[int, tuple[int, int]]:
        """Return the processes that hold more than they may: what each held after the warm-up, and in the end."""
        first, last = self.rounds[len(self.rounds) // 10], self.rounds[-1]
        return {
            pid: (first[pid], last[pid])
            for pid in first.keys() & last.keys()
            if last[pid] > first[pid] * 5 // 4 + SPARE
        }


def private_bytes(pid: int) -> int:
    """Return the bytes that are the process's own and not shared with others. Source: proc(5), smaps_rollup."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


async def soak(folder: Path, requests: int, size: Size) -> Held:
    """Serve so many requests and say what was held."""
    files, fresh, held = data.make(folder, size), Fresh(data.base(folder)), Held([])
    with passing() as home, Place.opened(home / "home") as place:
        await place.prepare()
        for slug in SENDERS:
            place.load(slug, files / slug / "shared.ndjson", files / slug / over_http.RECORDS)
        tokens = await place.tokens(SENDERS)
        picked = [
            one
            for slug in SENDERS
            for one in pick_from_file(files / slug / over_http.RECORDS, slug, 4_000, size.count)
        ]
        async with place.serving() as meter:
            ways = Ways("embedded", Target.of(place.base), meter, size)
            mixed = _mixed(ways.target, tokens, picked)
            for number in range(ROUNDS):
                streams = _streams(ways.target, tokens, mixed, fresh, requests // ROUNDS)
                figure = await measure(ways, "mixed", "requests", [streams], warm=0)
                held.rounds.append(_memory(place))
                _tell(number, figure.rate, held.rounds[-1])
    return held


def _memory(place: Place) -> dict[int, int]:
    """Return what each process of the server and of PostgreSQL holds; one that has just ended is left out."""
    found = {}
    for pid in (*family(place.serving_pid), *family(place.server.pid or 0)):
        with suppress(OSError):
            found[pid] = private_bytes(pid)
    return found


def _mixed(target: Target, tokens: dict[str, str], picked: Sequence[Picked]) -> list[bytes]:
    """Return requests of all kinds: seven in ten are reads."""
    asked = [one for _, some in kinds.searches(target, tokens, picked) for one in some[:400]]
    asked += kinds.everything(target, tokens, picked)[:400]
    asked += (reads(target, tokens, picked) * 3)[: len(asked) * 7 // 3]
    random.Random(1).shuffle(asked)
    return asked


def _streams(
    target: Target, tokens: dict[str, str], mixed: Sequence[bytes], fresh: Fresh, requests: int
) -> list[list[bytes]]:
    """Return the requests of each connection; one in twenty writes a resource that is new."""
    streams = []
    for number in range(CONNECTIONS):
        site, each = SENDERS[number % len(SENDERS)], requests // CONNECTIONS
        writes = transactions(target, tokens[site], fresh.lines(site, max(1, each * _WRITES // 1000)), 1)
        asked: Iterator[bytes] = (mixed[(number * 101 + n) % len(mixed)] for n in range(each - len(writes)))
        every = max(1, (each - len(writes)) // len(writes))
        stream = []
        for place, one in enumerate(asked):
            if place % every == 0 and writes:
                stream.append(writes.pop(0))
            stream.append(one)
        streams.append(stream)
    return streams


def _tell(number: int, rate: float, held: dict[int, int]) -> None:
    mine = ", ".join(f"{size >> 20}" for _, size in sorted(held.items()))
    print(f"{number + 1:>3} of {ROUNDS}: {rate:,.0f} requests/s; MB of each process: {mine}", flush=True)


def main() -> None:
    """Read the command line, serve, judge."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--requests", type=number_of, default=1_000_000)
    parser.add_argument("--size", type=number_of, default=50_000, help="resources in the store")
    parser.add_argument(
        "--data", type=Path, default=Path(".cache/bench"), help="where the made records are kept"
    )
    given = parser.parse_args()
    grown = uvloop.run(soak(given.data, given.requests, Size(given.size))).grown()
    for pid, (first, last) in grown.items():
        print(f"process {pid} grew from {first >> 20} to {last >> 20} MB")
    sys.exit(1 if grown else 0)


if __name__ == "__main__":
    main()
