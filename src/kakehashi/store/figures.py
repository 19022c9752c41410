"""How much work waits in the database, for the operator's figures: numbers of rows, of nobody in particular."""

from dataclasses import dataclass

from kakehashi.store import feed
from kakehashi.store.database import Database
from kakehashi.store.reach import Matter, Reach, open_on
from kakehashi.store.sql import statements

_SQL = statements("figures")
_OURS = Reach((Matter.LOG, Matter.SUBSCRIPTION, Matter.TRANSFER))


@dataclass(frozen=True, slots=True)
class Waiting:
    """`followers`: entries of the feed by who has not had them; `rows`: (what, kind) to how many."""

    followers: dict[str, int]
    rows: dict[tuple[str, str], int]


async def waiting(db: Database) -> Waiting:
    """Return what waits. Raises Unavailable."""
    async with db.transaction() as connection:
        await open_on(connection, _OURS)
        found = await connection.fetch(_SQL["figures_now"])
        return Waiting(
            await feed.lags(connection), {(one["what"], one["kind"]): one["much"] for one in found}
        )
