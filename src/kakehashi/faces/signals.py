"""Signals that end a server, held back where they would be lost: at a fork, and until a worker serves.

Granian gives them to the worker's loop, and a loop that does not run drops them; of one that comes before it serves, it
takes no notice. A worker that missed one would serve on until it is killed.
"""

import asyncio
import signal

ENDING = (signal.SIGINT, signal.SIGTERM)
_SOON = 0.05  # seconds: by then the loop has gone on from starting to serving


def hold_back() -> None:
    """Let them wait."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)


def let_through() -> None:
    """Let them come, those that waited too."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)


def let_through_when_serving() -> None:
    """Let them come when the running loop, which now ends its start, has gone on to serving."""
    asyncio.get_running_loop().call_later(_SOON, let_through)
