"""`kakehashi people match`: compare everyone with everyone, and put likely pairs before the operator.

It may be stopped at any moment; what was asked for is then done by the next one, or by a server.
"""

import asyncio
from collections.abc import Callable

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.errors import Unavailable
from kakehashi.engines.house import House
from kakehashi.people import bulk_runs
from kakehashi.store.matching_runs import Run
from kakehashi.trust.signin.setup import OPERATOR

_BY = Actor("matching", Role.OPERATOR, OPERATOR, Purpose.OPERATIONS)
_EVERY = 2.0  # seconds between two lines of progress
_STEPS = {"waiting": "待機 · waiting", "reading": "読み込み · reading", "matching": "照合 · comparing"}
Say = Callable[[str], None]


async def match(house: House, say: Say) -> bool:
    """Have everyone compared, by this command or by whoever does it already, and say whether it went well.

    Raises Unavailable.
    """
    if not await bulk_runs.ask(house.db, by=_BY, at=house.clock()):
        say("すでに進行中の照合があります。その結果を待ちます · one is under way already, and is waited for")
    task = asyncio.ensure_future(_done(house))
    try:
        while not (await asyncio.wait({task}, timeout=_EVERY))[0]:
            now = await _last(house)
            say(f"{_STEPS.get(now.step, now.step)} {now.done:,} / {now.entries:,}")
        await task
    finally:
        task.cancel()
        await asyncio.wait({task})
    return _concluded(await _last(house), say)


async def _done(house: House) -> None:
    """Do it, or wait for the process that does; one that died leaves it to us."""
    while True:
        if await bulk_runs.work(house.db, house.clock) or not (await _last(house)).under_way:
            return
        await asyncio.sleep(_EVERY)


async def _last(house: House) -> Run:
    if (run := await bulk_runs.last(house.db, by=_BY)) is None:
        raise Unavailable
    return run


def _concluded(run: Run, say: Say) -> bool:
    if run.fault is not None:
        say(run.fault.replace(" | ", "\n"))
        return False
    say(
        f"{run.done:,} 件の登録を比べ、同じ人かもしれない組 {run.pairs:,}（新しいもの {run.fresh:,}）。"
        f"運用画面の「照合」で決めてください。メモリは最大 {run.megabytes:,} MB\n"
        f"{run.done:,} descriptions compared: {run.pairs:,} likely pairs, {run.fresh:,} of them new. "
        f"Decide on them in the console (照合). At the most {run.megabytes:,} MB of memory"
    )
    return True
