"""Figures of requests: counts, seconds and bytes by interaction, resource type and status; never ids, never values.

Counting is adding to plain numbers: it happens in every request. What Prometheus reads is made when it is read, of all
workers of this server (figures_shared.py).
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypedDict

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)  # seconds


class Snapshot(TypedDict):
    """The figures of one process, as they are shared with the others."""

    worker: int  # its process id
    requests: list[tuple[str, str, int, int]]  # interaction, type, status, how many
    times: dict[
        str, tuple[list[int], float, int, int]
    ]  # by interaction: buckets, seconds, bytes in, bytes out
    gauges: dict[str, float]


@dataclass(slots=True)
class _Of:
    """What was spent on one interaction."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    seconds: float = 0.0
    received: int = 0
    sent: int = 0


@dataclass(slots=True)
class Figures:
    """The figures of one process. Labels come from routes and R4's own names, so there are only so many."""

    worker: int = 0
    _requests: dict[tuple[str, str, int], int] = field(default_factory=dict)
    _spent: dict[str, _Of] = field(default_factory=dict)
    _gauges: dict[str, Callable[[], float]] = field(default_factory=dict)

    def note(
        self,
        interaction: str,
        resource_type: str,
        status: int,
        seconds: float,
        received: int = 0,
        sent: int = 0,
    ) -> None:
        """Count one answered request. The type counts where it was answered: else anybody could make all labels."""
        key = (interaction, resource_type if status < 400 else "", status)
        requests = self._requests
        requests[key] = requests.get(key, 0) + 1
        spent = self._spent.get(interaction)
        if spent is None:
            spent = self._spent[interaction] = _Of()
        spent.buckets[bisect_left(BUCKETS, seconds)] += 1
        spent.seconds += seconds
        spent.received += received
        spent.sent += sent

    def gauges(self, told: Mapping[str, Callable[[], float]]) -> None:
        """Take in figures of the moment, by their names (figures_text.GAUGES says what they are)."""
        self._gauges.update(told)

    def snapshot(self) -> Snapshot:
        """Return everything as it is now."""
        return {
            "worker": self.worker,
            "requests": [(*key, count) for key, count in self._requests.items()],
            "times": {
                name: (list(of.buckets), of.seconds, of.received, of.sent) for name, of in self._spent.items()
            },
            "gauges": {name: tell() for name, tell in self._gauges.items()},
        }
