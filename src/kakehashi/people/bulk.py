"""Match everyone with everyone and put likely pairs before an operator. Nobody is linked by it.

Runs over all descriptions at once, in memory: meant for a region. A million descriptions took 3.9 GB at
the most and 29 s of processor time to match, a hundred thousand 0.7 GB and 3 s (docs/matching.md).
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from kakehashi.people import identifiers, matching, records
from kakehashi.people.identifiers import MEMBER_SYSTEM, MemberId
from kakehashi.people.transactions import inside
from kakehashi.store import people, people_doubts
from kakehashi.store.database import Connection, Database


async def propose(db: Database | Connection, *, at: datetime, threshold: float = matching.THRESHOLD) -> int:
    """Note the pairs of persons that are likely one human, and return how many there are.

    Pairs that an operator has rejected stay rejected, merged ones are left out. The matching itself runs beside
    the event loop.
    """
    async with inside(db) as connection:
        rows = await people.everyone(connection, MEMBER_SYSTEM)
    pairs = await asyncio.to_thread(_match, rows, threshold)
    async with inside(db) as connection:
        await people_doubts.add_candidates(connection, pairs, at=at)
    return len(pairs)


def _match(rows: Sequence[people.Row], threshold: float) -> list[people.Json]:
    said = [(number, records.described(row), _member(row["member"])) for number, row in enumerate(rows)]
    best: dict[tuple[int, int], float] = {}
    for pair in matching.pairs(matching.table(said), threshold=threshold).to_pylist():
        one, other = rows[pair["one"]], rows[pair["other"]]
        if one["root"] != other["root"]:
            keys = min(one["person"], other["person"]), max(one["person"], other["person"])
            best[keys] = max(best.get(keys, 0), pair["probability"])
    evidence = {"rule": "bulk-matching", "model": matching.MODEL}
    return [
        {"one": one, "other": other, "score": probability, "evidence": evidence}
        for (one, other), probability in best.items()
    ]


def _member(value: str | None) -> MemberId | None:
    said = identifiers.parse(MEMBER_SYSTEM, value) if value else None
    return said if isinstance(said, MemberId) else None
