"""Compiled resources in the store: made with the write that stores the resource, or by whoever needs them first."""

from collections.abc import Sequence

from kakehashi.core.errors import Conflict, Unavailable
from kakehashi.core.hashing import row_key
from kakehashi.engines.terminology.making import compiled, has_terms
from kakehashi.fhir.parse import Resource
from kakehashi.store import concepts, window_sql
from kakehashi.store.database import Connection, Database
from kakehashi.store.rows import Stored
from kakehashi.terms.packing import Packed

_WINDOW = window_sql.system_window("terminology")
Made = tuple[int, int, Packed]  # rid and version of the row, and what was made of it


async def keep_stored(
    connection: Connection, resources: Sequence[Resource | None], stored: Sequence[Stored]
) -> None:
    """Keep what terminology needs of resources, in the transaction that stored them."""
    made = [
        (row_key(one.type, one.id), one.version, await compiled(resource))
        for resource, one in zip(resources, stored, strict=True)
        if resource is not None and has_terms(resource.type)
    ]
    if made:
        await concepts.keep(connection, made)


async def forget(connection: Connection, resource_type: str, resource_id: str) -> None:
    """Take away what is kept of a resource, in the transaction that deletes it."""
    if has_terms(resource_type):
        await concepts.forget(connection, [row_key(resource_type, resource_id)])


async def keep_late(db: Database, made: Sequence[Made]) -> None:
    """Keep what a look had to make. That it cannot be kept now is nothing to fail for: the next look makes it again."""
    if not made:
        return
    try:
        db.require_room()
        async with db.transaction() as connection:
            await window_sql.open_on(connection, _WINDOW)
            await concepts.keep(connection, made)
    except (Conflict, Unavailable):
        return
