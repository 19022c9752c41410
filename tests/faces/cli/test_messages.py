"""What the command line says when something is wrong: what it is, where, and how to mend it; never a traceback."""

import os
import signal
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


def test_being_stopped_ends_without_a_traceback(tmp_path: Path) -> None:
    """SIGTERM ends a command in order, as Ctrl-C does."""
    script = (
        "import os, time; from kakehashi.faces.cli import main\n"
        "main.app = lambda: (os.kill(os.getpid(), %d), time.sleep(60))\nmain.main()"  # another thread may get it first
    )
    for sent in (signal.SIGTERM, signal.SIGINT):
        done = subprocess.run(
            [sys.executable, "-c", script % sent], capture_output=True, text=True, check=False
        )
        assert (done.returncode, "Traceback" in done.stderr) == (130, False)
