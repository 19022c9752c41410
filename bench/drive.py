"""Drive a server with ready requests over some connections at once, and say how fast it was.

A measure is repeated; its rate is the median of the repetitions, its percentiles are over all their requests. A
request that fails ends the bench: a figure over failures would mean nothing.
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from bench.machine import Used
from bench.sizes import UNSIZED, Size
from bench.wire import Target, Wire

Meter = Callable[[], Used]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the result: what was measured, how much of it a second, and what a request cost.

    rate: units a second (median of the repetitions); p50, p99: milliseconds; server, postgresql, client: processor
    microseconds a unit; answer: bytes of an answer's body, so that servers can be seen to have answered alike.
    """

    base: str
    size: Size
    what: str
    unit: str
    connections: int
    rate: float
    p50: float = 0.0
    p99: float = 0.0
    server: float = 0.0
    postgresql: float = 0.0
    client: float = 0.0
    answer: float = 0.0

    def row(self) -> dict[str, object]:
        """Return it for JSON."""
        return asdict(self) | {"size": self.size.name}


@dataclass(frozen=True, slots=True)
class Ways:
    """What a measure needs to know of the server it drives."""

    base: str
    target: Target
    meter: Meter
    size: Size = UNSIZED


@dataclass(slots=True)
class Timed:
    """One repetition: seconds, seconds of each request, bytes that came, and processor time."""

    seconds: float
    requests: list[float]
    came: int
    used: Used


class Failed(Exception):
    """The server answered something else than success."""


async def measure(
    ways: Ways, what: str, unit: str, runs: Sequence[Sequence[Sequence[bytes]]], *,
    units_a_request: float = 1, warm: int = 1,
) -> Figure:  # fmt: skip
    """Return the figure of some repetitions; a repetition is a list of requests for each connection.

    The first `warm` repetitions are not counted. Raises Failed.
    """
    timed = [await _run(ways, streams) for streams in runs][warm:]
    units = [units_a_request * len(run.requests) for run in timed]
    latencies = sorted(one * 1000 for run in timed for one in run.requests)
    spent = {
        who: sum(getattr(run.used, who) for run in timed) / sum(units) * 1e6
        for who in ("server", "postgresql", "client")
    }
    rate = statistics.median(count / run.seconds for count, run in zip(units, timed, strict=True))
    return Figure(
        ways.base, ways.size, what, unit, len(runs[0]), rate, percentile(latencies, 50), percentile(latencies, 99),
        answer=sum(run.came for run in timed) / sum(len(run.requests) for run in timed), **spent,
    )  # fmt: skip


def percentile(ordered: Sequence[float], percent: int) -> float:
    """Return the smallest value that `percent` of all do not exceed."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


async def _run(ways: Ways, streams: Sequence[Sequence[bytes]]) -> Timed:
    before, started = ways.meter(), time.perf_counter()
    taken = await asyncio.gather(*(_stream(ways.target, stream) for stream in streams))
    seconds = time.perf_counter() - started
    used = ways.meter().since(before)
    return Timed(seconds, [one for some, _ in taken for one in some], sum(came for _, came in taken), used)


async def _stream(target: Target, stream: Sequence[bytes]) -> tuple[list[float], int]:
    """Return the seconds of each request, and how many bytes came back."""
    taken, came, wire = [], 0, await Wire.open(target)
    for ready in stream:
        started = time.perf_counter()
        if not wire.usable:
            wire = await Wire.open(target)
        answer = await wire.send(ready)
        taken.append(time.perf_counter() - started)
        came += len(answer.body)
        if answer.status not in (200, 201):
            raise Failed(f"{answer.status} for {ready[:120]!r}: {answer.body[:600]!r}")
    wire.close()
    return taken, came
