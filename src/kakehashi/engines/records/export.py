"""An institution's own records, all of them, page by page: each page is read, logged, and only then handed over."""

from collections.abc import AsyncIterator

from kakehashi.core.kinds import EVERY_KIND, Kind
from kakehashi.core.window import Pane, Window
from kakehashi.engines.house import House
from kakehashi.engines.records.asked import Asked
from kakehashi.store.read import FIRST, reading
from kakehashi.store.rows import Row
from kakehashi.trust import roles


async def own_records(house: House, asked: Asked, *, page: int = 1_000) -> AsyncIterator[list[Row]]:
    """Yield every current record that the actor's institution wrote. Raises Refused, Unavailable.

    Submissions as received are left out: what they held is there row by row, and documents are documents.
    """
    roles.require(asked.actor, "export")
    own = Pane(EVERY_KIND & ~Kind.SUBMISSION.bit, custodians=frozenset({asked.actor.institution.key}))
    window = Window((own,), "own")
    after = FIRST
    while True:
        async with reading(
            house.db, window, asked.note("export", "own records", window), at=asked.at
        ) as look:
            rows = await look.every(after, limit=page)
        if rows:
            yield rows
        if len(rows) < page:
            return
        after = (rows[-1].person, rows[-1].rid)
