"""Figures of requests: counts and seconds by interaction, resource type and status; never ids, never search values."""

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from kakehashi.faces.logs import STANDARD

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)  # seconds


class Figures:
    """The figures of one process. Labels come from routes and R4's own names, so there are only so many."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("interaction", "type", "status")
        self._requests = Counter("kakehashi_requests", "Requests answered", labels, registry=self.registry)
        self._seconds = Histogram(
            "kakehashi_request_seconds",
            "Time to answer",
            ("interaction",),
            registry=self.registry,
            buckets=_BUCKETS,
        )

        lost = Gauge(
            "kakehashi_log_lines_lost", "Log lines that could not be written", registry=self.registry
        )
        lost.set_function(lambda: STANDARD.lost)
        self._lags = Gauge(
            "kakehashi_feed_lag",
            "Entries of the feed that a follower has not had yet",
            ("follower",),
            registry=self.registry,
        )
        self._counting: dict[tuple[str, str, int], tuple[Callable[[], None], Callable[[float], None]]] = {}

    def note(self, interaction: str, resource_type: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        key = (interaction, resource_type, status)
        if key not in self._counting:  # finding the counters by their labels costs more than counting
            counter = self._requests.labels(interaction, resource_type, str(status))
            self._counting[key] = counter.inc, self._seconds.labels(interaction).observe
        count, observe = self._counting[key]
        count()
        observe(seconds)

    def lagging(self, lags: Mapping[str, int]) -> None:
        """Note how far each follower of the feed is behind; of none, where it is not known."""
        self._lags.clear()
        for follower, lag in lags.items():
            self._lags.labels(follower).set(lag)

    def text(self) -> bytes:
        """Return all figures as Prometheus reads them."""
        return generate_latest(self.registry)
