"""Proving the log now: sign what has settled, export it, and let the separate verifier judge."""

import asyncio
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kakehashi.core.logentry import Note
from kakehashi.engines.house import House
from kakehashi.engines.records.look import Asked
from kakehashi.store import desk_log, log_append, log_tree
from kakehashi.trust import log_export, roles
from kakehashi.trust.checkpoints import Signer
from kakehashi.trust.checkpoints_held import Held
from kakehashi.trust.log_sequencer import Sequencer
from kakehashi.trust.roles import Interaction
from kakehashi_verify.verify import Verdict, verify


@dataclass(frozen=True, slots=True)
class State:
    """Where the log stands: entries in the tree, entries that wait for it, and the newest checkpoint."""

    size: int
    waiting: int
    signed_at: datetime | None
    signed_size: int
    note: str
    key: str


async def state(house: House, asked: Asked) -> State:
    """Return where the log stands. Raises Refused."""
    roles.require(asked.actor, Interaction.CONSOLE_LOG)
    async with house.db.transaction() as db:
        size, waiting = await desk_log.waiting(db)
        last = await log_tree.last_checkpoint(db)
    key = Signer.at(house.settings.home).verifier.vkey
    if last is None:
        return State(size, waiting, None, 0, "", key)
    return State(size, waiting, last["at"], last["size"], last["note"], key)


async def prove(house: House, asked: Asked) -> Verdict:
    """Sign, export and verify the whole log, and say so in it. Raises Refused, LogBroken."""
    roles.require(asked.actor, Interaction.CONSOLE_LOG)
    async with house.db.transaction() as db:
        await log_append.append(
            db, Note(asked.actor, "log.proved", "Log", "audit", asked.request), (), at=asked.at
        )
    held = Held.at(house.settings.home)
    signer = await _signed(house, asked)
    with tempfile.TemporaryDirectory() as folder:
        await log_export.export(house.db, Path(folder))
        notes = held.notes if held.notes.exists() else None
        return await asyncio.to_thread(verify, Path(folder), signer.verifier.vkey, notes)


async def packed(house: House, asked: Asked) -> bytes:
    """Return the log as a ZIP archive for whoever verifies it elsewhere. Raises Refused; logged as an export."""
    roles.require(asked.actor, Interaction.LOG_READ)
    async with house.db.transaction() as db:
        await log_append.append(
            db, Note(asked.actor, "log.export", "Log", "audit", asked.request), (), at=asked.at
        )
    signer = await _signed(house, asked)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "log"
        await log_export.export(house.db, folder)
        (folder / "key.pub").write_text(signer.verifier.vkey + "\n", "utf-8")
        made = await asyncio.to_thread(shutil.make_archive, str(Path(place) / "out"), "zip", folder)
        return await asyncio.to_thread(Path(made).read_bytes)


async def _signed(house: House, asked: Asked) -> Signer:
    home = house.settings.home
    signer = Signer.at(home)
    sequencer = Sequencer(house.db, signer, Held.at(home))
    await sequencer.run(at=asked.at)
    await sequencer.sign(at=asked.at, now=True)
    return signer
