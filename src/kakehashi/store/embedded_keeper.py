"""Keep the embedded server running for as long as we serve: when it dies, it is started again, with longer and longer
waits, and after too many times no more. What happened is logged, and kept in a file beside the data, where
`/health/ready` and `kakehashi doctor` read it.
"""

import threading
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
import structlog

from kakehashi.core.clock import Clock, system_clock
from kakehashi.core.errors import Unavailable
from kakehashi.store.embedded import Server

EVERY = 1.0  # seconds between two looks
FIRST_LOOK = 2.0  # seconds: workers are forked before
MOST_STARTS = 8  # in a row, waiting 1, 2, 4 … seconds after each
LONGEST_WAIT = 60.0  # seconds
STEADY = 600.0  # seconds of running after which the row counts as ended
_FILE = "revived.json"

log = structlog.get_logger("kakehashi.embedded")


@dataclass(frozen=True, slots=True)
class Revival:
    """The last time that the server died: when, how many starts it took so far, and how it stands."""

    at: str  # ISO 8601, UTC
    starts: int
    state: str  # "starting", "running" or "given up"


class Keeper:
    """A thread that looks after the server. Use as a context manager around serving."""

    def __init__(
        self, server: Server, folder: Path, *, clock: Clock = system_clock, every: float = EVERY,
        first: float = FIRST_LOOK,
    ) -> None:  # fmt: skip
        self._server, self._file, self._clock = server, folder / _FILE, clock
        self._every, self._first = every, first
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_after, name="embedded-keeper", daemon=True)

    def __enter__(self) -> "Keeper":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look_after(self) -> None:
        row, steady, wait = 0, 0.0, self._first
        while not self._over.wait(wait):
            if self._server.pid is not None:
                steady += wait
                row, wait = (0 if steady >= STEADY else row), self._every
                continue
            row, steady = row + 1, 0.0
            if row > MOST_STARTS:
                self._note(row - 1, "given up")
                log.critical("embedded database given up", starts=row - 1)
                return
            self._revive(row)
            wait = min(self._every * 2 ** (row - 1), LONGEST_WAIT)

    def _revive(self, row: int) -> None:
        self._note(row, "starting")
        log.error("embedded database is gone: starting it again", start=row)
        try:
            self._server.revive()
        except (Unavailable, OSError) as fault:
            log.error("embedded database does not start", start=row, kind=type(fault).__name__)
            return
        self._note(row, "running")
        log.warning("embedded database runs again", start=row)

    def _note(self, row: int, state: str) -> None:
        """Keep what happened; a disk that is full keeps nothing, and must not keep us from going on."""
        known = Revival(self._clock().isoformat(timespec="seconds"), row, state)
        try:
            self._file.write_bytes(orjson.dumps(asdict(known)))
        except OSError as fault:
            log.warning("revival not noted", kind=type(fault).__name__)


def last_revival(folder: Path) -> Revival | None:
    """Return what is known of the last time that the embedded server in `folder` died; None: it never did."""
    try:
        return Revival(**orjson.loads((folder / _FILE).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
