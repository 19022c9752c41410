"""The log as files, for whoever verifies it without us: `entries.ndjson`, `tiles/<level>`, `checkpoints.ndjson`.

`entries.ndjson`: one JSON string a line, the base64 of the entry's bytes, in the log's order, as the database holds
them now. `tiles/<level>`: the hashes of that level's tiles, 32 bytes each, one after the other.
`checkpoints.ndjson`: {"at", "note"} a line. Streamed: memory does not grow with the log.
"""

from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import orjson

from kakehashi.core.clock import fhir_instant
from kakehashi.store import log_tree, reach
from kakehashi.store.database import Connection, Database
from kakehashi.store.log_tree import State
from kakehashi.store.reach import WHOLE_LOG

Told: TypeAlias = Callable[[int], Awaitable[None]]
_PIECE = 5_000  # entries


async def export(db: Database, folder: Path, *, told: Told | None = None) -> int:
    """Write the log into `folder` (made if missing, its files replaced); return the number of leaves.

    One snapshot: what is being written meanwhile is not in it. `told` is told how many entries there are already.
    """
    (folder / "tiles").mkdir(parents=True, exist_ok=True)
    async with db.transaction(snapshot=True) as tx:
        async for name, pieces in files(tx, told):
            with (folder / name).open("wb") as file:
                async for piece in pieces:
                    file.write(piece)
        return (await log_tree.state(tx)).size


async def files(tx: Connection, told: Told | None = None) -> AsyncIterator[tuple[str, AsyncIterator[bytes]]]:
    """Yield each file's name and its content in pieces. Wants a snapshot that lasts until the end."""
    await reach.open_on(tx, WHOLE_LOG)
    yield "entries.ndjson", _entries(tx, await log_tree.state(tx), told)
    for level in await log_tree.levels(tx):
        yield f"tiles/{level}", log_tree.stream_tiles(tx, level)
    yield "checkpoints.ndjson", _checkpoints(tx)


async def _entries(tx: Connection, upto: State, told: Told | None) -> AsyncIterator[bytes]:
    done, lines = 0, list[bytes]()
    async for entry in log_tree.stream_entries(tx, upto):
        lines.append(b'"' + b64encode(entry) + b'"\n')
        if len(lines) == _PIECE:
            yield b"".join(lines)
            done, lines = done + len(lines), []
            if told:
                await told(done)
    yield b"".join(lines)


async def _checkpoints(tx: Connection) -> AsyncIterator[bytes]:
    async for row in log_tree.stream_checkpoints(tx):
        yield orjson.dumps({"at": fhir_instant(row["at"]), "note": row["note"]}) + b"\n"
