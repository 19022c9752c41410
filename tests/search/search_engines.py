"""The two engines that answer a search: PostgreSQL through the store's SQL, and the reference in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from kakehashi.core.kinds import Kind
from kakehashi.core.window import Window
from kakehashi.fhir.index import index
from kakehashi.fhir.parse import Resource
from kakehashi.fhir.types import NUMBER
from kakehashi.search import memory
from kakehashi.search.memory import Held
from kakehashi.search.plan import Cursor, Query
from kakehashi.store import search_sql
from kakehashi.store.database import Connection, Database
from kakehashi.store.search_hints import Hints
from kakehashi.store.window_sql import Arguments, open_on, predicate, system_window

NOON = datetime(2024, 2, 29, 3, 0, tzinfo=UTC)
EVERYTHING = system_window("test")

_INSERT = """
    INSERT INTO resource (person, rid, origin, at, changed_at, version, custodian, addressee, type, kind, flags, id,
                          tokens, ranges, texts, body, grams)
    VALUES ($1, $2, 0, $3, $4, 1, $5, $6, $7, $8, $9, $10, $11, $12, $13, '', $14)
"""


@dataclass(frozen=True)
class Found:
    """What an engine answered: ids in order, the total, and where the next page begins."""

    ids: list[str]
    total: int
    next: Cursor | None


def held(
    tree: dict[str, Any],
    *,
    person: int = 1,
    kind: int = Kind.OTHER,
    changed_at: datetime = NOON,
    **facts: Any,
) -> Held:
    """Return a resource as a store holds it."""
    whole = {"person": person, "kind": kind, "custodian": 1, "addressee": 0, "flags": 0, "at": NOON, **facts}
    resource = Resource(tree["resourceType"], tree["id"], orjson.dumps(tree), tree)
    return Held(resource, changed_at=changed_at, **whole)


async def put(tx: Connection, rows: Sequence[Held]) -> None:
    """Store the rows, with the index entries that `index` says."""
    entries = [index(row.resource) for row in rows]
    await open_on(tx, EVERYTHING)
    await tx.executemany(
        _INSERT,
        [
            (
                row.person, row.rid, row.at, row.changed_at, row.custodian, row.addressee, NUMBER[row.resource.type],
                row.kind, row.flags, row.resource.id, one.tokens, one.ranges, one.texts, one.grams,
            )
            for row, one in zip(rows, entries, strict=True)
        ],
    )  # fmt: skip


async def ask(tx: Connection, query: Query, window: Window) -> Found:
    """Answer by the store's SQL, under row-level security as well."""
    await open_on(tx, window)
    sql, arguments = _compiled(search_sql.compile_search, query, window, columns="r.id")
    rows = [tuple(record) for record in await tx.fetch(sql, *arguments)]
    sql, arguments = _compiled(search_sql.compile_count, query, window)
    total = await tx.fetchval(sql, *arguments)
    return Found([row[0] for row in rows[: query.count]], total, search_sql.next_cursor(query, rows))


def _compiled(compile_: Any, query: Query, window: Window, **more: Any) -> search_sql.Statement:
    arguments = Arguments()
    seen = predicate(window, arguments)
    statement: search_sql.Statement = compile_(query, seen, arguments, hints=Hints(window), **more)
    return statement


class Undo(Exception):
    """Leaves the database as it was."""


async def in_postgresql(db: Database, rows: Sequence[Held], query: Query, window: Window) -> Found:
    """Put the rows, ask, and take the rows out again."""
    found: list[Found] = []
    try:
        async with db.transaction() as tx:
            await put(tx, rows)
            found.append(await ask(tx, query, window))
            raise Undo
    except Undo:
        return found[0]


def in_memory(rows: Sequence[Held], query: Query, window: Window) -> Found:
    """Answer by the reference."""
    answer = memory.search(query, rows, window)
    return Found([row.resource.id for row in answer.rows], answer.total, answer.next)
