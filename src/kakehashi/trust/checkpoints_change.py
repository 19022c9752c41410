"""Changing the key that signs the log: the former key signs over to the next, and what it signed stays good.

The hand-over is a checkpoint like any other, signed by both keys, in the database and among the held ones. The files in
`home/keys` change before it is stored: if the server dies in between, `log.pub` still names both keys and their sizes.
"""

import asyncio
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kakehashi.core.actors import Actor
from kakehashi.core.errors import Conflict
from kakehashi.store import log_tree
from kakehashi.store.database import Connection, Database
from kakehashi.trust import log_note
from kakehashi.trust.checkpoints import Signer, Verifier
from kakehashi.trust.checkpoints_held import Held
from kakehashi.trust.keys import write_private
from kakehashi.trust.log_sequencer import Sequencer, root_of, sequence
from kakehashi.trust.roles import Interaction, require

_SEED = 32  # bytes
_TRIES, _PAUSE = 50, 0.1  # seconds


@dataclass(frozen=True, slots=True)
class LogKey:
    """A key of the log as it is shown. `upto` None: it signs now."""

    mark: str
    vkey: str
    upto: int | None


def keys(home: Path) -> list[LogKey]:
    """Return the log's keys, the one that signs first. Raises KeyTrouble."""
    current = Signer.at(home).verifier
    return [_shown(one) for one in (current, *current.former)]


async def change(db: Database, home: Path, *, by: Actor, at: datetime) -> LogKey:
    """Let a new key sign from now on, and return it. Raises Refused, LogBroken; Conflict while somebody else signs."""
    require(by, Interaction.CONSOLE_KEYS)
    async with db.transaction() as tx:
        await log_note.record(tx, "log-key.change", "LogKey/former", person=0, by=by, at=at)
    await Sequencer(db, Signer.at(home), Held.at(home)).sign(
        at=at, now=True
    )  # holds the past against what is held
    for _ in range(_TRIES):  # the entry above can be taken in once no older transaction is open
        async with db.transaction() as tx:
            after = await _hand_over(tx, home, at)
            if after is not None:
                item = f"LogKey/{after.verifier.key_id.hex()}"
                await log_note.record(tx, "log-key.changed", item, person=0, by=by, at=at)
                return _shown(after.verifier)
        await asyncio.sleep(_PAUSE)
    raise Conflict(
        "ほかの処理が続いています。しばらくしてからやり直してください。",
        "Other work is in the way. Please try again shortly.",
        rule="log-key.busy",
    )


async def _hand_over(tx: Connection, home: Path, at: datetime) -> Signer | None:
    """Sign over at a size that no checkpoint has yet; None while there is none, or another server is at it."""
    if not await log_tree.claim(tx):
        return None
    await sequence(tx)
    signer, size = Signer.at(home), (await log_tree.state(tx)).size
    last = await log_tree.last_checkpoint(tx)
    if last is not None and last["size"] == size:
        return None
    seed = os.urandom(_SEED)
    checkpoint, note = signer.hand_over(size, await root_of(tx, size), Signer(signer.verifier.name, seed))
    await log_tree.add_checkpoint(tx, size, checkpoint.root, note, at=at)
    _replace(home / "keys", signer.verifier, size, seed)
    Held.at(home).add(note, at=at)
    return Signer.at(home)


def _replace(folder: Path, former: Verifier, size: int, seed: bytes) -> None:
    """Note the former key's last size, then put the new key in its place; published both."""
    with (folder / "log.former").open("a", encoding="utf-8") as file:
        file.write(f"{former.vkey} {size}\n")
        file.flush()
        os.fsync(file.fileno())
    draft = folder / f".log.key.{os.getpid()}"
    write_private(draft, seed)
    draft.replace(folder / "log.key")


def _shown(one: Verifier) -> LogKey:
    return LogKey(one.key_id.hex(), one.vkey, one.upto)
