"""The feed: an order in which nothing is skipped and nothing comes twice, whoever writes meanwhile."""

import asyncio

import pytest
from storing import HANAKO, LATER, NOW, draft, note, store

from kakehashi.store import feed
from kakehashi.store.database import Database
from kakehashi.store.write import writing


async def follow(db: Database, name: str = "notices", *, limit: int = 1000) -> list[tuple[int, int]]:
    """Let a follower take what there is; return (rid, version) of each entry."""
    async with feed.following(db, name, limit=limit) as (_, entries):
        return [(entry.rid, entry.version) for entry in entries]


async def test_a_follower_gets_each_change_once_in_order(db: Database) -> None:
    a = draft("a")
    await store(db, a)
    await store(db, a)
    async with writing(db, note("delete"), at=LATER) as work:
        await work.delete("Observation", "a")
    async with feed.following(db, "notices") as (_, entries):
        assert [(one.person, one.type, one.version, one.change) for one in entries] == [
            (HANAKO, "Observation", 1, feed.Change.PUT),
            (HANAKO, "Observation", 2, feed.Change.PUT),
            (HANAKO, "Observation", 3, feed.Change.DELETED),
        ]
    assert await follow(db) == []


async def test_two_followers_keep_places_of_their_own_and_another_begins_at_the_start(db: Database) -> None:
    await store(db, draft("a"), draft("b"))
    first = await follow(db, "notices")
    assert await follow(db, "lake", limit=1) + await follow(db, "lake", limit=1) == first
    assert await follow(db, "lake") == [] and await follow(db, "lake-built-anew") == first


async def test_how_far_each_follower_is_behind_is_told(db: Database) -> None:
    async with db.transaction() as tx:
        assert await feed.lags(tx) == {}
    await store(db, draft("a"), draft("b"), draft("c"))
    await follow(db, "notices")
    await follow(db, "lake", limit=1)
    async with db.transaction() as tx:
        assert await feed.lags(tx) == {"lake": 2, "notices": 0}


async def test_when_the_effect_fails_the_same_entries_come_again(db: Database) -> None:
    await store(db, draft("a"))
    with pytest.raises(RuntimeError):
        async with feed.following(db, "notices") as (_, entries):
            assert len(entries) == 1
            raise RuntimeError("effect failed")
    assert len(await follow(db)) == 1


async def test_nothing_is_skipped_when_an_earlier_transaction_commits_last(db: Database) -> None:
    """A slow writer that began first holds back those that began later, then all come in order."""
    opened, finish = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with writing(db, note(), at=NOW) as work:
            await work.put(draft("slow"))
            opened.set()
            await finish.wait()

    writer = asyncio.create_task(slow())
    await opened.wait()
    await store(db, draft("quick"))
    assert await follow(db) == []
    finish.set()
    await writer
    assert [rid for rid, _ in await follow(db)] == [draft("slow").rid, draft("quick").rid]


async def test_writers_and_a_follower_at_once_lose_nothing_and_repeat_nothing(db: Database) -> None:
    async def write(number: int) -> None:
        for turn in range(10):
            await store(db, *(draft(f"{number}-{turn}-{part}", person=number) for part in range(3)))
            await asyncio.sleep(0)

    taken: list[tuple[int, int]] = []
    writers = asyncio.gather(*(write(number) for number in range(1, 5)))
    while not writers.done():
        taken += await follow(db, limit=5)
    await writers
    while more := await follow(db, limit=50):
        taken += more
    assert len(taken) == len(set(taken)) == 4 * 10 * 3
