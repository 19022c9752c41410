"""The disk nearly full: writing stops with its reason, reading goes on, and it recovers by itself."""

from pathlib import Path

import pytest
from storing import EVERYTHING, NOW, draft, note, store

from kakehashi.core.errors import Unavailable
from kakehashi.store.database import Database
from kakehashi.store.guard import Guard, free_bytes
from kakehashi.store.read import read_one


async def test_below_the_limit_nothing_is_written_reading_goes_on_and_writing_comes_back(
    db: Database,
) -> None:
    free = 500
    db.guard = Guard(Path("/"), least_free=500, measure=lambda _: free)
    await store(db, draft("a"))
    free = 499
    with pytest.raises(Unavailable, match="nearly full"):
        await store(db, draft("b"))
    assert (await read_one(db, EVERYTHING, note("read"), "Observation", "a", at=NOW)).version == 1
    free = 500
    await store(db, draft("b"))


def test_the_guard_measures_the_disk_that_the_folder_lies_on(tmp_path: Path) -> None:
    free = free_bytes(tmp_path)
    Guard(tmp_path, least_free=free // 2).require_room()
    with pytest.raises(Unavailable):
        Guard(tmp_path, least_free=free * 2).require_room()
