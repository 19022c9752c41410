"""Large bodies without the garbage collector, which would go over the growing tree again and again (a third more)."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_LARGE = 1_000_000  # bytes, as for JSON (parse.py)


@contextmanager
def collector_at_rest(body: bytes) -> Iterator[None]:
    """Keep the collector from running while a large body is made into another; what it makes has no cycles."""
    if len(body) < _LARGE or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
