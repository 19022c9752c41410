"""A small distributed PostgreSQL on this machine, for trials: a coordinator and workers in one folder, by Citus.

It wants a PostgreSQL into which Citus was built (docs/scale.md says how); `programs` is the folder of its programs.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from kakehashi.store.database import APP_ROLE, migrate
from scale.distribute import Node, distribute

_SETTINGS = """
shared_preload_libraries = 'citus'
listen_addresses = '127.0.0.1'
max_prepared_transactions = 100
max_connections = 100
fsync = off
shared_buffers = 64MB
citus.propagate_set_commands = 'local'
citus.node_conninfo = 'sslmode=disable'
"""


@contextmanager
def nodes(programs: Path, folder: Path, port: int, *, workers: int = 2) -> Iterator[list[str]]:
    """Start a coordinator and workers on ports from `port` on; yield their URLs without a database, then end them."""
    user = "nobody" if os.getuid() == 0 else None
    homes = [folder / f"node{number}" for number in range(workers + 1)]
    folder.chmod(0o755)
    for number, home in enumerate(homes):
        home.mkdir()
        if user:
            shutil.chown(home, user)
        _run(user, programs / "initdb", "-D", home, "-U", "postgres", "-A", "trust", "--no-sync")
        conf = home / "postgresql.conf"
        with conf.open("a") as file:
            file.write(f"{_SETTINGS}port = {port + number}\nunix_socket_directories = '{home}'\n")
        _run(user, programs / "pg_ctl", "-D", home, "-l", home / "log", "-w", "start")
    try:
        yield [f"postgresql://postgres@127.0.0.1:{port + number}" for number in range(workers + 1)]
    finally:
        for home in homes:
            _run(user, programs / "pg_ctl", "-D", home, "-m", "immediate", "stop")


async def installation(urls: list[str], *, shards: int = 8) -> tuple[str, str]:
    """Make a distributed database and a plain one; return the owner's URLs of both."""
    for url in urls:
        await _with_citus(url)
    coordinator, *workers = (f"{url}/kakehashi" for url in urls)
    first = await asyncpg.connect(coordinator)
    await first.execute(
        "SELECT citus_set_coordinator_host('127.0.0.1', $1)".replace("$1", urls[0].rpartition(":")[2])
    )
    await first.execute("CREATE DATABASE plain")
    await first.close()
    plain = f"{urls[0]}/plain"
    await migrate(coordinator)
    await migrate(plain)
    there = {
        Node("127.0.0.1", int(url.rpartition(":")[2])): made
        for url, made in zip(urls[1:], workers, strict=True)
    }
    await distribute(coordinator, there, shards=shards)
    return coordinator, plain


async def _with_citus(url: str) -> None:
    db = await asyncpg.connect(f"{url}/postgres")
    await db.execute("CREATE DATABASE kakehashi")
    await db.execute("ALTER DATABASE kakehashi SET citus.enable_ddl_propagation = off")
    await db.execute(f"CREATE ROLE {APP_ROLE} LOGIN NOSUPERUSER NOBYPASSRLS")
    await db.close()
    db = await asyncpg.connect(f"{url}/kakehashi")
    await db.execute("CREATE EXTENSION citus")
    for name in ("arraycontains", "arrayoverlap"):
        await db.execute(f"ALTER FUNCTION pg_catalog.{name}(anyarray, anyarray) LEAKPROOF")
    await db.close()


def _run(user: str | None, *command: object) -> None:
    asked = [str(part) for part in command]
    own = {
        "HOME": "/",
        "PATH": os.environ.get("PATH", ""),
        "LC_ALL": "C.UTF-8",
    }  # nothing of whoever starts it
    done = subprocess.run(asked, user=user, env=own, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr.strip()}")
