"""The log as files, for whoever verifies it without us: `entries.ndjson`, `tiles/<level>`, `checkpoints.ndjson`.

`entries.ndjson`: one JSON string a line, the base64 of the entry's bytes, in the log's order, as the database holds
them now. `tiles/<level>`: the hashes of that level's tiles, 32 bytes each, one after the other.
`checkpoints.ndjson`: {"at", "note"} a line. Streamed: memory does not grow with the log.
"""

from base64 import b64encode
from pathlib import Path

import orjson

from kakehashi.core.clock import fhir_instant
from kakehashi.store import log_tree
from kakehashi.store.database import Database


async def export(db: Database, folder: Path) -> int:
    """Write the log into `folder` (made if missing, its files replaced); return the number of leaves.

    One snapshot: what is being written meanwhile is not in it.
    """
    (folder / "tiles").mkdir(parents=True, exist_ok=True)
    async with db.transaction(snapshot=True) as tx:
        state = await log_tree.state(tx)
        with (folder / "entries.ndjson").open("wb") as file:
            async for entry in log_tree.stream_entries(tx, state):
                file.write(b'"' + b64encode(entry) + b'"\n')
        for level in await log_tree.levels(tx):
            with (folder / "tiles" / str(level)).open("wb") as file:
                async for hashes in log_tree.stream_tiles(tx, level):
                    file.write(hashes)
        with (folder / "checkpoints.ndjson").open("wb") as file:
            async for row in log_tree.stream_checkpoints(tx):
                file.write(orjson.dumps({"at": fhir_instant(row["at"]), "note": row["note"]}) + b"\n")
    return state.size
