"""What the command line says when something is wrong: what it is, where, and how to mend it; never a traceback."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kakehashi.core.settings import PREFIX

COMMAND = (sys.executable, "-c", "from kakehashi.faces.cli.main import main; main()")


def said(tmp_path: Path, *words: str, **settings: str) -> tuple[int, str]:
    """Run the command line in an empty folder; return its exit code and what it wrote."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KAKEHASHI_")}
    env = kept | {"KAKEHASHI_HOME": str(tmp_path / "home"), **settings}
    done = subprocess.run(
        [*COMMAND, *words], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(("words", "settings", "told"), [
    (("doctor",), {"KAKEHASHI_DATABASE_URL": "postgresql://u:hush@127.0.0.1:1/x"}, "127.0.0.1"),
    (("doctor",), {PREFIX + "PROT": "1"}, "KAKEHASHI_PORT"),
    (("doctor",), {"KAKEHASHI_CONFIG": "."}, "設定ファイル"),
    (("restore", "."), {}, "kakehashi backup"),
    (("backup", "copy"), {"KAKEHASHI_DATABASE_URL": "postgresql://u:hush@127.0.0.1:1/x"}, "pg_basebackup"),
    (("profiles", "add", "nothing.tgz"), {}, "nothing.tgz"),
    (("nonsense",), {}, "nonsense"),
])  # fmt: skip
def test_a_mistake_is_named(
    tmp_path: Path, words: tuple[str, ...], settings: dict[str, str], told: str
) -> None:
    code, text = said(tmp_path, *words, **settings)
    assert code != 0
    assert told in text and "Traceback" not in text and "hush" not in text


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_port_that_another_server_has_is_not_shared_with_it(tmp_path: Path, host: str) -> None:
    """Workers share a port among them, so that the system would let a second server have it too."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind((host, 0))
        other.listen()
        port = other.getsockname()[1]
        code, text = said(tmp_path, "serve", **{PREFIX + "HOST": host, PREFIX + "PORT": str(port)})
    assert code != 0
    assert str(port) in text and "KAKEHASHI_PORT" in text and "Traceback" not in text


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_being_stopped_ends_without_a_traceback(sent: signal.Signals) -> None:
    """SIGTERM ends a command in order, as Ctrl-C does."""
    done = stopped_by(sent, signal.SIG_DFL)
    assert (done.returncode, "Traceback" in done.stderr) == (130, False)


def test_a_command_in_the_background_of_a_script_can_be_stopped_too() -> None:
    """A shell has such a command take no notice of Ctrl-C; SIGTERM counts."""
    assert stopped_by(signal.SIGTERM, signal.SIG_IGN).returncode == 130


def stopped_by(sent: signal.Signals, on_interrupt: signal.Handlers) -> subprocess.CompletedProcess[str]:
    """Run a command that sends itself a signal, which another of its threads may get first."""
    script = (
        "import os, time; from kakehashi.faces.cli import main\n"
        f"main.app = lambda: (os.kill(os.getpid(), {sent:d}), time.sleep(60))\nmain.main()"
    )
    before = signal.signal(signal.SIGINT, on_interrupt)  # what a child is born with
    try:
        return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    finally:
        signal.signal(signal.SIGINT, before)
