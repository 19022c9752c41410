"""Words for the log's tests: entries that acts leave, and a sequencer with its held checkpoints."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.logentry import Note, Seen
from kakehashi.store import log_append, reach
from kakehashi.store.database import Database
from kakehashi.trust.checkpoints import Signer
from kakehashi.trust.checkpoints_held import Held
from kakehashi.trust.log_sequencer import Sequencer

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DOCTOR = Actor(
    "doctor-1", Role.DOCTOR, Institution(1, "1311234567", "桜台総合病院", InstitutionType.HOSPITAL),
    Purpose.TREATMENT, factors=2,
)  # fmt: skip


def sequencer(db: Database, home: Path) -> Sequencer:
    """The sequencer of a database whose keys and held checkpoints lie in `home`."""
    return Sequencer(db, Signer.at(home), Held.at(home))


async def look(db: Database, count: int = 1, *, person: int = 4_001, at: datetime = NOW) -> None:
    """Leave entries of so many looks at a person, each in a transaction of its own."""
    for number in range(count):
        await entry_of(db, number, person=person, at=at)
    await settled(db)


async def entry_of(db: Database, number: int = 0, *, person: int = 4_001, at: datetime = NOW) -> None:
    """Leave the entry of one look, and do not wait for anything."""
    note = Note(DOCTOR, "read", "Observation", because="shared+own+consent:c1")
    await log_append.noted(db, note, at=at, seen=[Seen(person, f"Observation/{number}/_history/1")])


async def settled(db: Database) -> None:
    """Wait until no older transaction of the cluster is open (autovacuum's, another test's)."""
    while True:
        async with db.transaction() as tx:
            await reach.open_on(tx, reach.WHOLE_LOG)
            if await tx.fetchval("SELECT coalesce(max(xid) < order_settled(), true) FROM log"):
                return
        await asyncio.sleep(0.01)
