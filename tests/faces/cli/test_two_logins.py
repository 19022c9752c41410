"""An external database with two logins: `init` prepares it as the owner, `serve` runs as the application alone."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import httpx
import pytest

from databases import as_app

COMMAND = (sys.executable, "-c", "from kakehashi.faces.cli.main import main; main()")
Run = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def started(tmp_path: Path, empty: str, template: str) -> Callable[..., "subprocess.Popen[str]"]:
    """Start the command line on an empty database, by the application's login unless told otherwise."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KAKEHASHI_")}
    own = {"KAKEHASHI_HOME": str(tmp_path), "KAKEHASHI_DATABASE_URL": as_app(empty)}

    def start(*words: str, **settings: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*COMMAND, *words], cwd=tmp_path, env={**kept, **own, **settings}, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )  # fmt: skip

    return start


@pytest.fixture
def run(started: Callable[..., "subprocess.Popen[str]"]) -> Run:
    """Run a command to its end; its exit code and what it said."""

    async def done(*words: str, **settings: str) -> tuple[int, str]:
        process = started(*words, **settings)
        said, _ = await asyncio.to_thread(process.communicate)
        return process.returncode, said

    return done


async def test_init_prepares_as_the_owner_and_serve_runs_as_the_application(
    run: Run, started: Callable[..., "subprocess.Popen[str]"], empty: str
) -> None:
    for command in ("serve", "init"):
        code, said = await run(command)
        assert (code, "Traceback" in said) == (1, False), said
        assert "KAKEHASHI_OWNER_DATABASE_URL" in said and "kakehashi init" in said
    code, said = await run("init", KAKEHASHI_OWNER_DATABASE_URL=empty)
    assert (code, said.count("shown once")) == (0, 1), said
    code, said = await run("init", KAKEHASHI_OWNER_DATABASE_URL=empty)  # as after an upgrade
    assert (code, said.count("shown once")) == (0, 0), said
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    server = await asyncio.to_thread(
        started, "serve", KAKEHASHI_PORT=port, KAKEHASHI_OWNER_DATABASE_URL=empty
    )
    try:
        await ready(port, server)
        assert await logins(empty) == {"kakehashi_app"}, "not the owner, though it was given"
    finally:
        server.terminate()
        await asyncio.to_thread(server.communicate)


async def ready(port: str, server: "subprocess.Popen[str]") -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        while server.poll() is None:
            try:
                if (await client.get("/health/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)
    raise AssertionError(server.communicate()[0])


async def logins(url: str) -> set[str]:
    """Who is connected to the database beside us."""
    admin = await asyncpg.connect(url)
    try:
        return {
            row["usename"]
            for row in await admin.fetch(
                "SELECT usename FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'"
            )
        }
    finally:
        await admin.close()
