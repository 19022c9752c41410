"""Make people: run clinosim in as many processes as there are cores, and keep what it made for the next start.

clinosim's time grows with the population, and a population of 300 leaves about 160 people with records; so a
crowd is made of runs of that size with seeds of their own, whose charts never share a key, until there are enough.
"""

import math
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import monotonic, sleep

from kakehashi.core.errors import Unavailable
from kakehashi.samples.charts import count_charts

END = date(
    2026, 11, 20
)  # the last day of the sample year; fixed, so that every machine makes the same records
SEED = 4900
POPULATION = 300  # of one run
PEOPLE_A_RUN = 160  # about so many have records (124 to 175 in 19 runs)
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Run:
    seed: int
    population: int
    end: date
    out: Path

    def command(self) -> list[str]:
        return [
            sys.executable, "-m", "kakehashi.samples.simulate", "--seed", str(self.seed), "--population",
            str(self.population), "--end", self.end.isoformat(), "--out", str(self.out),
        ]  # fmt: skip


def make_people(
    folder: Path, *, patients: int = 300, seed: int = SEED, end: date = END, population: int = POPULATION,
    cores: int | None = None, say: Say = lambda line: None,
) -> list[Path]:  # fmt: skip
    """Return the chart files of at least `patients` people (for the usual population), making those not yet there.

    A run that was broken off is made anew, a finished one never. Raises Unavailable when clinosim is missing or
    fails; its own words are then in `clinosim-<seed>.log` in the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cores = cores or os.cpu_count() or 1
    if population != POPULATION:
        return _made(folder, [_run(folder, seed, population, end)], cores, say)
    paths, found = list[Path](), 0
    while found < patients:
        first, more = seed + len(paths), math.ceil((patients - found) / PEOPLE_A_RUN)
        runs = [_run(folder, first + n, population, end) for n in range(more)]
        new = _made(folder, runs, cores, say)
        found += sum(map(count_charts, new))
        paths += new
    return paths


def _run(folder: Path, seed: int, population: int, end: date) -> _Run:
    return _Run(seed, population, end, folder / f"charts-{seed}-{population}-{end}.ndjson.zst")


def _made(folder: Path, runs: list[_Run], cores: int, say: Say) -> list[Path]:
    _carry_out([run for run in runs if not run.out.exists()], cores, folder, say)
    return [run.out for run in runs]


def _carry_out(missing: list[_Run], cores: int, folder: Path, say: Say) -> None:
    waiting, running = list(reversed(missing)), dict[int, subprocess.Popen[bytes]]()
    done, total, started, told = 0, len(missing), monotonic(), 0.0
    try:
        while waiting or running:
            while waiting and len(running) < cores:
                run = waiting.pop()
                with (folder / f"clinosim-{run.seed}.log").open("wb") as log:
                    running[run.seed] = subprocess.Popen(run.command(), stdout=log, stderr=log)  # noqa: S603 - our own module
            for seed, process in [*running.items()]:
                if (code := process.poll()) is not None:
                    done += 1
                    del running[seed]
                    _require_success(code, seed)
            if monotonic() - told > 5 or not running:
                told = monotonic()
                say(_progress(done, total, told - started))
            sleep(0.1)
    finally:
        for process in running.values():
            process.kill()


def _progress(done: int, total: int, seconds: float) -> str:
    return (
        f"架空の住民の一年を作成中 {done}/{total} ({seconds:.0f}秒) · "
        f"making a year of invented people's records, {done} of {total} parts"
    )


def _require_success(code: int, seed: int) -> None:
    if code:
        raise Unavailable(
            f"住民の作成に失敗しました。`pip install 'kakehashi[demo]'` で clinosim を入れたか確かめ、"
            f"clinosim-{seed}.log を見てください。",
            f"Making people failed. See that clinosim is installed (pip install 'kakehashi[demo]') "
            f"and read clinosim-{seed}.log.",
            rule="samples.clinosim",
        )
