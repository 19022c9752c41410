"""`kakehashi reindex`: index every record anew where searches would miss those that an earlier version stored.

It may be stopped at any moment and goes on where it was; the server may answer meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.errors import Failure
from kakehashi.core.settings import Settings
from kakehashi.engines.house import House
from kakehashi.engines.records import reindex as records
from kakehashi.faces.cli import place
from kakehashi.faces.cli.hands import LANES, Hands, require_going
from kakehashi.store.database import Database
from kakehashi.store.reindex import State, alone
from kakehashi.trust.signin.setup import OPERATOR

_BY = Actor("reindex", Role.OPERATOR, OPERATOR, Purpose.OPERATIONS)
_EVERY = 2.0  # seconds between two lines of progress
Say = Callable[[str], None]


async def reindex(house: House, say: Say, *, hands: Hands | None = None, again: bool = False) -> bool:
    """Go over all records, and say whether every one is found by searches now.

    `hands`: the processes that may help. `again`: also where every record is of the present scheme.

    Raises Conflict (another is at work), Unavailable.
    """
    async with alone(house.db):
        now = await records.state(house.db)
        if now.present and now.toward is None and not again:
            say("索引は最新です · every record is indexed in the present way")
            return True
        await records.begin(house, by=_BY, at=house.clock())
        await _telling(house.db, _all(house, hands), say)
        done = await records.finish(house.db)
    _conclude(done, say)
    return done.present and not done.unreadable


async def _all(house: House, hands: Hands | None) -> None:
    if hands is None:
        await _parts(house.db)
        return
    loop = asyncio.get_running_loop()
    work = [loop.run_in_executor(hands.pool, _hand, house.settings) for _ in range(hands.count)]
    await asyncio.gather(*work)


def _hand(settings: Settings) -> None:
    """Take parts until there is none left, in a process of its own."""

    async def work() -> None:
        try:
            async with place.opened(settings) as house, asyncio.TaskGroup() as group:
                for _ in range(LANES):
                    group.create_task(_parts(house.db))
        except* Failure as failures:
            raise failures.exceptions[0] from None

    place.run(work())


async def _parts(db: Database) -> None:
    while await records.work_on(db):
        require_going()


async def _telling(db: Database, work: Awaitable[None], say: Say) -> None:
    """Wait for the work, saying now and then how far it is."""
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=_EVERY))[0]:
            now = await records.state(db)
            about = f" / 約 {now.about:,}" if now.about > now.looked else ""
            say(f"索引 {now.looked:,}{about} 件 · indexed")
        await task
    finally:
        task.cancel()


def _conclude(done: State, say: Say) -> None:
    say(
        f"{done.looked:,} 件を見て {done.changed:,} 件を索引し直しました · "
        f"{done.looked:,} records, {done.changed:,} renewed"
    )
    if done.unreadable:
        say(
            f"読み出せない記録が {done.unreadable:,} 件あり、検索で見つかりません。"
            "バックアップから戻すか、施設に再送を求めてください。\n"
            f"{done.unreadable:,} records cannot be read, and searches do not find them. Restore them from a backup, "
            "or have their institutions send them again."
        )
