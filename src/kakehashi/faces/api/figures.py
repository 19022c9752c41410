"""Figures of requests: counts and seconds by interaction, resource type and status; never ids, never search values."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)  # seconds


class Figures:
    """The figures of one process. Labels come from routes and R4's own names, so there are only so many."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("interaction", "type", "status")
        self._requests = Counter("kakehashi_requests", "Requests answered", labels, registry=self.registry)
        self._seconds = Histogram(
            "kakehashi_request_seconds", "Time to answer", ("interaction",), registry=self.registry, buckets=_BUCKETS
        )

    def note(self, interaction: str, resource_type: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self._requests.labels(interaction, resource_type, str(status)).inc()
        self._seconds.labels(interaction).observe(seconds)

    def text(self) -> bytes:
        """Return all figures as Prometheus reads them."""
        return generate_latest(self.registry)
