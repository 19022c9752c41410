"""Tokens that very many rows have (`status=final`), told from a sample.

PostgreSQL knows them too, but tells nobody whom row-level security concerns; and a plan that it makes for a value costs
more than most searches. A search asks here which of two plans it wants (search_conditions.py).
"""

from kakehashi.store import window_sql
from kakehashi.store.database import Database
from kakehashi.store.search_hints import MANY
from kakehashi.store.sql import statements

_SQL = statements("common_tokens")
_SAMPLE = 30_000  # rows: a token of MANY rows among 50 million is met a dozen times


async def refresh(db: Database, *, many: int = MANY) -> None:
    """Take a sample of the rows, and let searches know which tokens more than `many` rows have. Raises Unavailable."""
    async with db.transaction() as connection:
        rows = float(await connection.fetchval(_SQL["rows"]))
        if rows <= many:
            db.common = frozenset()
            return
        await window_sql.open_on(connection, window_sql.system_window("common tokens"))
        share = min(1.0, _SAMPLE / rows)
        found = await connection.fetch(_SQL["common"], 100 * share, many * share)
    db.common = frozenset(record["token"] for record in found)
