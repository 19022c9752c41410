"""One clock. Decisions take the time as an argument; only the edges ask what time it is."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def fhir_instant(at: datetime) -> str:
    """Write a moment as a FHIR instant in UTC with milliseconds, e.g. `2026-11-21T07:20:00.000Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
