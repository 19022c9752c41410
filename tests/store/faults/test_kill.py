"""kill -9 at random points under writes: every acknowledged write is there, and no half of one.

KAKEHASHI_FAULT_ROUNDS sets how often (default 2).
"""

import asyncio
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from storing import NOW, draft, store, told

from kakehashi.core.errors import Unavailable
from kakehashi.fhir.types import NAME
from kakehashi.store import embedded, reach
from kakehashi.store.database import Database
from kakehashi.store.window_sql import open_on, system_window

ROUNDS = int(os.environ.get("KAKEHASHI_FAULT_ROUNDS", "2"))
WRITER = Path(__file__).with_name("writer.py")


class Fragile:
    """A safe server of our own that may be killed, and a database on it."""

    def __init__(self, home: Path) -> None:
        self.home, self.server = home, embedded.start(home)

    def kill(self) -> None:
        """Kill the server with all its processes."""
        assert self.server.pid is not None
        kill_family(self.server.pid)

    def start(self) -> None:
        """Start it again."""
        again = embedded.start(self.home)
        self.server.close()
        self.server = again


@pytest.fixture
def fragile() -> Iterator[Fragile]:
    home = Path(tempfile.mkdtemp(prefix="kakehashi-faults-"))
    home.chmod(0o711)
    one = Fragile(home)
    yield one
    one.server.close()
    shutil.rmtree(home)


async def written(db: Database) -> set[str]:
    """The versions that are there; checks on the way that each has its feed entry and its log entry."""
    async with db.transaction() as tx:
        await open_on(tx, system_window("test"))
        rows = await tx.fetch(
            "SELECT type, id, version, rid FROM resource UNION ALL SELECT type, id, version, rid FROM resource_version"
        )
        fed = Counter((row["rid"], row["version"]) for row in await tx.fetch("SELECT rid, version FROM feed"))
        await reach.open_on(tx, reach.WHOLE_LOG)
        logged = Counter(
            item for row in await tx.fetch("SELECT entry FROM log") for item in told(row["entry"])["items"]
        )
    there = {f"{NAME[row['type']]}/{row['id']}/_history/{row['version']}" for row in rows}
    assert fed == Counter((row["rid"], row["version"]) for row in rows)
    assert logged == Counter(there)
    return there


def kill_family(pid: int) -> None:
    """Kill a PostgreSQL server with all its processes."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    for one in [pid, *(child for child, parent in parents.items() if parent == pid)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


async def test_a_writer_killed_at_any_moment_leaves_all_it_acknowledged_and_no_half(db: Database) -> None:
    acknowledged: set[str] = set()
    for number in range(ROUNDS):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(WRITER),
            db.url,
            str(number),
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert process.stdout is not None
        acknowledged |= set((await process.stdout.readline()).decode().split())  # it is under way
        await asyncio.sleep(random.uniform(0, 0.3))
        process.kill()
        acknowledged |= set((await process.stdout.read()).decode().rpartition("\n")[0].split())
        await process.wait()
    there = await written(db)
    assert acknowledged
    assert acknowledged <= there


async def test_postgresql_killed_under_writes_loses_nothing_and_the_pool_comes_back(fragile: Fragile) -> None:
    db = await Database.open(fragile.server.url)
    acknowledged: set[str] = set()
    stop = asyncio.Event()

    async def write(number: int) -> None:
        turn = 0
        while not stop.is_set():
            turn += 1
            with contextlib.suppress(Unavailable):
                done = await store(db, *(draft(f"{number}-{turn % 7}-{part}") for part in range(4)), at=NOW)
                acknowledged.update(f"{one.type}/{one.id}/_history/{one.version}" for one in done)
            await asyncio.sleep(0.001)

    writers = [asyncio.create_task(write(number)) for number in range(3)]

    async def more(versions: int) -> None:
        wanted = len(acknowledged) + versions
        while len(acknowledged) < wanted:
            await asyncio.sleep(0.01)
            assert [writer.result() for writer in writers if writer.done()] == []

    for _ in range(ROUNDS):
        await more(40)
        await asyncio.sleep(random.uniform(0, 0.1))
        fragile.kill()
        await asyncio.to_thread(fragile.start)
    await more(40)
    stop.set()
    await asyncio.gather(*writers)
    assert acknowledged <= await written(db)
    await db.close()


async def test_while_the_server_is_away_callers_are_told_to_come_again(fragile: Fragile) -> None:
    db = await Database.open(fragile.server.url)
    await store(db, draft("a"))
    fragile.kill()
    for _ in range(3):
        with pytest.raises(Unavailable):
            await store(db, draft("b"))
    fragile.start()
    await store(db, draft("b"))
    assert len(await written(db)) == 2
    await db.close()
