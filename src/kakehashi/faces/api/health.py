"""/health, /health/ready and /metrics: whether it lives, whether it can work, and figures without persons."""

import time
from dataclasses import dataclass, field

import orjson
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from kakehashi.core.errors import Failure, NotFound, Unavailable
from kakehashi.faces.api.answer import JSON, Answer
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.certificate import certificates

_LOCAL = frozenset({"127.0.0.1", "::1"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)  # seconds


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of requests by interaction, resource type and status, and how long they took."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    requests: Counter = field(init=False)
    seconds: Histogram = field(init=False)


async def live(call: Call) -> Answer:
    """GET /health: the process answers."""
    return _said(200, {"status": "ok"})
