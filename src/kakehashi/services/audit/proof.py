"""The proof of the log: where it stands, and the log packed for whoever verifies it elsewhere."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from kakehashi.core.logentry import Note
from kakehashi.engines.house import House
from kakehashi.engines.records.look import Asked
from kakehashi.store import desk_log, log_append, log_tree, reach
from kakehashi.store.reach import WHOLE_LOG
from kakehashi.trust import log_export, roles
from kakehashi.trust.checkpoints import Signer
from kakehashi.trust.checkpoints_held import Held
from kakehashi.trust.log_sequencer import Sequencer
from kakehashi.trust.roles import Interaction


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
        await reach.open_on(db, WHOLE_LOG)
        size, waiting = await desk_log.waiting(db)
        last = await log_tree.last_checkpoint(db)
    key = Signer.at(house.settings.home).verifier.published
    if last is None:
        return State(size, waiting, None, 0, "", key)
    return State(size, waiting, last["at"], last["size"], last["note"], key)


async def packed(house: House, asked: Asked) -> AsyncIterator[bytes]:
    """Return the log as a ZIP archive in pieces, for whoever verifies it elsewhere. Raises Refused; logged.

    One snapshot; memory does not grow with the log.
    """
    roles.require(asked.actor, Interaction.LOG_READ)
    async with house.db.transaction() as db:
        await log_append.append(
            db, Note(asked.actor, "log.export", "Log", "audit", asked.request), (), at=asked.at
        )
    signer = await signed(house, asked.at)
    return _zipped(house, signer.verifier.published, asked.at)


async def signed(house: House, at: datetime) -> Signer:
    """Take in and sign what has settled, and return who signs. Raises LogBroken."""
    home = house.settings.home
    signer = Signer.at(home)
    sequencer = Sequencer(house.db, signer, Held.at(home))
    await sequencer.run(at=at)
    await sequencer.sign(at=at, now=True)
    return signer


class _Out:
    """What the archive writes to: pieces that wait to be sent. It cannot be sought in, so nothing is changed later."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        """Hold a piece."""
        self._held.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        """What waits is still to be taken."""

    def take(self) -> bytes:
        """Return what waits, and hold it no more."""
        waiting, self._held = b"".join(self._held), []
        return waiting


async def _zipped(house: House, key: str, at: datetime) -> AsyncIterator[bytes]:
    out = _Out()
    moment = (at.year, at.month, at.day, at.hour, at.minute, at.second)
    with ZipFile(out, "w") as archive:
        archive.writestr(ZipInfo("key.pub", moment), key)
        async with house.db.transaction(snapshot=True) as tx:
            async for name, pieces in log_export.files(tx):
                entry = ZipInfo(name, moment)
                entry.compress_type = ZIP_DEFLATED
                with archive.open(entry, "w", force_zip64=True) as file:
                    async for piece in pieces:
                        await asyncio.to_thread(file.write, piece)
                        if waiting := out.take():
                            yield waiting
    yield out.take()
