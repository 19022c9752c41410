"""`kakehashi load`: take files in, show progress, go on where it stopped, and say what was refused and why.

A large file is dealt out over processes, person by person (shares.py): what is about one person stays in one share
and in its order, so a Patient comes before its records, and a later version after the one it replaces.
"""

import asyncio
from collections.abc import Callable, Sequence

from kakehashi.core.actors import Actor
from kakehashi.core.errors import Failure, Malformed, TooLarge
from kakehashi.core.settings import Settings
from kakehashi.engines.house import House
from kakehashi.engines.records import bulk
from kakehashi.engines.records.bulk import Refusal, Taken
from kakehashi.faces.cli import place
from kakehashi.faces.cli.files import MOST_BYTES, Form, Found
from kakehashi.faces.cli.hands import Hands, require_going, worth_dealing
from kakehashi.faces.cli.progress import Progress, Share
from kakehashi.faces.cli.shares import Line, batches
from kakehashi.fhir.xml import json_of
from kakehashi.services.sharing.register import register_many

BATCH = 500  # resources a transaction
_AHEAD = 8  # batches that wait for a lane; the file goes person by person, so one lane may get many in a row
Say = Callable[[str], None]


async def load(
    house: House, found: Found, *, by: Actor, say: Say, agreed_orally: bool = False, hands: Hands | None = None,
    again: bool = False,
) -> Progress:  # fmt: skip
    """Load one file, from where an earlier load of it stopped. Raises Unavailable when the store goes away.

    `agreed_orally`: the persons agreed at the sender that the addressees of their referrals may fetch them.
    `hands`: the processes that may help. `again`: load from the beginning what was loaded before.
    """
    shares = hands.shares if hands and worth_dealing(found) else 1
    terms = f"{by.institution.code} {agreed_orally}"
    progress = Progress.of(found.path, house.settings.home, shares, terms=terms)
    if again:
        progress.forget()
    if progress.finished:
        say(
            f"{found.path.name}: 前に読み込み済みです（初めからやり直すには --again）· loaded before (--again to redo)"
        )
        return progress
    if hands and len(progress.shares) > 1:
        await _deal(house.settings, found, progress, by, agreed_orally, say, hands)
    else:
        await _load_shares(
            house, found, progress.shares, by, agreed_orally, lambda: _tell(found, progress, say)
        )
    progress.finish()
    return progress


async def _deal(
    settings: Settings, found: Found, progress: Progress, by: Actor, agreed: bool, say: Say, hands: Hands
) -> None:
    """Let processes work on the shares, telling now and then how far they are."""
    loop = asyncio.get_running_loop()
    dealt = [progress.shares[hand :: hands.count] for hand in range(hands.count)]
    waiting = {
        loop.run_in_executor(hands.pool, _work, settings, found, some, by, agreed) for some in dealt if some
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
            await _load_shares(house, found, shares, by, agreed, lambda: None)

    place.run(work())


async def _load_shares(
    house: House, found: Found, shares: Sequence[Share], by: Actor, agreed: bool, tell: Callable[[], None]
) -> None:
    """Read the file once and let a lane for each share take what belongs to it."""
    lanes = {share.number: asyncio.Queue[list[Line] | None](_AHEAD) for share in shares}

    async def read() -> None:
        for share, batch in batches(found, shares, BATCH):
            await lanes[share.number].put(batch)
        for lane in lanes.values():
            await lane.put(None)

    async def take(share: Share) -> None:
        while batch := await lanes[share.number].get():
            share.note(batch[-1][0], await _take(house, found.form, batch, by, agreed))
            tell()
            require_going()

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(read())
            for share in shares:
                group.create_task(take(share))
    except* Failure as failures:
        raise failures.exceptions[0] from None


async def _take(house: House, form: Form, batch: list[Line], by: Actor, agreed: bool) -> Taken:
    unreadable = {line: reason for line, body in batch if (reason := _unreadable(form, body))}
    readable = [one for one in batch if one[0] not in unreadable]
    if form in (Form.SHARING, Form.SHARINGS):
        taken = await register_many(house, readable, by=by, at=house.clock(), agreed_orally=agreed)
    else:
        taken = await bulk.take(house, readable, by=by, at=house.clock())
    if unreadable:
        taken.refused += [Refusal(line, reason.problems) for line, reason in unreadable.items()]
        taken.refused.sort(key=lambda one: one.line)
    return taken


def _unreadable(form: Form, body: bytes) -> Failure | None:
    """Return why a record is refused before it is read as JSON."""
    if form is Form.TOO_LARGE or len(body) > MOST_BYTES:
        return _too_large()
    if form is Form.BROKEN_XML:
        try:
            json_of(body)
        except Malformed as reason:
            return reason
    return None


def _too_large() -> TooLarge:
    most = MOST_BYTES >> 20
    return TooLarge(
        f"1つの JSON や XML は {most} MB までです。分けるか、NDJSON (1行に1リソース) にしてください。",
        f"One JSON or XML text may have {most} MB at most; divide it, or make it NDJSON (a resource a line).",
        rule="load.size",
    )


def _tell(found: Found, progress: Progress, say: Say) -> None:
    say(f"{found.path.name}: {progress.stored} 件登録, {progress.refused} 件不可 · stored, refused")
