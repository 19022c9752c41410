"""The processes that load, or index anew, side by side. They are made before anything is open, so that a fork copies no
connection, no thread and no event loop, and finds the modules read."""

import gc
import os
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.synchronize import Event

from kakehashi.core.errors import Unavailable
from kakehashi.faces.cli.files import Form, Found

WORTH_DEALING = 4 << 20  # bytes of a file from which a second process pays
LANES = 2  # shares that a process works on at once: while one waits for the database the other goes on
_DEALT = (Form.RESOURCES, Form.SHARINGS)
_YOUNG = 100_000  # new objects between two rounds of the garbage collector: a batch leaves no cycles


class Hands:
    """Processes, as many as there are cores, each with some lanes."""

    def __init__(self, pool: ProcessPoolExecutor, count: int) -> None:
        self.pool, self.count = pool, count

    @property
    def shares(self) -> int:
        """Into how many shares a file is dealt."""
        return self.count * LANES


def worth_dealing(found: Found) -> bool:
    """Say whether a file is large enough to be dealt out over processes."""
    return found.form in _DEALT and found.path.stat().st_size >= WORTH_DEALING


@contextmanager
def for_files(found: Iterable[Found]) -> Iterator[Hands | None]:
    """Yield hands when one of the files is worth dealing out and there is more than one core, else None.

    Call it before any event loop, thread or connection of this process begins.
    """
    if not any(map(worth_dealing, found)):
        yield None
        return
    import kakehashi.faces.cli.load  # noqa: F401 - read once here, not once in each hand

    with ready() as hands:
        yield hands


@contextmanager
def ready() -> Iterator[Hands | None]:
    """Yield hands where there is more than one core, else None. What they work with has been imported before."""
    count = len(os.sched_getaffinity(0))
    if count < 2:
        yield None
        return
    forks = get_context("fork")
    stop = forks.Event()
    with ProcessPoolExecutor(count, mp_context=forks, initializer=_begin, initargs=(stop,)) as pool:
        pool.submit(os.getpid)  # the first task is what makes the pool fork all its processes
        try:
            yield Hands(pool, count)
        except BaseException:
            stop.set()  # the pool waits for its processes: they end after the batch that they are at
            raise


def require_going() -> None:
    """Raise Unavailable in a hand whose command is being stopped."""
    if any(stop.is_set() for stop in _stops):
        raise Unavailable


_stops: list[Event] = []  # in a hand: what says that the command is being stopped; in the command itself none


def _begin(stop: Event) -> None:
    """Begin as a hand: the collector looks at the young seldom, and the end of the command is the end of its hands."""
    _stops.append(stop)
    gc.freeze()
    gc.set_threshold(_YOUNG)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A command that was killed may be started again at once: nobody must still be loading the same shares then."""
    if head := parent_process():
        head.join()
        os._exit(1)
