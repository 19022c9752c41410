"""`kakehashi serve`: the application on Granian, a process for each worker, and the embedded database kept running.

The owner's login, where there is one, is used before the workers begin and not given to them.
"""

import asyncio
import ctypes
import os
import signal
import socket
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

from granian import Granian
from granian.constants import Interfaces, Loops

from kakehashi.core.settings import BadSetting, Settings
from kakehashi.faces.logs import set_up
from kakehashi.store import embedded
from kakehashi.store.database import prepare
from kakehashi.store.embedded_keeper import Keeper

_PATIENCE = 15  # seconds that a worker has to finish what it is answering when the server stops
_ENDING = (signal.SIGINT, signal.SIGTERM)
_PR_SET_PDEATHSIG = 1  # prctl(2), Linux


def serve(settings: Settings) -> None:
    """Serve until stopped. The embedded database, where there is one, is held and revived for as long as this runs."""
    set_up(settings.log_level)
    _require_address(settings)
    with ExitStack() as stack:
        url, owner = settings.database_url, settings.owner_database_url
        if not url:
            folder = settings.home / "postgresql"
            server = embedded.start(folder)
            stack.callback(server.close)
            stack.enter_context(Keeper(server, folder))
            url, owner = server.app_url, server.url
        asyncio.run(prepare(url, owner))
        os.environ["KAKEHASHI_DATABASE_URL"] = url
        os.environ.pop("KAKEHASHI_OWNER_DATABASE_URL", None)
        os.environ["KAKEHASHI_HOME"] = str(Path(settings.home).resolve())
        os.environ["KAKEHASHI_LOG_LEVEL"] = settings.log_level
        os.environ["KAKEHASHI_DEMO"] = str(settings.demo).lower()
        os.register_at_fork(before=_hold_back, after_in_parent=_let_through, after_in_child=_begin_as_worker)
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


def _hold_back() -> None:
    """Before a fork: a signal to the new process must not be lost before it has handlers of its own."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)


def _let_through() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)


def _begin_as_worker() -> None:
    """A worker that is still getting ready ends at the first signal, and with the process that made it.

    Until Granian has set its own handlers a worker has those of its parent, which only note the signal: it would go on
    getting ready, and serve when nobody is there to stop it.
    """
    for one in _ENDING:
        signal.signal(one, signal.SIG_DFL)
    _let_through()  # one that came since the fork ends it here
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
