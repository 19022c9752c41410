"""`kakehashi serve`: the application on Granian, a process for each worker, and the embedded database kept running.

The application is read in once, while the embedded database starts, and the workers are forked with it. The owner's
login, where there is one, is used before the workers begin and not given to them.
"""

import asyncio
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NoReturn

from granian import Granian
from granian.constants import Interfaces, Loops

from kakehashi.core.settings import BadSetting, Settings
from kakehashi.faces.api.figures_shared import FOLDER
from kakehashi.faces.collecting import away
from kakehashi.faces.logs import set_up
from kakehashi.faces.signals import ENDING, hold_back, let_through
from kakehashi.store.database import prepare
from kakehashi.store.embedded import undisturbed
from kakehashi.store.embedded_keeper import Keeper
from kakehashi.store.embedded_start import starting

if TYPE_CHECKING:
    from kakehashi.faces.app import Application

_PATIENCE = 15  # seconds that a worker has to finish what it is answering when the server stops
_PR_SET_PDEATHSIG = 1  # prctl(2), Linux


def serve(settings: Settings) -> None:
    """Serve until stopped. The embedded database, where there is one, is held and revived for as long as this runs."""
    set_up(settings.log_level)
    signal.signal(signal.SIGINT, _interrupted)
    _require_address(settings)
    with ExitStack() as stack:
        url, owner = settings.database_url, settings.owner_database_url
        folder = settings.home / "postgresql"
        started = None if url else stack.enter_context(starting(folder))
        worker = read_in()
        if started:
            server = started()
            stack.enter_context(Keeper(server, folder))
            url, owner = server.app_url, server.url
        asyncio.run(prepare(url, owner))
        _tell_workers(settings, url)
        if settings.workers > 1:
            os.environ[FOLDER] = stack.enter_context(TemporaryDirectory(prefix="kakehashi-figures-"))
        os.register_at_fork(before=hold_back, after_in_parent=let_through, after_in_child=_begin_as_worker)
        Granian(
            "kakehashi",
            address=settings.host,
            port=settings.port,
            interface=Interfaces.ASGI,
            workers=settings.workers,
            loop=Loops.uvloop,
            log_access=False,
            workers_kill_timeout=_PATIENCE,
        ).serve(target_loader=worker, wrap_loader=False)


def read_in() -> "Callable[[], Application]":
    """Read the application in, for all workers; return what makes a worker's own.

    A signal waits for it: in the middle of an import it could be lost.
    """
    with undisturbed(), away():
        from kakehashi.faces import forked

        forked.make_ready()
    return forked.worker


def _tell_workers(settings: Settings, url: str) -> None:
    """Put into the environment what a worker reads its settings from: nothing of the owner's login."""
    os.environ["KAKEHASHI_DATABASE_URL"] = url
    os.environ.pop("KAKEHASHI_OWNER_DATABASE_URL", None)
    os.environ["KAKEHASHI_HOME"] = str(Path(settings.home).resolve())
    os.environ["KAKEHASHI_LOG_LEVEL"] = settings.log_level
    os.environ["KAKEHASHI_DEMO"] = str(settings.demo).lower()


def _require_address(settings: Settings) -> None:
    """Raise BadSetting where we cannot listen. Workers share a port, so they would share it with another server too."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the server before may just have ended
        try:
            probe.bind((settings.host, settings.port))
        except OSError as fault:
            raise BadSetting(
                f"{settings.host} の {settings.port} 番ポートで待ち受けられません（{fault.strerror}）。"
                "ほかのサーバーを止めるか、KAKEHASHI_PORT で別の番号にしてください。",
                f"Cannot listen on {settings.host}, port {settings.port} ({fault.strerror}). Stop the other server, or "
                "choose another port by KAKEHASHI_PORT.",
                rule="serve.address",
                place="port",
            ) from None


def serve_anew(settings: Settings) -> NoReturn:
    """Serve in place of this process: what it started (threads, pools) must not live on in the server's workers."""
    os.environ |= {
        "KAKEHASHI_DEMO": str(settings.demo).lower(),
        "KAKEHASHI_LOG_LEVEL": settings.log_level,
    }
    os.execv(sys.executable, [sys.executable, sys.argv[0], "serve"])  # noqa: S606 - our own command


def _interrupted(number: int, frame: object) -> NoReturn:
    """As Python itself does. In Python's place asyncio would put its own way, which is lost on a task just done."""
    raise KeyboardInterrupt


def _begin_as_worker() -> None:
    """A worker that is still getting ready ends at the first signal, and with the process that made it.

    Until Granian has set its own handlers a worker has those of its parent, which only note the signal: it would go on
    getting ready, and serve when nobody is there to stop it.
    """
    for one in ENDING:
        signal.signal(one, signal.SIG_DFL)
    let_through()  # one that came since the fork ends it here
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
