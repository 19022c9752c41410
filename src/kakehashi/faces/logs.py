"""The server's log: one JSON object a line to standard output. No personal data goes in: see faces/api/door.py."""

import logging

import orjson
import structlog


def set_up(level: str) -> None:
    """Write log lines from this level on ("debug", "info", "warning", "error")."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.BytesLoggerFactory(),
        cache_logger_on_first_use=True,
    )
