"""The Merkle tree: RFC 6962's words, a naive recursion beside it, and proofs that a verifier takes for nothing else."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.trust import merkle
from kakehashi_verify.line import climbed

# The eight inputs and roots of the test vectors that Certificate Transparency implementations share.
INPUTS = [bytes.fromhex(one) for one in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + naive_root(leaves[:half]) + naive_root(leaves[half:])).digest()


def naive_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962, section 2.1.1."""
    if len(leaves) == 1:
        return []
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    if index < half:
        return [*naive_path(index, leaves[:half]), naive_root(leaves[half:])]
    return [*naive_path(index - half, leaves[half:]), naive_root(leaves[:half])]


def leaves_of(count: int) -> list[bytes]:
    return [merkle.leaf_hash(number.to_bytes(4, "big")) for number in range(count)]


def tiles_of(leaves: list[bytes], steps: list[int]) -> dict[merkle.TileKey, bytes]:
    """The tiles of a tree that grew by these steps."""
    tiles: dict[merkle.TileKey, bytes] = {}
    size = 0
    for step in [*steps, len(leaves)]:
        added = leaves[size : size + step]
        tiles.update(merkle.grow(size, added, lambda key: tiles.get(key, b"")))
        size += len(added)
    return tiles


def combined(path: list[list[merkle.Node]], tiles: dict[merkle.TileKey, bytes]) -> list[bytes]:
    return [merkle.combine(nodes, tiles) for nodes in path]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_shared_vectors_have_the_roots_that_everybody_finds(size: int) -> None:
    leaves = [merkle.leaf_hash(one) for one in INPUTS[:size]]
    assert merkle.combine(merkle.cover(0, size), tiles_of(leaves, [])) == bytes.fromhex(ROOTS[size - 1])


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert merkle.combine(merkle.cover(0, 0), {}) == sha256(b"").digest()


@given(st.integers(1, 1_500), st.lists(st.integers(0, 400), max_size=6))
def test_a_tree_has_one_root_however_it_grew(size: int, steps: list[int]) -> None:
    leaves = leaves_of(size)
    tiles = tiles_of(leaves, steps)
    assert merkle.combine(merkle.cover(0, size), tiles) == naive_root(leaves)
    assert tiles == tiles_of(leaves, [])


@given(st.data(), st.integers(1, 700))
def test_an_inclusion_proof_is_the_naive_one_and_leads_to_the_root(data: st.DataObject, size: int) -> None:
    leaves = leaves_of(size)
    index = data.draw(st.integers(0, size - 1))
    proof = combined(merkle.inclusion_nodes(index, size), tiles_of(leaves, []))
    assert proof == naive_path(index, leaves)
    assert climbed(index, size, leaves[index], proof) == naive_root(leaves)


@given(st.data(), st.integers(2, 400))
def test_an_inclusion_proof_fits_no_other_leaf_place_or_length(data: st.DataObject, size: int) -> None:
    leaves = leaves_of(size)
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda one: one != index))
    root, proof = naive_root(leaves), naive_path(index, leaves)
    assert climbed(index, size, leaves[other], proof) != root
    assert climbed(other, size, leaves[index], proof) != root
    assert climbed(index, size, leaves[index], proof[:-1]) != root
    assert climbed(index, size, leaves[index], [*proof, root]) is None
    assert climbed(size, size, leaves[index], proof) is None


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_no_proof_is_made_of_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError):
        merkle.inclusion_nodes(index, size)
