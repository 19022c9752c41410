"""The matching in bulk as a process of its own, for it takes what a server has not to spare.

    python -m kakehashi.people.bulk_process

Reads one line of JSON (`url` of the database, `at`), and writes lines of JSON: how far it is ("step", "done"), and last
either what it found ("found") or why it failed ("fault"). It ends when whoever began it goes.
"""

import asyncio
import os
import sys
import threading
from contextlib import suppress
from dataclasses import astuple
from datetime import datetime
from pathlib import Path

import orjson

from kakehashi.core.errors import Failure
from kakehashi.people.bulk import propose
from kakehashi.store.database import Database
from kakehashi.store.matching_runs import Found

_POLITE = 10  # niceness: answering goes before
# Where memory runs out, this process is the one to end, not the database.
_FIRST = Path("/proc/self/oom_score_adj")


def main() -> None:
    """Do what the line says."""
    os.nice(_POLITE)
    with suppress(OSError):
        _FIRST.write_text("1000", "ascii")
    asked = orjson.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        found = asyncio.run(_propose(asked["url"], datetime.fromisoformat(asked["at"])))
        _say({"found": astuple(found)})
    except Failure as failure:
        _say({"fault": f"{failure.problems[0].ja} | {failure.problems[0].en}"})


async def _propose(url: str, at: datetime) -> Found:
    async with await Database.open(url, connections=1) as db:
        return await propose(db, at=at, told=_tell)


async def _tell(step: str, done: int) -> None:
    _say({"step": step, "done": done})


def _say(said: dict[str, object]) -> None:
    sys.stdout.buffer.write(orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def _end_with_parent() -> None:
    """Once nobody waits for the pairs any more, the memory is wanted elsewhere."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
