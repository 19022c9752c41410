"""Match everyone with everyone and put likely pairs before an operator. Nobody is linked by it.

Descriptions are read in parts and held as one Arrow table, which splink matches inside a limit of memory: meant for a
region, figures in docs/matching.md. A server has it done by a process of its own (bulk_runs.py).
"""

import asyncio
import resource
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa

from kakehashi.people import identifiers, matching, records
from kakehashi.people.identifiers import MEMBER_SYSTEM, MemberId
from kakehashi.store import people, people_doubts
from kakehashi.store.database import Database
from kakehashi.store.matching_runs import Found

PART = 20_000  # descriptions read, and pairs written, at a time
MOST_MEMORY = 4 << 30  # bytes for the matching itself: enough for two million descriptions
_SHARE = 0.5  # of the memory that is free: the database and the server want theirs
_MEMINFO = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")  # what a container may have

Told: TypeAlias = Callable[[str, int], Awaitable[None]]  # step ("reading", "matching"), descriptions read


class Everyone:
    """The descriptions of everybody as they are matched, and whose each is."""

    def __init__(self) -> None:
        self.persons, self.roots = array("q"), array("q")
        self._parts = [matching.table(())]

    def add(self, rows: Sequence[people.Row]) -> None:
        """Add descriptions, as the store gives them."""
        first = len(self.persons)
        said = [
            (number, records.described(row), _member(row["member"])) for number, row in enumerate(rows, first)
        ]
        self._parts.append(matching.table(said))
        self.persons.extend(row["person"] for row in rows)
        self.roots.extend(row["root"] for row in rows)

    def likely(self, threshold: float) -> dict[tuple[int, int], float]:
        """Return pairs of persons (one < other) not merged yet, each with its best probability."""
        found = matching.pairs(pa.concat_tables(self._parts), threshold=threshold, memory=allowance())
        best: dict[tuple[int, int], float] = {}
        for one, other, probability in zip(*(column.to_pylist() for column in found.columns), strict=True):
            if self.roots[one] != self.roots[other]:
                keys = self.persons[one], self.persons[other]
                pair = min(keys), max(keys)
                best[pair] = max(best.get(pair, 0), probability)
        return best


async def propose(
    db: Database, *, at: datetime, threshold: float = matching.THRESHOLD, told: Told | None = None
) -> Found:
    """Note the pairs of persons that are likely one human, and return how many there are.

    Pairs that an operator has rejected stay rejected, merged ones are left out. The matching itself runs beside
    the event loop. `told` hears how far it is.

    Raises Unavailable when the database is away, or the memory that is free does not suffice; then nothing is noted.
    """
    everyone = Everyone()
    async for rows in _parts(db):
        everyone.add(rows)
        if told:
            await told("reading", len(everyone.persons))
    if told:
        await told("matching", len(everyone.persons))
    likely = await asyncio.to_thread(everyone.likely, threshold)
    fresh = await _note(db, likely, at)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return Found(len(everyone.persons), len(likely), fresh, most)


async def _note(db: Database, likely: Mapping[tuple[int, int], float], at: datetime) -> int:
    """Put pairs before the operator, and return how many of them are new."""
    evidence = {"rule": "bulk-matching", "model": matching.MODEL}
    rows = [
        {"one": one, "other": other, "score": score, "evidence": evidence}
        for (one, other), score in likely.items()
    ]
    fresh = 0
    for start in range(0, len(rows), PART):
        async with db.transaction() as connection:
            fresh += await people_doubts.add_candidates(connection, rows[start : start + PART], at=at)
    return fresh


def allowance() -> int:
    """Return how many bytes the matching may take: half of what is free now, MOST_MEMORY at the most."""
    return min(int(_free() * _SHARE), MOST_MEMORY)


def _free() -> int:
    """Bytes that are free on this machine, or within the limit that a container sets."""
    fields = dict(line.split(":", 1) for line in _MEMINFO.read_text("ascii").splitlines())
    free = int(fields["MemAvailable"].split()[0]) << 10
    limit, taken = _GROUP / "memory.max", _GROUP / "memory.current"
    if limit.exists() and (most := limit.read_text("ascii").strip()).isdigit():
        free = min(free, int(most) - int(taken.read_text("ascii")))
    return max(free, 0)


async def _parts(db: Database) -> AsyncIterator[list[people.Row]]:
    """Yield everybody's descriptions, each part read by itself: no transaction stays open over a long read."""
    after = (0, -1)
    while True:
        async with db.transaction() as connection:
            rows = await people.everyone(connection, MEMBER_SYSTEM, after=after, most=PART)
        if not rows:
            return
        after = rows[-1]["person"], rows[-1]["institution"]
        yield rows


def _member(value: str | None) -> MemberId | None:
    said = identifiers.parse(MEMBER_SYSTEM, value) if value else None
    return said if isinstance(said, MemberId) else None
