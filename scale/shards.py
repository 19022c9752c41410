"""Which statement of the store touches how many shards: by Citus's own EXPLAIN, with an example for each argument.

    python -m scale.shards DISTRIBUTED PLAIN

DISTRIBUTED: a database that distribute.py made; PLAIN: one that was migrated and not distributed, which knows the types
of the arguments also where Citus refuses the statement. Both as the owner. Prints a Markdown table.
"""

import asyncio
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

import asyncpg

from kakehashi.store import window_sql
from kakehashi.store.sql import statements
from scale.looks import Look, looks

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

# One example for each type: one person, one resource. An array is of one.
_EXAMPLES = {
    "int2": "1", "int4": "1", "int8": "5", "text": "1", "bool": "true", "timestamptz": "2026-11-21",
    "date": "2026-11-21",
    "uuid": "00000000-0000-4000-8000-000000000000", "bytea": "\\x00", "jsonb": "null", "float8": "1", "float4": "1",
    "interval": "1 day", "xid8": "1", "name": "x", "varchar": "x", "inet": "127.0.0.1", "oid": "1", "numeric": "1",
}  # fmt: skip
_MADE_LATER = re.compile(
    r"\{[a-z]+\}"
)  # what the store fills in: its looks are caught as they go out (looks.py)
_ALL = '{"(9223372036854775807,,,{},,0,)"}'  # a window on everything


@dataclass(frozen=True, slots=True)
class Touched:
    """What became of one statement. `tasks`: shards asked, 0 for the coordinator alone; None where Citus refuses."""

    subject: str
    name: str
    tasks: int | None
    why: str = ""


def every() -> Iterator[tuple[str, str, str]]:
    """Yield (subject, name, SQL) of each statement of the store."""
    found = sorted(
        one.name for one in files("kakehashi.store.statements").iterdir() if one.name.endswith(".sql")
    )
    for file in found:
        subject = file.removesuffix(".sql")
        for name, text in statements(subject).items():
            yield subject, name, text


async def touched(distributed: str, plain: str) -> list[Touched]:
    """Return what each statement touches, then each look that is put together when it runs."""
    there, here = await asyncpg.connect(distributed), await asyncpg.connect(plain)
    try:
        await there.execute("SET ROLE kakehashi_app")
        found = [await _one(there, here, *one) for one in every() if not _MADE_LATER.search(one[2])]
        return found + [await _look(there, one) for one in await looks()]
    finally:
        await there.close()
        await here.close()


async def _one(there: Connection, here: Connection, subject: str, name: str, text: str) -> Touched:
    prepared = await here.prepare(text)
    examples = [_example(one) for one in prepared.get_parameters()]
    bare = re.sub(r"--[^\n]*|/\*.*?\*/", "", text).strip()
    filled = re.sub(r"\$(\d+)", lambda found: examples[int(found[1]) - 1], bare)
    if not re.match(r"(?is)(select|with|insert|update|delete)\b", filled):
        return Touched(subject, name, 0)
    return await _explained(there, subject, name, _ALL, filled, ())


async def _look(there: Connection, one: Look) -> Touched:
    return await _explained(there, "looks", one.name, window_sql.setting(one.window), one.text, one.values)


async def _explained(
    there: Connection, subject: str, name: str, window: str, text: str, values: tuple[object, ...]
) -> Touched:
    transaction = there.transaction()
    await transaction.start()
    try:
        await there.execute(
            f"SET LOCAL kakehashi.\"window\" = '{window}'; SET LOCAL citus.explain_all_tasks = on"
        )
        lines = [row[0] for row in await there.fetch(f"EXPLAIN (COSTS OFF) {text}", *values)]
    except asyncpg.PostgresError as refused:
        return Touched(subject, name, None, str(refused).splitlines()[0])
    finally:
        await transaction.rollback()
    tasks = sum(int(found) for found in re.findall(r"Task Count: (\d+)", "\n".join(lines)))
    return Touched(subject, name, tasks)


def _example(kind: asyncpg.Type) -> str:
    if kind.name.endswith("[]"):
        return f"'{{{_EXAMPLES.get(kind.name[:-2], '')}}}'::{kind.name}"
    return f"'{_EXAMPLES[kind.name]}'::{kind.name}"


def table(found: list[Touched], shards: int) -> str:
    """Return the result as Markdown: by subject, how many statements stay on one shard, how many ask all of them."""
    lines = [
        "| statements of | coordinator | one shard | all shards | refused |",
        "| --- | --- | --- | --- | --- |",
    ]
    for subject in dict.fromkeys(one.subject for one in found):
        of = [one for one in found if one.subject == subject]
        groups = (
            [one.name for one in of if one.tasks == 0],
            [one.name for one in of if one.tasks is not None and 0 < one.tasks < shards],
            [one.name for one in of if one.tasks is not None and one.tasks >= shards],
            [one.name for one in of if one.tasks is None],
        )
        lines.append(f"| {subject} | " + " | ".join(", ".join(group) for group in groups) + " |")
    return "\n".join(lines)


async def printed(distributed: str, plain: str) -> str:
    """Return the whole result as Markdown: the table, and what Citus says of what it refuses."""
    found = await touched(distributed, plain)
    db = await asyncpg.connect(distributed)
    shards = await db.fetchval("SELECT count(*) FROM pg_dist_shard WHERE logicalrelid = 'resource'::regclass")
    await db.close()
    refused = [f"* {one.subject}: {one.name}: {one.why}" for one in found if one.tasks is None]
    return "\n".join([table(found, shards), "", *refused])


if __name__ == "__main__":
    print(asyncio.run(printed(*sys.argv[1:])))
