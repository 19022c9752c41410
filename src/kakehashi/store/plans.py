"""How PostgreSQL carries a statement out, as a tree without a single value of anybody's.

Our sessions make one plan for a statement, whatever its arguments are (`plan_cache_mode`, database.py). So the plan is
asked for with NULL for each: it is the plan that was used, and no argument comes near it. Nothing is carried out.
"""

from collections.abc import Mapping

import asyncpg
import orjson

from kakehashi.core.errors import Failure
from kakehashi.core.window import NOTHING
from kakehashi.store import window_sql
from kakehashi.store.database import Database
from kakehashi.store.sql import statements

MOST = 80  # nodes of a plan that are told
DEEPEST = 20
_SQL = statements("plans")
_TOLD = {
    "Node Type": "node",
    "Join Type": "join",
    "Relation Name": "relation",
    "CTE Name": "relation",
    "Function Name": "function",
    "Index Name": "index",
    "Plan Rows": "rows",
    "Total Cost": "cost",
}
Plan = dict[str, object]


async def plan_of(db: Database, text: str) -> Plan | None:
    """Return the plan of a statement; None where the database cannot tell it now.

    Each node: `node`, `relation`, `index`, `join`, `function` where it has them, `rows` and `cost` as estimated, and
    `parts`. Conditions are left out: they may hold values.
    """
    try:
        async with db.transaction() as connection:
            await connection.fetch(_SQL["plan_hurry"])
            await window_sql.open_on(connection, NOTHING)  # row-level security reads it while it plans
            prepared = await connection.prepare(text)
            nulls = ", ".join("NULL" for _ in prepared.get_parameters())
            asked = _SQL["plan_explain"].format(
                name=prepared.get_name(), nulls=f" ({nulls})" if nulls else ""
            )
            explained = orjson.loads(await connection.fetchval(asked))
    except (Failure, asyncpg.PostgresError, asyncpg.InterfaceError):
        return None
    match explained:
        case [{"Plan": dict() as plan}]:
            return _node(plan, [MOST], DEEPEST)
        case _:  # a COMMIT has none
            return None


def _node(said: Mapping[str, object], left: list[int], depth: int) -> Plan:
    left[0] -= 1
    told: Plan = {name: said[key] for key, name in _TOLD.items() if key in said}
    below = said.get("Plans")
    parts = []
    for one in below if isinstance(below, list) else []:
        if left[0] <= 0 or not depth:
            told["cut"] = True
            break
        parts.append(_node(one, left, depth - 1))
    return {**told, "parts": parts} if parts else told
