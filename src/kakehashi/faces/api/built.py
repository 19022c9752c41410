"""Since when this server is what it is: the date of the statements that it makes about itself."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import kakehashi
from kakehashi.core.clock import fhir_instant


@cache
def built_at() -> str:
    """Return, as a FHIR instant, when the newest file of the program was put in its place."""
    files = Path(kakehashi.__file__).parent.rglob("*.py")
    return fhir_instant(datetime.fromtimestamp(int(max(one.stat().st_mtime for one in files)), UTC))
