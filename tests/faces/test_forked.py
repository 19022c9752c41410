"""What the workers of a server share: it is made before they are forked, and nothing is open then."""

import os
import subprocess
import sys

import pytest

from kakehashi.store.database import Database

# A worker as the server begins one, up to its first answers; prints what it had to read for itself.
WORKER = """
import asyncio, os, sys
from kakehashi.faces.cli.serving import read_in
from kakehashi.store.database import prepare

begin = read_in()
asyncio.run(prepare(os.environ["KAKEHASHI_DATABASE_URL"]))
given = set(sys.modules)
worker = begin()


async def answer(kind, path, sent, said):
    scope = {"type": kind, "path": path, "raw_path": path.encode(), "query_string": b"", "headers": [],
             "method": "GET", "scheme": "http", "http_version": "1.1", "root_path": "", "client": ("127.0.0.1", 1),
             "server": ("127.0.0.1", 8000), "asgi": {"version": "3.0"}, "state": {}}
    await worker(scope, sent.get, said.put)


async def live():
    sent, said = asyncio.Queue(), asyncio.Queue()
    await sent.put({"type": "lifespan.startup"})
    life = asyncio.create_task(answer("lifespan", "", sent, said))
    assert (await said.get())["type"] == "lifespan.startup.complete"
    for path, status in (("/health/ready", 200), ("/fhir/Patient/taro", 401), ("/fhir/Patient", 401), ("/signin", 200)):
        asked, told = asyncio.Queue(), asyncio.Queue()
        await asked.put({"type": "http.request", "body": b"", "more_body": False})
        await answer("http", path, asked, told)
        assert (await told.get())["status"] == status, path
    await sent.put({"type": "lifespan.shutdown"})
    await life


asyncio.run(live())
print([one for one in sys.modules if one not in given and one.startswith("kakehashi")])
"""

FORK = """
import gc, os, sys, threading
from kakehashi.faces.cli.serving import read_in

open_before = os.listdir("/proc/self/fd")
read_in()
print(threading.active_count(), os.listdir("/proc/self/fd") == open_before, gc.get_freeze_count() > 100_000)
"""


def told(script: str, **settings: str) -> str:
    """Run a script in a process of its own, and return what it printed last."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KAKEHASHI_")}
    done = subprocess.run(
        [sys.executable, "-c", script], env=kept | settings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_a_worker_reads_nothing_anew_that_its_launcher_has_read(
    db: Database, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = str(tmp_path_factory.mktemp("home"))
    quiet = {"KAKEHASHI_HOME": home, "KAKEHASHI_DATABASE_URL": db.url, "KAKEHASHI_LOG_LEVEL": "error"}
    assert told(WORKER, **quiet) == "[]"


def test_nothing_is_open_and_no_thread_alive_when_workers_are_forked() -> None:
    assert told(FORK) == "1 True True"


@pytest.mark.parametrize(
    ("name", "wanted_for"),
    [
        ("webauthn", "passkeys"),
        ("OpenSSL", "passkeys"),
        ("httpx", "asking others' servers"),
        ("segno", "the picture of a TOTP secret"),
        ("prometheus_client", "/metrics"),
        ("rfc3161_client", "time stamps"),
        ("kakehashi.samples", "the sample region"),
    ],
)
def test_a_server_does_not_read_what_is_asked_for_rarely(
    name: str, wanted_for: str, modules: frozenset[str]
) -> None:
    assert name not in modules, f"read at the start already; it is wanted for {wanted_for} alone"


@pytest.fixture(scope="module")
def modules() -> frozenset[str]:
    """The names of what a server has read before its first worker begins."""
    script = "import sys; from kakehashi.faces.cli.serving import read_in; read_in(); print(*sys.modules)"
    return frozenset(told(script).split())
