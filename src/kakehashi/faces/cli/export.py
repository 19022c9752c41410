"""`kakehashi export`: an institution's own records as NDJSON, a file for each resource type."""

from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from kakehashi.core.actors import Actor
from kakehashi.core.errors import BadRequest
from kakehashi.engines.house import House
from kakehashi.engines.records.asked import Asked
from kakehashi.engines.records.export import own_records


async def export(house: House, folder: Path, *, by: Actor) -> dict[str, int]:
    """Write `<Type>.ndjson` files into an empty folder and return how many records of each type.

    The bytes are as stored. Raises BadRequest when the folder holds something, Unavailable.
    """
    require_empty(folder)
    counts: dict[str, int] = {}
    with ExitStack() as stack:
        files: dict[str, BinaryIO] = {}
        async for rows in own_records(house, Asked(by, house.clock())):
            for row in rows:
                if row.type not in files:
                    files[row.type] = stack.enter_context((folder / f"{row.type}.ndjson").open("wb"))
                files[row.type].write(row.body.replace(b"\n", b" ") + b"\n")
                counts[row.type] = counts.get(row.type, 0) + 1
    return counts


def require_empty(folder: Path) -> None:
    """Make the folder; raise BadRequest when it holds something."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BadRequest(
            f"{folder} は空ではありません。空のフォルダを指定してください。",
            f"{folder} is not empty. Name an empty folder.",
            rule="export.folder",
        )
