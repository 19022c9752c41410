"""What a server does for jobs: takes one up, carries it on page by page as its asker stands now, and clears up.

Any number of servers may do it. A server that stops gives its job back; the job of one that died is taken up by another
after two minutes without a sign of life.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import structlog

from kakehashi.core.errors import Failure, Problem, Refused, Unavailable
from kakehashi.engines.house import House
from kakehashi.engines.records.asked import Asked
from kakehashi.engines.transfer import files
from kakehashi.engines.transfer.exporting import Cut, lines_of, page_of
from kakehashi.engines.transfer.fetching import Inputs
from kakehashi.engines.transfer.files import Line
from kakehashi.engines.transfer.importing import batch_of, refusals, take_batch
from kakehashi.engines.transfer.jobs import known_of, place_of, said
from kakehashi.engines.transfer.wanted import Export, Import, Place, actor_of, steps_of
from kakehashi.store import transfers
from kakehashi.store.transfers import Transfer
from kakehashi.trust.oauth.again import acting_again

KEPT = timedelta(days=1)  # files, after the job is done
STALLED = timedelta(minutes=2)  # without a sign of life: its server is gone
MOST_ATTEMPTS = 20  # a job that takes its servers down with it is not taken up for ever
WRITERS = (
    60.0  # seconds that transactions which were open at the beginning are waited for; none may last longer
)
_BEAT = 0.1  # seconds
_SIGN = 20.0  # seconds between signs of life while something is fetched
log = structlog.get_logger("kakehashi.transfers")


@dataclass(frozen=True, slots=True)
class Speech:
    """How resources are cut to elements and problems become an OperationOutcome: the face knows."""

    cut: Cut
    outcome: Callable[[Iterable[Problem]], bytes]


async def work(house: House, speech: Speech, *, at: datetime, inputs: Inputs | None = None) -> bool:
    """Do the job that waits, if there is one; say whether there was. For a server's chore, every second or so."""
    async with house.db.transaction() as db:
        await transfers.reach_all(db)
        job = await transfers.take(db, at=at, stalled=at - STALLED)
    if job is None:
        return False
    try:
        await _Work(house, speech, job, inputs).done()
    except _NotOurs:
        pass
    except asyncio.CancelledError:
        await _given_back(house, job)
        raise
    except Unavailable:  # somebody takes it up when the store is there again
        raise
    except Failure as failure:
        await _failed(house, job, failure)
    return True


async def clear(house: House, *, at: datetime) -> None:
    """Remove what has expired, and folders whose job is gone."""
    home = house.settings.home
    there = await asyncio.to_thread(files.left_behind, home)
    async with house.db.transaction() as db:
        await transfers.reach_all(db)
        gone = set(await transfers.expired(db, at=at))
        gone |= there - await transfers.known(db, there)
    await asyncio.to_thread(files.remove, home, gone)


class _NotOurs(Exception):
    """The job was cancelled, or another server has it."""


class _Work:
    """One job in this server's hands."""

    def __init__(self, house: House, speech: Speech, job: Transfer, inputs: Inputs | None) -> None:
        self.house, self.speech, self.job = house, speech, job
        self.home, self.inputs = house.settings.home, inputs or Inputs(house.settings)
        self.actor, self.place, self.files = actor_of(job.actor), place_of(job), known_of(job)
        self.folder = files.folder_of(self.home, job.id, job.attempt)

    async def done(self) -> None:
        """Carry the job to its end. Raises Failure, _NotOurs."""
        if self.job.attempt > MOST_ATTEMPTS:
            raise Failure(rule="bulk.attempts")
        await asyncio.to_thread(files.adopted, self.home, self.job.id, self.job.attempt)
        await asyncio.to_thread(files.cut_back, self.folder, self.files)
        if self.job.direction == "export":
            await self._export(msgspec.json.decode(self.job.asked, type=Export))
        else:
            await self._import(msgspec.json.decode(self.job.asked, type=Import))
        await self._end()

    async def _export(self, export: Export) -> None:
        began = self.job.began_at or self.job.asked_at
        if not self.job.place:
            await _writers_ended(self.house)
        steps = steps_of(export)
        while self.place.step < len(steps):
            asked = await self._asked()
            page = await page_of(self.house, asked, export, steps[self.place.step], self.place, began)
            if page.rows:
                await self._write(lines_of(export, page.rows, self.speech.cut))
            await self._move(page.place(self.place))

    async def _import(self, wanted: Import) -> None:
        while self.place.step < len(wanted.inputs):
            source = wanted.inputs[self.place.step]
            path = self.folder / source.name
            if source.url and not await asyncio.to_thread(path.exists):
                await self._beating(self.inputs.fetch(source.url, path))
            asked = await self._asked()
            batch = await asyncio.to_thread(batch_of, path, self.place, self.house.settings.max_body_mb << 20)
            taken = await take_batch(self.house, batch, source, self.job.id, by=asked.actor, at=asked.at)
            if taken.refused:
                await self._write(refusals(source, taken.refused, self.speech.outcome))
            await self._move(batch.place(self.place, taken))

    async def _asked(self) -> Asked:
        """Return who asks, as they stand now. Raises Refused."""
        at = self.house.clock()
        actor = await acting_again(self.house.db, self.actor, since=self.job.asked_at, at=at)
        return Asked(actor, at, self.job.id)

    async def _write(self, lines: Iterable[Line]) -> None:
        """Write, to the end even when the server stops meanwhile: whoever has the job next must find nobody writing."""
        writing = asyncio.ensure_future(asyncio.to_thread(files.add, self.folder, self.files, lines))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            raise

    async def _move(self, place: Place) -> None:
        self.place = place
        async with self.house.db.transaction() as db:
            await transfers.reach_all(db)
            if not await transfers.move(db, self.job, said(place), said(self.files), at=self.house.clock()):
                raise _NotOurs

    async def _beating(self, doing: Coroutine[None, None, None]) -> None:
        """Wait for something long, with a sign of life every so often."""
        task = asyncio.ensure_future(doing)
        try:
            while not (await asyncio.wait([task], timeout=_SIGN))[0]:
                await self._move(self.place)
            await task
        finally:
            task.cancel()

    async def _end(self) -> None:
        at = self.house.clock()
        async with self.house.db.transaction() as db:
            await transfers.reach_all(db)
            await transfers.end(
                db, self.job, "done", files=said(self.files), problem="", at=at, expires_at=at + KEPT
            )


async def _failed(house: House, job: Transfer, failure: Failure) -> None:
    """Note what a job failed of; nothing of it is handed over."""
    first, at = failure.problems[0], house.clock()
    if isinstance(failure, Refused):
        first = _STOPPED
    log.warning("transfer failed", kind=type(failure).__name__, rule=failure.problems[0].rule)
    async with house.db.transaction() as db:
        await transfers.reach_all(db)
        ours = await transfers.end(
            db, job, "failed", files="[]", problem=said(first), at=at, expires_at=at + KEPT
        )
    if ours:
        await asyncio.to_thread(files.remove, house.settings.home, [job.id])


async def _given_back(house: House, job: Transfer) -> None:
    async with house.db.transaction() as db:
        await transfers.reach_all(db)
        await transfers.release(db, job)


async def _writers_ended(house: House) -> None:
    """Wait until every transaction that is open now has ended: what it stored has an earlier moment than ours."""
    async with house.db.connection() as db:
        mark = await transfers.writers_now(db)
    for _ in range(int(WRITERS / _BEAT)):
        async with house.db.connection() as db:
            if await transfers.writers_done(db, mark):
                return
        await asyncio.sleep(_BEAT)


_STOPPED = Problem(
    "bulk.stopped",
    "",
    "依頼した利用者・システムの権限がなくなったため、途中で止めました。",
    "Stopped: whoever asked for it may not act any more.",
    "forbidden",
)
