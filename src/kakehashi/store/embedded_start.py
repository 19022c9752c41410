"""Start the embedded server while its process does something else: PostgreSQL is ready before our modules are read."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from kakehashi.store import embedded
from kakehashi.store.embedded import Server


@contextmanager
def starting(home: Path) -> Iterator[Callable[[], Server]]:
    """Start the server of `home` beside the block, and leave it at the block's end, however that comes.

    What is yielded waits for the start and returns the server; after it no thread of the start is left, so a fork may
    come. It raises what `embedded.start` raises.
    """
    beside = ThreadPoolExecutor(1, thread_name_prefix="embedded-start")
    coming = beside.submit(embedded.start, home)

    def started() -> Server:
        beside.shutdown()
        return coming.result()

    try:
        yield started
    finally:
        with embedded.undisturbed():  # a start that nobody waits for would leave a server behind
            beside.shutdown()
            if coming.exception() is None:
                coming.result().close()
