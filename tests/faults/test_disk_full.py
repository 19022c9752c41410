"""A full disk: writing is refused, reading goes on, and both recover by themselves when there is room again."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from whole_server import HOSPITAL, WholeServer, patient

from kakehashi.core.actors import Role
from kakehashi.core.clock import system_clock
from kakehashi.core.settings import Settings
from kakehashi.faces.app import build
from kakehashi.store import institutions
from kakehashi.store.database import Database
from kakehashi.store.guard import LEAST_FREE, Guard
from kakehashi.trust.keys import Vault
from kakehashi.trust.oauth import demo as demo_tokens
from kakehashi.trust.oauth.tokens import Tokens

_BLOCK = 1 << 20  # bytes that are filled little by little
_SIZE = LEAST_FREE + (
    400 << 20
)  # bytes of the small disk: room for PostgreSQL's own files above the guard's limit


@pytest.fixture(scope="module")
def small_disk() -> Iterator[Path]:
    """A disk of our own in memory; skips where it cannot be had."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    folder = Path(tempfile.mkdtemp(prefix="kakehashi-disk-"))
    folder.chmod(0o711)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={_SIZE},mode=711", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        folder.rmdir()
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
    folder.rmdir()


@pytest.fixture(scope="module")
async def on_small_disk(small_disk: Path) -> AsyncIterator[WholeServer]:
    one = WholeServer(small_disk / "home")
    try:
        await one.introduce()
        one.start()
        yield one
    finally:
        one.stop()


def fill(disk: Path, leave: int) -> Path:
    """Fill the disk but for some bytes; return the file that does it. PostgreSQL may be filling it at that moment."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, shutil.disk_usage(disk).free - leave - _BLOCK))
    with contextlib.suppress(OSError):
        while shutil.disk_usage(disk).free > leave:
            _append(ballast, bytes(4096))
    return ballast


def _append(file: Path, some: bytes) -> None:
    with file.open("ab") as end:
        end.write(some)


async def require_written(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.put(f"/Patient/{name}", json=patient(name))).status_code == 201


async def require_refused(client: httpx.AsyncClient, name: str) -> None:
    refused = await client.put(f"/Patient/{name}", json=patient(name))
    assert refused.status_code == 503
    coding = refused.json()["issue"][0]["details"]["coding"][0]
    assert coding["code"] == "store.disk-full"


async def test_a_nearly_full_disk_stops_writing_not_reading(
    on_small_disk: WholeServer, small_disk: Path
) -> None:
    async with on_small_disk.client() as client:
        await require_written(client, "before")
        ballast = fill(small_disk, LEAST_FREE // 2)
        await require_refused(client, "during")
        assert (await client.get("/Patient/before")).status_code == 200
        assert (await client.get("/Patient/during")).status_code == 404
        ballast.unlink()
        await require_written(client, "after")


async def test_a_disk_filled_to_the_last_byte_is_survived(
    on_small_disk: WholeServer, small_disk: Path
) -> None:
    """A read wants its log entry on the disk, so it may be refused; nothing wrong is ever answered."""
    async with on_small_disk.client() as client:
        await require_written(client, "then")
        ballast = fill(small_disk, 0)
        for _ in range(60):
            await require_refused(client, "during")
            assert (await client.get("/Patient/then")).status_code in (200, 503)
        ballast.unlink()
        on_small_disk.wait_ready()
        await require_written(client, "since")
        assert (await client.get("/Patient/then")).status_code == 200


async def test_the_same_without_a_disk_to_fill(db: Database, tmp_path: Path) -> None:
    """Where no disk may be mounted: the measure of the guard is what changes."""
    free = [LEAST_FREE]
    settings = Settings(home=tmp_path, demo=True)
    async with db.transaction() as tx:
        await institutions.put(tx, HOSPITAL)
    token = await demo_tokens.mint(
        Tokens(db, Vault.at(tmp_path), settings.public_url), settings, institution=HOSPITAL, role=Role.SYSTEM,
        at=system_clock(),
    )  # fmt: skip
    async with await Database.open(db.url, guard=Guard(tmp_path, measure=lambda _: free[0])) as guarded:
        way = httpx.ASGITransport(build(guarded, settings))
        headers = {"authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(
            transport=way, base_url=f"{settings.public_url}/fhir", headers=headers
        ) as client:
            await require_written(client, "before")
            free[0] = LEAST_FREE - 1
            await require_refused(client, "during")
            assert (await client.get("/Patient/before")).status_code == 200
            assert (await client.get("/Patient/during")).status_code == 404
            free[0] = LEAST_FREE
            await require_written(client, "after")
