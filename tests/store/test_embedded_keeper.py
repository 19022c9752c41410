"""The embedded server dies while we serve: it is started again, not without end, and what happened is told."""

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kakehashi.core.errors import Unavailable
from kakehashi.store import embedded, embedded_keeper
from kakehashi.store.embedded import Server
from kakehashi.store.embedded_keeper import MOST_STARTS, Keeper, last_revival

QUICK = 0.02  # seconds


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="kakehashi-keeper-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


def wait_for(home: Path, state: str) -> int:
    """Wait until it stands so; return how many starts it took."""
    while True:
        known = last_revival(home)
        if known and known.state == state:
            return known.starts
        threading.Event().wait(QUICK)


def test_a_killed_server_is_started_again_each_time(home: Path) -> None:
    server = embedded.start(home, {"fsync": "off"})
    assert last_revival(home) is None
    with Keeper(server, home, every=QUICK, first=QUICK):
        for starts in (1, 2):
            killed = server.pid
            assert killed is not None
            os.kill(killed, signal.SIGKILL)
            while server.pid in (None, killed) or wait_for(home, "running") < starts:
                threading.Event().wait(QUICK)
    server.close()
    assert server.pid is None


def test_a_server_that_does_not_start_is_given_up_and_that_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def broken(self: Server) -> bool:
        tried.append(self)
        raise Unavailable(rule="store.embedded")

    monkeypatch.setattr(Server, "revive", broken)
    monkeypatch.setattr(embedded_keeper, "LONGEST_WAIT", QUICK)
    server = embedded.start(home, {"fsync": "off"})
    server.close()
    with Keeper(server, home, every=QUICK, first=QUICK):
        assert wait_for(home, "given up") == MOST_STARTS
    assert len(tried) == MOST_STARTS


def test_a_server_that_we_left_is_not_started_again(home: Path) -> None:
    server = embedded.start(home, {"fsync": "off"})
    server.close()
    assert not server.revive()
    assert server.pid is None


def test_what_a_first_start_that_was_cut_short_left_is_made_anew(home: Path) -> None:
    server = embedded.start(home, {"fsync": "off"})
    server.close()
    (server.folder / "global" / "pg_control").unlink()
    (home / "making").touch()
    again = embedded.start(home, {"fsync": "off"})
    assert again.pid is not None and not (home / "making").exists()
    again.close()
