"""The garbage collector's turn comes between requests, not in the middle of one.

What a request makes has no cycles to speak of, so counting references frees it; but the collector, left to itself,
comes just when a heavy page holds a hundred thousand young objects, and stops everyone to walk them.
"""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

OFTEN = 2.0  # seconds between two rounds over the young, at a moment when no request is under way
AT_LAST = 30.0  # seconds after which it no longer waits for such a moment
SELDOM = 600.0  # seconds between two rounds over everything


class Collector:
    """Counts the requests under way in this process, and collects between them. `walk`: over all, or what is new."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, walk: "Callable[[bool], None] | None" = None
    ) -> None:
        self._clock, self._walk = clock, walk or _walk
        self.under_way = 0
        self.rounds, self.seconds = 0, 0.0  # of collecting, since the start
        self._young_at = self._all_at = clock()

    @contextmanager
    def request(self) -> Iterator[None]:
        """Hold the collector back while one request is answered, as long as that is wise."""
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1
            waited = self._clock() - self._young_at
            if waited >= (AT_LAST if self.under_way else OFTEN):
                self._collect()

    def _collect(self) -> None:
        whole = self._clock() - self._all_at >= SELDOM
        began = self._clock()
        self._walk(whole)
        self._young_at = self._clock()
        self.rounds += 1
        self.seconds += self._young_at - began
        if whole:
            self._all_at = self._young_at


def _walk(everything: bool) -> None:
    """Free what only cycles hold. What is left is not walked again until everything is."""
    if everything:
        gc.unfreeze()
    gc.collect()
    gc.freeze()


@contextmanager
def away() -> Iterator[None]:
    """Keep the collector away while much is made that stays; that is not walked again until everything is.

    Processes that are forked afterwards share it: the collector writes on every object that it walks, so that each
    process would get a copy.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()


@contextmanager
def in_hand() -> Iterator[None]:
    """Take the collector in hand: it comes when it is told to. What was frozen before stays so for now."""
    _walk(everything=False)
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
