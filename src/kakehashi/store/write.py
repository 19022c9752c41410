"""The one way to write records: rows, history, feed, log and the request's key, in one transaction or not at all."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg

from kakehashi.core.errors import Conflict, VersionMismatch
from kakehashi.core.hashing import row_key
from kakehashi.core.logentry import Note, Seen
from kakehashi.core.window import Window
from kakehashi.fhir.types import NUMBER
from kakehashi.search.plan import Query
from kakehashi.store import idempotency, log_append, read_search, window_sql, write_rows
from kakehashi.store.database import Connection, Database
from kakehashi.store.idempotency import RequestKey
from kakehashi.store.rows import Draft, Row, Stored, item
from kakehashi.store.sql import statements
from kakehashi.store.write_rows import Heads

_SQL = statements("records")
_WINDOW = window_sql.system_window("writing")  # rights are checked before; a writer must see what it replaces


@asynccontextmanager
async def writing(
    db: Database, note: Note, *, at: datetime, key: RequestKey | None = None
) -> AsyncIterator["Writing"]:
    """Yield a `Writing`; when the block ends well, log and commit. Anything raised undoes everything.

    With a `key`, look at `Writing.earlier` first: when it is not None the work was done by an earlier request, and
    this is its outcome. Raises Unavailable (also when the disk is nearly full), Conflict (another change was in
    the way), KeyReused.
    """
    db.require_room()
    try:
        async with db.transaction() as connection:
            await window_sql.open_on(connection, _WINDOW)
            earlier = await idempotency.claim(connection, key, at=at) if key else None
            work = Writing(connection, at, earlier)
            yield work
            if key and earlier is None:
                await idempotency.settle(connection, key, work.outcome)
            await log_append.append(connection, note, work.seen, at=at)
    except asyncpg.UniqueViolationError as race:
        raise _raced() from race


class Writing:
    """An open transaction that writes. `outcome` is kept with the request's key."""

    def __init__(self, connection: Connection, at: datetime, earlier: bytes | None) -> None:
        self.connection, self.at, self.earlier = connection, at, earlier
        self.outcome = b""
        self.seen: list[Seen] = []

    async def current(self, resource_type: str, resource_id: str) -> Row | None:
        """Return the current row, locked until the transaction ends; None when there is none.

        It is returned whoever asks: the caller decides whether they may know of it.
        """
        key = (NUMBER[resource_type], row_key(resource_type, resource_id), resource_id)
        record = await self.connection.fetchrow(_SQL["record_current"], *key)
        return None if record is None else write_rows.row_of(record)

    async def find(self, query: Query, window: Window) -> list[Row]:
        """Return what a conditional operation finds through the actor's own window (query.count rows at most)."""
        await window_sql.open_on(self.connection, window)
        found = await read_search.search(self.connection, window, query)
        await window_sql.open_next(self.connection, _WINDOW, after=window)
        return found.rows

    async def put(self, draft: Draft, if_version: int | None = None) -> Stored:
        """Store a draft as the next version. `if_version`: the version it replaces, 0 for "there is none".

        Raises VersionMismatch.
        """
        return (await self.put_many([draft], [if_version]))[0]

    async def put_many(self, drafts: Sequence[Draft], if_versions: Sequence[int | None] = ()) -> list[Stored]:
        """Store drafts, each as the next version of its resource, and return what came of each, in order.

        Raises VersionMismatch, and Conflict when two drafts are of one resource.
        """
        if not drafts:
            return []
        keys = [(NUMBER[draft.type], draft.rid) for draft in drafts]
        if len(set(keys)) < len(keys):
            raise _twice()
        heads = await self._heads(keys)
        for key, wanted in zip(keys, if_versions, strict=False):
            require_version(heads.version_of(key), wanted)
        await self._make_way(keys, heads, drafts)
        stored, rows = await write_rows.prepared(drafts, keys, heads, self.at)
        await self.connection.execute(_SQL["record_insert"], rows)
        self.seen += (Seen(one.person, item(one.type, one.id, one.version)) for one in stored)
        return stored

    async def delete(self, resource_type: str, resource_id: str, if_version: int | None = None) -> int | None:
        """Delete a resource and return the version that says so; None when there was nothing to delete.

        Raises VersionMismatch.
        """
        row = await self.current(resource_type, resource_id)
        require_version(row.version if row else 0, if_version)
        if row is None:
            return None
        await self.connection.execute(_SQL["record_delete"], [row.person], [row.rid], self.at)
        self.seen.append(Seen(row.person, item(row.type, row.id, row.version + 1)))
        return row.version + 1

    async def delete_origin(self, person: int, origin: int, *, keep: Collection[int] = ()) -> list[str]:
        """Delete what came in by one submission, but for the rids in `keep`; return "Type/id" of each deleted."""
        found = await self.connection.fetch(_SQL["record_of_origin"], person, origin, list(keep))
        await self.connection.execute(
            _SQL["record_delete"], [one["person"] for one in found], [one["rid"] for one in found], self.at
        )
        rows = [(write_rows.type_of(one["type"]), one["id"], one["version"] + 1) for one in found]
        self.seen += (Seen(person, item(*row)) for row in rows)
        return [f"{kind}/{name}" for kind, name, _ in rows]

    async def _heads(self, keys: list[tuple[int, int]]) -> Heads:
        types, rids = zip(*keys, strict=True)
        living = await self.connection.fetch(_SQL["record_heads"], types, rids)
        dead = await self.connection.fetch(_SQL["record_graves"], types, rids)
        return Heads.of(living, dead)

    async def _make_way(self, keys: list[tuple[int, int]], heads: Heads, drafts: Sequence[Draft]) -> None:
        """Move what the drafts replace among the former versions."""
        replaced = [
            (heads.living[key], draft) for key, draft in zip(keys, drafts, strict=True) if key in heads.living
        ]
        if replaced:
            persons, rids = [head.person for head, _ in replaced], [draft.rid for _, draft in replaced]
            await self.connection.execute(_SQL["record_supersede"], persons, rids)
        moved = [(head, draft) for head, draft in replaced if head.person != draft.person]
        for head, draft in moved:
            await self.connection.execute(
                _SQL["record_moved"],
                [head.person],
                [draft.rid],
                [head.version],
                [NUMBER[draft.type]],
                self.at,
            )
            self.seen.append(Seen(head.person, item(draft.type, draft.id, head.version)))
        if heads.dead:
            back = [(head.person, key[1]) for key, head in heads.dead.items()]
            await self.connection.execute(_SQL["record_returns"], *map(list, zip(*back, strict=True)))


def require_version(found: int, wanted: int | None) -> None:
    """Raise VersionMismatch unless `wanted` is None or the version found (0: none)."""
    if wanted is None or wanted == found:
        return
    if wanted == 0:
        raise VersionMismatch(
            "すでに登録されています。更新するには現在の版を If-Match に指定してください。",
            "It exists already. To update it, name the current version in If-Match.",
            rule="store.version",
        )
    raise VersionMismatch(
        "ほかの更新が先に行われました。現在の版を読み直してから更新してください。",
        "Another update came first. Read the current version again, then update.",
        rule="store.version",
    )


def _twice() -> Conflict:
    return Conflict(
        "同じリソースが一度に二回送られています。一つにしてください。",
        "The same resource was sent twice at once. Send it once.",
        rule="store.twice",
    )


def _raced() -> Conflict:
    return Conflict(
        "同じリソースがほかの処理で同時に登録されました。もう一度お試しください。",
        "The same resource was stored by another request at the same moment. Please try again.",
        rule="store.race",
    )
