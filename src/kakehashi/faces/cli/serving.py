"""`kakehashi serve`: the application on Granian, a process for each worker."""

import os
import sys
from pathlib import Path
from typing import NoReturn

from granian import Granian
from granian.constants import Interfaces, Loops

from kakehashi.core.settings import Settings
from kakehashi.store import embedded

_PATIENCE = 15  # seconds that a worker has to finish what it is answering when the server stops


def serve(settings: Settings) -> None:
    """Serve until stopped. The embedded database, where there is one, is held for as long as this runs."""
    server = None
    if not settings.database_url:
        server = embedded.start(settings.home / "postgresql")
        os.environ["KAKEHASHI_DATABASE_URL"] = server.url
    os.environ["KAKEHASHI_HOME"] = str(Path(settings.home).resolve())
    os.environ["KAKEHASHI_LOG_LEVEL"] = settings.log_level
    os.environ["KAKEHASHI_DEMO"] = str(settings.demo).lower()
    try:
        Granian(
            "kakehashi.faces.app:create",
            factory=True,
            address=settings.host,
            port=settings.port,
            interface=Interfaces.ASGI,
            workers=settings.workers,
            loop=Loops.uvloop,
            log_access=False,
            workers_kill_timeout=_PATIENCE,
        ).serve()
    finally:
        if server:
            server.close()


def serve_anew(settings: Settings) -> NoReturn:
    """Serve in place of this process: what it started (threads, pools) must not live on in the server's workers."""
    os.environ |= {
        "KAKEHASHI_DEMO": str(settings.demo).lower(),
        "KAKEHASHI_LOG_LEVEL": settings.log_level,
    }
    os.execv(sys.executable, [sys.executable, sys.argv[0], "serve"])  # noqa: S606 - our own command
