"""What nobody is there to mend: PostgreSQL dies and comes back alone, standard output is full, a start is cut short."""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest
from whole_server import ROUNDS, WholeServer, Writers, patient, require_whole

from kakehashi.store.embedded_keeper import last_revival


async def test_postgresql_killed_under_writes_comes_back_alone_and_nothing_confirmed_is_lost(
    server: WholeServer,
) -> None:
    """Only the postmaster is killed, as the kernel does when memory is short; its children leave by themselves."""
    assert server.process is not None
    before, folder = server.process.pid, server.settings.home / "postgresql"
    writers = Writers(server, "alone")
    for _ in range(ROUNDS):
        await writers.until(12)
        await asyncio.sleep(random.uniform(0, 0.1))
        killed = server.database.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        while server.database.pid in (None, killed):  # its orphans may confirm a few writes before they leave  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await writers.until(3)
    await writers.end()
    await require_whole(server, writers)
    assert server.process.poll() is None and server.process.pid == before
    revival = last_revival(folder)
    assert revival is not None and revival.state == "running"


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="kakehashi-faults-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def deaf() -> Iterator[BinaryIO]:
    """A file that takes nothing: no space is left on its device."""
    with Path("/dev/full").open("wb", buffering=0) as file:
        yield file


async def test_a_full_disk_behind_standard_output_fails_no_request(home: Path, deaf: BinaryIO) -> None:
    one = WholeServer(home)
    one.log.close()
    one.log = deaf
    try:
        await one.introduce()
        one.start()
        async with one.client(one.settings.public_url) as client:
            assert (await client.put("/fhir/Patient/heard", json=patient("heard"))).status_code == 201
            assert (await client.get("/fhir/Patient/heard")).status_code == 200
            assert (await client.get("/fhir/Patient/nobody")).status_code == 404
            assert (await client.get("/signin")).status_code == 200
            while "kakehashi_log_lines_lost 0.0" in (await client.get("/metrics")).text:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    finally:
        one.stop()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("word", ["Listening at", "Spawning worker-1"])
def test_a_start_that_is_cut_short_leaves_nothing_behind(home: Path, word: str, sent: signal.Signals) -> None:
    """The signal comes while the worker gets ready: it ends by itself, nobody has to kill it."""
    one = WholeServer(home)
    one.database.close()
    try:
        process = one.begin(start_new_session=True)
        _wait_for(one, process, word)
        os.killpg(process.pid, sent)
        process.wait()
        assert "Killing worker" not in one.said()
        assert one.database.pid is None
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)
    finally:
        one.stop()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_start_that_is_cut_short_while_the_database_comes_up_leaves_nothing_behind(
    home: Path, sent: signal.Signals
) -> None:
    """The signal comes while the server's modules are read, and PostgreSQL starts beside that."""
    one = WholeServer(home)
    one.database.close()
    try:
        process = one.begin(start_new_session=True)
        while one.database.pid is None:
            assert process.poll() is None, one.said()
            time.sleep(0.002)
        os.killpg(process.pid, sent)
        assert process.wait() != 0
        assert "Listening at" not in one.said()
        assert one.database.pid is None
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)
    finally:
        one.stop()


def _wait_for(one: WholeServer, process: "subprocess.Popen[bytes]", word: str) -> None:
    while word not in one.said():
        assert process.poll() is None, one.said()
        time.sleep(0.002)
