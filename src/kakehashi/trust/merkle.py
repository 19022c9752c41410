"""The Merkle tree of RFC 6962 section 2 (and RFC 9162): hashes, roots, proofs. Pure; touches no database.

Hashes are kept in tiles of 256: tile (level L, number n) holds the hashes of the complete subtrees of 256**L
leaves, numbers 256·n and following. What a proof needs is first named as nodes, so that the caller can fetch
their tiles at once: `inclusion_nodes` → `tiles_of` → `combine`.
Source: https://www.rfc-editor.org/rfc/rfc6962#section-2 and https://c2sp.org/tlog-tiles
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256

HASH = 32  # bytes
TILE = 256  # hashes in a full tile
_BITS = 8  # 2**8 = TILE

Node = tuple[int, int]  # (level, number): the subtree over leaves [number·2**level, (number+1)·2**level)
TileKey = tuple[int, int]  # (tile level, tile number)

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of one entry: SHA-256(0x00 ‖ entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees: SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


def pairs(hashes: bytes) -> bytes:
    """Return the level above: each two neighbouring hashes become one. The number of hashes must be even."""
    step = 2 * HASH
    return b"".join(sha256(b"\x01" + hashes[i : i + step]).digest() for i in range(0, len(hashes), step))


def cover(low: int, high: int) -> list[Node]:
    """Return the largest complete subtrees that lie side by side over leaves [low, high)."""
    nodes: list[Node] = []
    while low < high:
        level = (high - low).bit_length() - 1
        if low:
            level = min(level, (low & -low).bit_length() - 1)
        nodes.append((level, low >> level))
        low += 1 << level
    return nodes


def inclusion_nodes(index: int, size: int) -> list[list[Node]]:
    """Return, for each hash of the inclusion proof (nearest leaf first), the subtrees that it is made of.

    Raises ValueError when the tree of `size` has no leaf `index`.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    low, high, path = 0, size, []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(cover(middle, high))
            high = middle
        else:
            path.append(cover(low, middle))
            low = middle
    return path[::-1]


def _split(width: int) -> int:
    """Return the largest power of two smaller than `width`."""
    return 1 << ((width - 1).bit_length() - 1)


def tiles_of(nodes: Iterable[Node]) -> set[TileKey]:
    """Return the tiles that hold what these subtrees are computed from."""
    return {_place(node)[0] for node in nodes}


def _place(node: Node) -> tuple[TileKey, int, int]:
    """Return a node's tile, and the first hash and the number of hashes in it that the node is made of."""
    level, number = node
    width = 1 << level % _BITS
    first = number * width
    return (level // _BITS, first // TILE), first % TILE, width


def node_of(node: Node, tiles: Mapping[TileKey, bytes]) -> bytes:
    """Return the hash of one complete subtree. KeyError names a tile that is missing."""
    key, first, width = _place(node)
    hashes = tiles[key][first * HASH : (first + width) * HASH]
    if len(hashes) != width * HASH:
        raise KeyError(key)
    return _whole(hashes)


def combine(nodes: Sequence[Node], tiles: Mapping[TileKey, bytes]) -> bytes:
    """Return the hash of subtrees that lie side by side (a root, or one hash of a proof)."""
    return fold([node_of(node, tiles) for node in nodes])


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over subtrees given from the largest (left) to the smallest (right)."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def grow(size: int, leaves: Sequence[bytes], open_tile: Callable[[TileKey], bytes]) -> dict[TileKey, bytes]:
    """Return the tiles that change when leaf hashes are added to a tree of `size`.

    `open_tile` gives the present hashes of the right-most tile of a level (b"" when there is none).
    """
    changed: dict[TileKey, bytes] = {}
    level, start, added = 0, size, b"".join(leaves)
    while added:
        first = start // TILE
        hashes = open_tile((level, first)) + added if start % TILE else added
        parts = [hashes[i : i + TILE * HASH] for i in range(0, len(hashes), TILE * HASH)]
        changed.update({(level, first + i): part for i, part in enumerate(parts)})
        full = [part for part in parts if len(part) == TILE * HASH]
        added = b"".join(_whole(part) for part in full)
        level, start = level + 1, first
    return changed


def _whole(hashes: bytes) -> bytes:
    while len(hashes) > HASH:
        hashes = pairs(hashes)
    return hashes
