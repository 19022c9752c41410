"""What a server does besides answering: sign the log, bulk jobs, tell subscribers, end what retention ends, clear up.

Any number of servers may do it: each chore takes turns by a lock of its own in the database. A chore that fails is
logged by the class of its failure, and tried again when it is due again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.errors import Failure
from kakehashi.core.logentry import Note
from kakehashi.engines.house import House
from kakehashi.engines.subscriptions.courier import Courier
from kakehashi.engines.transfer import working
from kakehashi.faces import time_authority
from kakehashi.faces.api import bulk_jobs
from kakehashi.faces.watching import Watching
from kakehashi.people import bulk_runs
from kakehashi.services.audit import checks
from kakehashi.store import common_tokens, desk, idempotency, retention_job
from kakehashi.trust.checkpoints import Signer
from kakehashi.trust.checkpoints_held import Held
from kakehashi.trust.log_sequencer import Sequencer
from kakehashi.trust.oauth.tidying import tidy
from kakehashi.trust.outbound import Outbound
from kakehashi.trust.signin import refusals, setup

KEYS_KEPT = timedelta(days=30)  # of requests, for idempotency
HANDLES_KEPT = timedelta(days=1)  # of persons open in a session; no session lasts as long
log = structlog.get_logger("kakehashi.chores")


@dataclass(frozen=True, slots=True)
class Chore:
    """Work that is due every so often."""

    name: str
    every: float  # seconds
    do: Callable[[datetime], Awaitable[object]]


@asynccontextmanager
async def under_way(house: House, watching: Watching | None = None) -> AsyncIterator[None]:
    """Do the chores for as long as the block lasts."""
    tasks = [asyncio.create_task(_repeat(house, chore, watching)) for chore in _chores(house)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _chores(house: House) -> list[Chore]:
    db, home = house.db, house.settings.home
    courier = Courier(house, Outbound(house.settings.hook_networks))
    sequencer = Sequencer(db, Signer.at(home), Held.at(home))
    keeper = Actor("retention", Role.OPERATOR, setup.OPERATOR, Purpose.OPERATIONS)
    note = Note(keeper, "retention", "record", "retention")

    async def forget(at: datetime) -> None:
        await tidy(db, at=at)
        async with db.transaction() as connection:
            await idempotency.forget(connection, before=at - KEYS_KEPT)
            await desk.clear(connection, before=at - HANDLES_KEPT)

    async def stamp(at: datetime) -> None:
        """With the verifier made anew: the log's key may have been changed."""
        if (stamper := time_authority.stamper(house.settings)) is not None:
            await stamper.run(at=at)

    stamps = [] if time_authority.stamper(house.settings) is None else [Chore("time stamps", 300, stamp)]
    return [
        *stamps,
        Chore("common tokens", 600, lambda _: common_tokens.refresh(db)),
        Chore("log", 1, lambda at: sequencer.run(at=at)),
        Chore("refused sign-ins", 30, lambda at: refusals.settle(db, at=at)),
        Chore("checks", 2, lambda at: checks.work(house, at)),
        Chore("transfers", 1, lambda at: working.work(house, bulk_jobs.speech(), at=at)),
        Chore("expired transfers", 600, lambda at: working.clear(house, at=at)),
        Chore("subscriptions", 0.5, lambda at: courier.work()),
        Chore("subscriptions at rest", 60, courier.rest),
        Chore("matching", 2, lambda at: bulk_runs.work(db, house.clock)),
        Chore("retention", 86_400, lambda at: retention_job.run(db, note, at=at)),
        Chore("tidying", 3_600, forget),
    ]


async def _repeat(house: House, chore: Chore, watching: Watching | None) -> None:
    while True:
        try:
            with watching.chore(chore.name) if watching else nullcontext():
                await chore.do(house.clock())
        except Failure as failure:
            log.error(
                "chore failed", chore=chore.name, kind=type(failure).__name__, rule=failure.problems[0].rule
            )
        except Exception as fault:
            log.error("chore failed", chore=chore.name, kind=type(fault).__name__)
        await asyncio.sleep(chore.every)
