"""The server's log: one JSON object a line to standard output. No personal data goes in: see faces/api/door.py.

A line that cannot be written (the disk behind standard output is full, its reader has gone) is counted, and never
fails what it tells of: what must not go unlogged is in the database's log, in the transaction of the act itself.
"""

import logging
import os
import sys

import orjson
import structlog


class Lines:
    """Writes lines to a file descriptor. `lost`: how many could not be written, since the start."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor, self.lost, self._untold = descriptor, 0, 0

    def msg(self, line: bytes) -> None:
        """Write a line, or some joined by line ends; before it, when there are any, how many were lost."""
        lines = 1 + line.count(b"\n")
        if self._untold:
            line = (
                orjson.dumps({"lost": self._untold, "level": "error", "event": "log lines lost"})
                + b"\n"
                + line
            )
        try:
            self._write(line + b"\n")
        except (OSError, ValueError):
            self.lost += lines
            self._untold += lines
        else:
            self._untold = 0

    debug = info = warning = warn = error = critical = fatal = exception = log = msg

    def _write(self, rest: bytes) -> None:
        while rest:
            rest = rest[os.write(self.descriptor, rest) :]


STANDARD = Lines(1)


def set_up(level: str) -> None:
    """Write log lines from this level on ("debug", "info", "warning", "error")."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    sys.stdout.flush()  # what was printed before comes before
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: STANDARD,
        cache_logger_on_first_use=True,
    )
