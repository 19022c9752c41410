"""`kakehashi load`: take files in, show progress, go on where it stopped, and say what was refused and why.

A large file is dealt out over processes, person by person (shares.py): what is about one person stays in one share
and in its order, so a Patient comes before its records, and a later version after the one it replaces.
"""

import asyncio
import gc
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context

from kakehashi.core.actors import Actor
from kakehashi.core.errors import Failure, Unavailable
from kakehashi.core.settings import Settings
from kakehashi.engines.house import House
from kakehashi.engines.records import bulk
from kakehashi.engines.records.bulk import Refusal, Taken
from kakehashi.faces.cli import place
from kakehashi.faces.cli.files import Form, Found
from kakehashi.faces.cli.progress import Progress, Share
from kakehashi.faces.cli.shares import share_lines
from kakehashi.services.sharing.register import register

BATCH = 500  # resources a transaction
WORTH_DEALING = 4 << 20  # bytes of a file from which starting processes pays
LANES = 2  # shares that a process works on at once: while one waits for the database the other goes on
_DEALT = (Form.RESOURCES, Form.SHARINGS)
_YOUNG = 100_000  # new objects between two rounds of the garbage collector: a batch leaves no cycles
Say = Callable[[str], None]


async def load(
    house: House, found: Found, *, by: Actor, say: Say, agreed_orally: bool = False, processes: int = 1,
    again: bool = False,
) -> Progress:  # fmt: skip
    """Load one file, from where an earlier load of it stopped. Raises Unavailable when the store goes away.

    `agreed_orally`: the persons agreed at the sender that the addressees of their referrals may fetch them.
    `processes`: how many may work at once. `again`: load from the beginning what was loaded before.
    """
    large = found.form in _DEALT and found.path.stat().st_size >= WORTH_DEALING
    shares = processes * LANES if large and processes > 1 else 1
    terms = f"{by.institution.code} {agreed_orally}"
    progress = Progress.of(found.path, house.settings.home, shares, terms=terms)
    if again:
        progress.forget()
    if progress.finished:
        say(
            f"{found.path.name}: 前に読み込み済みです（初めからやり直すには --again）· loaded before (--again to redo)"
        )
        return progress
    if len(progress.shares) == 1:
        await _load_share(
            house, found, progress.shares[0], by, agreed_orally, lambda: _tell(found, progress, say)
        )
    else:
        await _deal(house.settings, found, progress, by, agreed_orally, say)
    progress.finish()
    return progress


def cores() -> int:
    """Return how many processes a load may use."""
    return len(os.sched_getaffinity(0))


async def _deal(
    settings: Settings, found: Found, progress: Progress, by: Actor, agreed: bool, say: Say
) -> None:
    """Let processes work on the shares, telling now and then how far they are."""
    forks = get_context("forkserver")
    forks.set_forkserver_preload([__name__])
    hands = -(-len(progress.shares) // LANES)
    with ProcessPoolExecutor(hands, mp_context=forks) as pool:
        loop = asyncio.get_running_loop()
        waiting = {
            loop.run_in_executor(pool, _work, settings, found, progress.shares[hand::hands], by, agreed)
            for hand in range(hands)
        }
        while waiting:
            finished, waiting = await asyncio.wait(waiting, timeout=1)
            progress.look()
            _tell(found, progress, say)
            for one in finished:
                one.result()


def _work(settings: Settings, found: Found, shares: Sequence[Share], by: Actor, agreed: bool) -> None:
    """Load some shares, side by side, in a process of their own."""

    async def work() -> None:
        async with place.opened(settings) as house:
            try:
                async with asyncio.TaskGroup() as lanes:
                    for share in shares:
                        lanes.create_task(_load_share(house, found, share, by, agreed, lambda: None))
            except* Failure as failures:
                raise failures.exceptions[0] from None

    gc.freeze()
    gc.set_threshold(_YOUNG)
    place.run(work())


async def _load_share(
    house: House, found: Found, share: Share, by: Actor, agreed: bool, tell: Callable[[], None]
) -> None:
    for batch in _batches(share_lines(found, share)):
        share.note(batch[-1][0], await _take(house, found.form, batch, by, agreed))
        tell()


async def _take(house: House, form: Form, batch: list[tuple[int, bytes]], by: Actor, agreed: bool) -> Taken:
    if form in (Form.RESOURCES, Form.RESOURCE, Form.BUNDLE):
        return await bulk.take(house, batch, by=by, at=house.clock())
    taken = Taken()
    for line, body in batch:
        try:
            done = await register(house, body, by=by, at=house.clock(), agreed_orally=agreed)
            taken.add(Taken({"Bundle": 1, "": done.resources}))
        except Unavailable:
            raise
        except Failure as failure:
            taken.refused.append(Refusal(line, failure.problems))
    return taken


def _batches(records: Iterable[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    rest = iter(records)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _tell(found: Found, progress: Progress, say: Say) -> None:
    say(f"{found.path.name}: {progress.stored} 件登録, {progress.refused} 件不可 · stored, refused")
