"""Figures as Prometheus reads them, in its own format or as OpenMetrics: those of all workers, and of the database."""

from collections.abc import Iterable, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from kakehashi.faces.api.figures import BUCKETS, Snapshot
from kakehashi.store.figures import Waiting

# Of one worker, with its process id as the label `worker`. Conventional names where there are such.
GAUGES = {
    "process_resident_memory_bytes": "Memory of the worker",
    "process_cpu_seconds": "CPU time of the worker",
    "process_open_fds": "Open files and connections of the worker",
    "process_start_time_seconds": "When the worker began",
    "kakehashi_loop_lag_seconds": "Longest that the worker kept everybody waiting, in the last minute",
    "kakehashi_requests_under_way": "Requests that the worker is answering",
    "kakehashi_garbage_seconds": "Time that collecting garbage took, since the start",
    "kakehashi_garbage_rounds": "Rounds of collecting garbage, since the start",
    "kakehashi_pool_connections": "Connections to the database",
    "kakehashi_pool_in_use": "Connections that somebody uses",
    "kakehashi_pool_most": "Connections that there may be",
    "kakehashi_pool_waiting": "Requests that wait for a connection",
    "kakehashi_reads_waiting": "Reads that wait for the next round trip",
    "kakehashi_writes_waiting": "Writes that wait for the next round trip",
    "kakehashi_log_lines_lost": "Log lines that could not be written",
}
_WAITING = {
    "log": ("kakehashi_log_lag", "Entries of the log that the signed tree has not taken yet", ""),
    "subscriptions": ("kakehashi_subscriptions", "Subscriptions", "status"),
    "notifications": ("kakehashi_notifications_waiting", "Events that subscribers were not told of yet", ""),
    "transfers": ("kakehashi_transfers", "Bulk jobs that wait or run", "state"),
}


def text(snapshots: Sequence[Snapshot], waiting: Waiting | None, accept: str = "") -> tuple[bytes, bytes]:
    """Return the figures and their media type. `waiting` None: the database cannot be asked; other figures count."""
    registry = CollectorRegistry()
    registry.register(_Told(snapshots, waiting))
    encoder, media = choose_encoder(accept)
    return encoder(registry), media.encode()


class _Told(Collector):
    def __init__(self, snapshots: Sequence[Snapshot], waiting: Waiting | None) -> None:
        self._snapshots, self._waiting = snapshots, waiting

    def collect(self) -> Iterable[Metric]:
        yield _requests(self._snapshots)
        yield from _spent(self._snapshots)
        yield from _of_workers(self._snapshots)
        if self._waiting is not None:
            yield from _of_database(self._waiting)


def _requests(snapshots: Iterable[Snapshot]) -> Metric:
    counted: dict[tuple[str, str, int], int] = {}
    for one in snapshots:
        for interaction, kind, status, count in one["requests"]:
            key = (interaction, kind, status)
            counted[key] = counted.get(key, 0) + count
    told = CounterMetricFamily(
        "kakehashi_requests", "Requests answered", labels=("interaction", "type", "status")
    )
    for (interaction, kind, status), count in counted.items():
        told.add_metric((interaction, kind, str(status)), count)
    return told


def _spent(snapshots: Sequence[Snapshot]) -> Iterable[Metric]:
    seconds = HistogramMetricFamily("kakehashi_request_seconds", "Time to answer", labels=("interaction",))
    received = CounterMetricFamily(
        "kakehashi_received_bytes", "Bytes of bodies that came", labels=("interaction",)
    )
    sent = CounterMetricFamily("kakehashi_sent_bytes", "Bytes of bodies that went", labels=("interaction",))
    for name in dict.fromkeys(name for one in snapshots for name in one["times"]):
        of = [one["times"][name] for one in snapshots if name in one["times"]]
        counts = accumulate(map(sum, zip(*(buckets for buckets, *_ in of), strict=True)))
        bounds = [*(str(float(bound)) for bound in BUCKETS), "+Inf"]
        buckets = [(bound, float(count)) for bound, count in zip(bounds, counts, strict=True)]
        seconds.add_metric((name,), buckets, sum(one[1] for one in of))
        received.add_metric((name,), sum(one[2] for one in of))
        sent.add_metric((name,), sum(one[3] for one in of))
    return seconds, received, sent


def _of_workers(snapshots: Sequence[Snapshot]) -> Iterable[Metric]:
    for name, said in GAUGES.items():
        told = GaugeMetricFamily(name, said, labels=("worker",))
        for one in snapshots:
            if name in one["gauges"]:
                told.add_metric((str(one["worker"]),), one["gauges"][name])
        yield told


def _of_database(waiting: Waiting) -> Iterable[Metric]:
    lags = GaugeMetricFamily(
        "kakehashi_feed_lag", "Entries of the feed that a follower has not had yet", labels=("follower",)
    )
    for follower, lag in waiting.followers.items():
        lags.add_metric((follower,), lag)
    yield lags
    for what, (name, said, label) in _WAITING.items():
        told = GaugeMetricFamily(name, said, labels=(label,) if label else ())
        for (found, kind), much in waiting.rows.items():
            if found == what:
                told.add_metric((kind,) if label else (), much)
        yield told
