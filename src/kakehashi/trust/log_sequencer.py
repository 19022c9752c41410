"""The sequencer: puts settled entries into the Merkle tree, each exactly once, and signs what the tree has become.

One transaction at a time does it (advisory lock), so any number of servers may run it. The order is the log's,
(xid, seq), up to the oldest transaction still open, so no entry can come in between later.
A checkpoint is due every 60 seconds while entries come, or after 10,000 of them (R-A14; X-Road's figures).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from kakehashi.store import log_tree, reach
from kakehashi.store.database import Connection, Database
from kakehashi.store.log_tree import Row, State
from kakehashi.store.reach import WHOLE_LOG
from kakehashi.trust import merkle
from kakehashi.trust.checkpoints import Checkpoint, Signer
from kakehashi.trust.checkpoints_held import Held, LogBroken
from kakehashi.trust.log_leaf import leaf_data
from kakehashi.trust.merkle import TILE

BATCH = (
    2_000  # entries that one transaction takes in: hashing them keeps a server from answering for some 15 ms
)
EVERY = timedelta(seconds=60)
AFTER = 10_000  # entries


@dataclass(frozen=True, slots=True)
class Sequencer:
    """Grows the tree of one database, signs it, and holds the checkpoints outside of it."""

    db: Database
    signer: Signer
    held: Held

    async def run(self, *, at: datetime) -> int:
        """Take in what has settled, sign when a checkpoint is due; return how many entries were taken in.

        Call it every second or so. Raises LogBroken when the database is not the one whose checkpoints are held:
        then nothing is signed.
        """
        taken = 0
        while True:
            async with self.db.transaction() as tx:
                count = await sequence(tx, BATCH)
            taken += count
            if count:
                await self.sign(at=at)
            if count < BATCH:
                break
        if not taken:
            await self.sign(at=at)
        return taken

    async def sign(self, *, at: datetime, now: bool = False) -> Checkpoint | None:
        """Sign the tree when a checkpoint is due (or `now`, if it has grown) and hold it; None: no need."""
        async with self.db.transaction() as tx:
            if not await log_tree.claim(tx):
                return None
            size = (await log_tree.state(tx)).size
            last = await log_tree.last_checkpoint(tx)
            signer = self.signer.now()
            await self._require_same_past(tx, size, signer)
            if not _due(size, last, at, now=now):
                return None
            checkpoint, note = signer.sign(size, await root_of(tx, size))
            await log_tree.add_checkpoint(tx, size, checkpoint.root, note, at=at)
            await self._hold_leaves(tx)
            self.held.add(
                note, at=at
            )  # before the commit: held but not stored is harmless, the reverse is not
        return checkpoint

    async def _require_same_past(self, tx: Connection, size: int, signer: Signer) -> None:
        held = self.held.last(signer.verifier)
        if held is None:
            return
        if held.size > size or await root_of(tx, held.size) != held.root:
            raise LogBroken(rule="log.broken")

    async def _hold_leaves(self, tx: Connection) -> None:
        held = self.held.leaf_count()
        skip = held % TILE * merkle.HASH
        async for hashes in log_tree.stream_tiles(tx, 0, held // TILE):
            self.held.add_leaves(hashes[skip:])
            skip = 0


def _due(size: int, last: Row | None, at: datetime, *, now: bool) -> bool:
    if size == (last["size"] if last else 0):
        return False
    return now or last is None or size - last["size"] >= AFTER or at - last["at"] >= EVERY


async def sequence(tx: Connection, most: int = BATCH) -> int:
    """Put the next settled entries into the tree; return how many. 0 also when another transaction is at it."""
    if not await log_tree.claim(tx):
        return 0
    await reach.open_on(tx, WHOLE_LOG)
    before = await log_tree.state(tx)
    rows = await log_tree.settled(tx, before, most)
    if not rows:
        return 0
    leaves = [merkle.leaf_hash(leaf_data(row["entry"])) for row in rows]
    edge = await log_tree.tiles(tx, edge_of(before.size))
    await log_tree.put_tiles(tx, merkle.grow(before.size, leaves, lambda key: edge.get(key, b"")))
    await log_tree.put_places(tx, _places(before.size, rows))
    await log_tree.grow(tx, State(before.size + len(rows), rows[-1]["xid"], rows[-1]["seq"]))
    return len(rows)


def edge_of(size: int) -> set[merkle.TileKey]:
    """Return the right-most tile of each level of a tree: those that new leaves make grow."""
    edge, level = set(), 0
    while size:
        edge.add((level, size // TILE))
        level, size = level + 1, size // TILE
    return edge


async def root_of(tx: Connection, size: int) -> bytes:
    """Return the root of the first `size` leaves, from the tiles. Raises LogBroken when tiles are missing."""
    nodes = merkle.cover(0, size)
    try:
        return merkle.combine(nodes, await log_tree.tiles(tx, merkle.tiles_of(nodes)))
    except KeyError:
        raise LogBroken(rule="log.tiles") from None


def _places(size: int, rows: list[Row]) -> list[tuple[int, str, int, list[int]]]:
    """Return, for each tile of leaves that gets new ones: tile, xid and seq of the first, seqs of all."""
    first = size // TILE
    cuts = [0, *range((first + 1) * TILE - size, len(rows), TILE), len(rows)]
    parts = [rows[start:end] for start, end in pairwise(cuts)]
    return [
        (first + i, part[0]["xid"], part[0]["seq"], [row["seq"] for row in part])
        for i, part in enumerate(parts)
    ]
