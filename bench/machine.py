"""The machine at hand, and the processor time that a family of processes has used. Source: proc(5)."""

import os
import platform
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
QUIET = 1.0  # load average below which a machine counts as our own


def describe(postgresql: str) -> dict[str, str]:
    """Return what the figures were measured on; `postgresql` is the server's version."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    busy = os.getloadavg()[0]
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "processor": f"{_processor()}, {len(os.sched_getaffinity(0))} cores",
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}, {postgresql}",
        "load": f"{busy:.1f} at the start"
        + ("" if busy < QUIET else ": others were at work, so rates are too low"),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


@dataclass(frozen=True, slots=True)
class Used:
    """Processor seconds of the server, of PostgreSQL and of the bench itself."""

    server: float = 0.0
    postgresql: float = 0.0
    client: float = 0.0

    def since(self, other: "Used") -> "Used":
        """Return what was used from `other` to this."""
        return Used(
            self.server - other.server, self.postgresql - other.postgresql, self.client - other.client
        )


def used(server: int | None, postgresql: int | None) -> Used:
    """Return what two families of processes and this process have used so far; None: not on this machine."""
    return Used(family_seconds(server), family_seconds(postgresql), time.process_time())


def family_seconds(root: int | None) -> float:
    """Return the processor seconds of a process and its living descendants, and of the dead that they waited for."""
    if root is None:
        return 0.0
    ticks = _ticks()
    return sum(ticks[pid][1] for pid in _family(root, {pid: of for pid, (of, _) in ticks.items()})) / _TICKS


def family(root: int) -> list[int]:
    """Return a process and its living descendants."""
    return sorted(_family(root, {pid: of for pid, (of, _) in _ticks().items()}))


def _ticks() -> dict[int, tuple[int, int]]:
    """Return of every process its parent, and the processor ticks that it and its dead children used."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text("ascii", "replace").rpartition(")")[2].split()
            found[int(stat.parent.name)] = int(fields[1]), sum(map(int, fields[11:15]))
    return found


def _family(root: int, parents: dict[int, int]) -> Iterable[int]:
    found, fresh = {root} & parents.keys(), {root}
    while fresh:
        fresh = {pid for pid, parent in parents.items() if parent in fresh} - found
        found |= fresh
    return found
