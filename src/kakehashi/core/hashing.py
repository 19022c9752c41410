"""The 64-bit hashes of which row keys and search tokens are made. Signed, as PostgreSQL's bigint is.

The numbers are stored: a change here is a change of every index, and needs a migration that rebuilds them.
"""

from functools import lru_cache

import xxhash


def hash64(text: str) -> int:
    """Return the signed 64-bit xxh3 of a text."""
    value = xxhash.xxh3_64_intdigest(text.encode())
    return value - (1 << 64) if value >= 1 << 63 else value


@lru_cache(maxsize=65_536)
def row_key(resource_type: str, resource_id: str) -> int:
    """Return the key of a resource's row (`rid`): the hash of `Type/id`.

    A reference token is this key XOR the salt of its search parameter, so that SQL can go from a row to the
    tokens that point at it (chains, `_has`, `_revinclude`) without hashing text.
    """
    return hash64(f"{resource_type}/{resource_id}")
