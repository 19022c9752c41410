"""What a worker tells of itself: memory, time, connections, and how long it kept everybody waiting."""

import asyncio
import os
import resource
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from kakehashi.faces.api.figures import Figures
from kakehashi.faces.api.figures_shared import Shared
from kakehashi.faces.collecting import Collector
from kakehashi.faces.logs import STANDARD
from kakehashi.store.database import Database

BEAT = 1.0  # seconds
_PAGE = resource.getpagesize()
_STATUS, _FILES = Path("/proc/self/statm"), Path("/proc/self/fd")


class Pulse:
    """Beats once a second: a beat that comes late tells how long nobody was served."""

    def __init__(self) -> None:
        self._late: deque[float] = deque([0.0], maxlen=60)

    @property
    def lag(self) -> float:
        """The longest delay of the last minute, in seconds."""
        return max(self._late)

    async def beat(self, each: Callable[[], None]) -> None:
        """Beat until cancelled; do something with each."""
        while True:
            due = time.perf_counter() + BEAT
            await asyncio.sleep(BEAT)
            self._late.append(max(0.0, time.perf_counter() - due))
            each()


@asynccontextmanager
async def beating(figures: Figures, shared: Shared, pulse: Pulse) -> AsyncIterator[None]:
    """Beat for as long as the block lasts, and leave this worker's figures for the others with each beat."""
    task = asyncio.create_task(pulse.beat(lambda: shared.leave(figures)))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        shared.leave(figures)


def gauges(db: Database, collector: Collector, pulse: Pulse) -> Mapping[str, Callable[[], float]]:
    """Return the figures of the moment, by the names of figures_text.GAUGES."""
    began = time.time()
    return {
        "process_resident_memory_bytes": _memory,
        "process_cpu_seconds": time.process_time,
        "process_open_fds": _files,
        "process_start_time_seconds": lambda: began,
        "kakehashi_loop_lag_seconds": lambda: pulse.lag,
        "kakehashi_requests_under_way": lambda: collector.under_way,
        "kakehashi_garbage_seconds": lambda: collector.seconds,
        "kakehashi_garbage_rounds": lambda: collector.rounds,
        "kakehashi_pool_connections": db.pool.get_size,
        "kakehashi_pool_in_use": lambda: db.pool.get_size() - db.pool.get_idle_size(),
        "kakehashi_pool_most": db.pool.get_max_size,
        "kakehashi_pool_waiting": lambda: db.waiting,
        "kakehashi_reads_waiting": lambda: len(db.reads),
        "kakehashi_writes_waiting": lambda: len(db.writes),
        "kakehashi_log_lines_lost": lambda: STANDARD.lost,
    }


def _memory() -> float:
    try:
        return int(_STATUS.read_text("ascii").split()[1]) * _PAGE
    except OSError:  # not Linux
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _files() -> float:
    try:
        return len(os.listdir(_FILES))  # noqa: PTH208 - names are enough, in one call
    except OSError:
        return 0.0
