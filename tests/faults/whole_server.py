"""The whole server as an operator runs it: `kakehashi serve` over its embedded PostgreSQL, to be killed at will.

KAKEHASHI_FAULT_ROUNDS sets how often each fault strikes (default 1).
"""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import httpx

from kakehashi.core.actors import Institution, InstitutionType, Role
from kakehashi.core.clock import system_clock
from kakehashi.core.settings import Settings
from kakehashi.store import embedded, institutions
from kakehashi.store.database import Database
from kakehashi.trust.keys import Vault
from kakehashi.trust.oauth import demo as demo_tokens
from kakehashi.trust.oauth.tokens import LONGEST_LIFE, Tokens

ROUNDS = int(os.environ.get("KAKEHASHI_FAULT_ROUNDS", "1"))
HOSPITAL = Institution(1, "4910199999", "障害試験病院 (sample)", InstitutionType.HOSPITAL)
PARTS = 4  # resources of one transaction
_COMMAND = (sys.executable, "-c", "from kakehashi.faces.cli.main import main; main()", "serve")
_PATIENCE = 60  # seconds for a start, or for a recovery


class WholeServer:
    """A server process in a folder of its own. `token` is a system's of the hospital."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        for folder in (home, home / "postgresql"):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o711)  # as root, PostgreSQL runs as another user; so its data stays below `home`
        self.settings = Settings(home=home, port=port, demo=True)
        self.log: BinaryIO = tempfile.TemporaryFile()  # type: ignore[assignment]  # noqa: SIM115 - closed by `stop`; not below `home`, which may be full
        self.database = embedded.start(home / "postgresql")
        self.process: subprocess.Popen[bytes] | None = None
        self.token = ""

    @property
    def base(self) -> str:
        """The FHIR base URL."""
        return f"{self.settings.public_url}/fhir"

    def start(self) -> None:
        """Start the server; it finds its database running, or starts it."""
        self.begin()
        self.wait_ready()

    def begin(self, *, start_new_session: bool = False) -> "subprocess.Popen[bytes]":
        """Start the server's process and wait for nothing."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KAKEHASHI_")}
        mine = {"HOME": self.settings.home, "PORT": self.settings.port, "DEMO": "true"}
        env = kept | {f"KAKEHASHI_{name}": str(one) for name, one in mine.items()}
        self.process = subprocess.Popen(
            _COMMAND, stdout=self.log, stderr=self.log, env=env, start_new_session=start_new_session
        )
        return self.process

    def said(self) -> str:
        """Return what the server's process wrote so far."""
        return os.pread(self.log.fileno(), 1 << 20, 0).decode("utf-8", "replace")

    def wait_ready(self) -> None:
        """Wait until the server says that it and its database are there."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.settings.public_url}/health/ready").status_code == 200:
                    return
            time.sleep(0.05)
        raise TimeoutError(self.said()[-2_000:])

    def kill(self) -> None:
        """Kill the server with all its workers, as a power cut would."""
        assert self.process is not None
        kill_family(self.process.pid)
        self.process.wait()

    def kill_database(self) -> None:
        """Kill PostgreSQL with all its processes."""
        assert self.database.pid is not None
        kill_family(self.database.pid)

    def start_database(self) -> None:
        """Start PostgreSQL again, as the operator's restart does."""
        again = embedded.start(self.settings.home / "postgresql")
        self.database.close()
        self.database = again

    def stop(self) -> None:
        """Stop all of it."""
        self.log.close()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        self.database.close()

    async def introduce(self) -> None:
        """Register the hospital and take its token."""
        async with await Database.open(self.database.url) as db:
            async with db.transaction() as tx:
                await institutions.put(tx, HOSPITAL)
            tokens = Tokens(db, Vault.at(self.settings.home), self.settings.public_url)
            self.token = await demo_tokens.mint(
                tokens,
                self.settings,
                institution=HOSPITAL,
                role=Role.SYSTEM,
                lives=LONGEST_LIFE,
                at=system_clock(),
            )

    def client(self, base: str = "") -> httpx.AsyncClient:
        """Return a client that shows the hospital's token."""
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/fhir+json"}
        return httpx.AsyncClient(base_url=base or self.base, headers=headers, timeout=_PATIENCE)


def kill_family(pid: int) -> None:
    """Kill a process with all that come from it."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    family, fresh = [pid], {pid}
    while fresh := {child for child, parent in parents.items() if parent in fresh}:
        family += fresh
    for one in family:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


def patient(name: str) -> dict[str, Any]:
    """Return a synthetic Patient."""
    return {"resourceType": "Patient", "id": name, "name": [{"text": "見本 (sample)"}], "gender": "unknown"}


def value(name: str, of: str, said: str) -> dict[str, Any]:
    """Return an observation of a Patient that says something."""
    code = {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]}
    return {
        "resourceType": "Observation", "id": name, "status": "final", "code": code,
        "subject": {"reference": f"Patient/{of}"}, "valueString": said,
    }  # fmt: skip


def transaction(resources: Sequence[dict[str, Any]], method: str = "PUT") -> dict[str, Any]:
    """Return a transaction of these resources."""
    entries = [
        {
            "resource": one,
            "request": {
                "method": method,
                "url": f"{one['resourceType']}/{one['id']}" if method == "PUT" else one["resourceType"],
            },
        }
        for one in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


class Writers:
    """Clients that write without end: every transaction says one thing in all its resources.

    `acknowledged`: for each group of resources, the last thing whose writing was confirmed, with its versions.
    """

    def __init__(self, server: WholeServer, name: str, count: int = 3) -> None:
        self.server, self.name = server, name
        self.acknowledged: dict[str, tuple[int, list[str]]] = {}
        self.confirmed = 0
        self._stop = asyncio.Event()
        self._tasks = [asyncio.create_task(self._write(number)) for number in range(count)]

    async def until(self, more: int) -> None:
        """Wait until so many more transactions were confirmed."""
        wanted, until = self.confirmed + more, time.monotonic() + _PATIENCE
        while self.confirmed < wanted:
            if time.monotonic() > until:
                raise TimeoutError("the writers do not get on")
            await asyncio.sleep(0.005)

    async def end(self) -> None:
        """Stop writing."""
        self._stop.set()
        await asyncio.gather(*self._tasks)

    async def _write(self, number: int) -> None:
        async with self.server.client() as client:
            for turn in range(1, 1_000_000):
                if self._stop.is_set():
                    return
                group = f"{self.name}-{number}-{turn % 3}"
                some = [
                    patient(group),
                    *(value(f"{group}-{part}", group, str(turn)) for part in range(1, PARTS)),
                ]
                with contextlib.suppress(httpx.TransportError):
                    answer = await client.post("", json=transaction(some))
                    if answer.status_code == 200:
                        where = [one["response"]["location"] for one in answer.json()["entry"]]
                        self.acknowledged[group] = turn, where
                        self.confirmed += 1
                    else:
                        assert answer.status_code == 503, answer.text
                        await asyncio.sleep(0.02)


async def require_whole(server: WholeServer, writers: Writers) -> None:
    """Every confirmed version is there, and each group says one thing, not older than what was confirmed."""
    async with server.client() as client:
        for group, (turn, where) in writers.acknowledged.items():
            for place in where:
                version = place[place.index(place.split("/fhir/")[-1]) :]
                assert (await client.get(f"/{version}")).status_code == 200, (
                    f"{version} was confirmed and is lost"
                )
            said = set()
            for part in range(1, PARTS):
                now = await client.get(f"/Observation/{group}-{part}")
                said.add((now.json()["valueString"], now.json()["meta"]["versionId"]))
            assert len(said) == 1, f"half of a transaction is seen: {said}"
            assert int(said.pop()[0]) >= turn
