"""A process that writes without end and says each version once it is committed; test_kill.py kills it.

Arguments: the database's URL, a number that makes its ids its own.
"""

import asyncio
import os
import sys

from storing import draft, store

from kakehashi.store.database import Database


async def main(url: str, number: str) -> None:
    """Write batches of new and known resources."""
    async with await Database.open(url) as db:
        turn = 0
        while True:
            turn += 1
            done = await store(
                db,
                *(draft(f"{number}-{turn % 5 * part}") for part in range(1, 6))
                if turn % 5
                else (draft("x"),),
            )
            said = " ".join(f"{one.type}/{one.id}/_history/{one.version}" for one in done)
            os.write(1, said.encode() + b"\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
