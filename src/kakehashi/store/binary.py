"""PostgreSQL's binary form of arrays of composites, made here: rows to write, and reads that are asked for.

asyncpg's own way to write an array of composites looks at every number of every array twice, and asks of every element
of every array what it is: for a row that costs as much as validation does. Sources: PostgreSQL's array_recv
(src/backend/utils/adt/arrayfuncs.c), record_recv (rowtypes.c), timestamptz_recv: all numbers big-endian; an array is
dimensions, flags, type, then length and lower bound of each dimension, then each element after its length; a composite
is the number of columns, then type, length, bytes of each.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct

import asyncpg

from kakehashi.store.sql import statements

INT2, INT4, INT8, TEXT, BYTEA, TIMESTAMPTZ = 21, 23, 20, 25, 17, 1184  # OIDs, from pg_type.dat
INT2S, INT8S, FLOAT8S, FLOAT8 = 1005, 1016, 1022, 701
NULL = -1  # as a length
ARRAY = Struct(">iiIii")  # dimensions, flags, type of the elements, their number, the first one's place
BEGIN = Struct(">ii")  # a column: its type and length
_LENGTH = Struct(">i")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TYPES = statements("records")["composite_types"]


async def teach(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Let a connection take, for `resource[]` and `ask[]`, sequences of what `composite` made. Once for each."""
    for known in await connection.fetch(_TYPES):
        connection.get_settings().add_python_codec(
            known["array"], known["name"], known["schema"], [], "scalar", _encoder(known["element"]), bytes, "binary"
        )  # fmt: skip


def composite(parts: Sequence[bytes]) -> bytes:
    """Return one element, after its length: the number of its columns, then each of them."""
    return _LENGTH.pack(sum(map(len, parts))) + b"".join(parts)


def moment(at: datetime) -> int:
    """Return a time as PostgreSQL counts it: microseconds since 2000."""
    return (at - _EPOCH) // _MICROSECOND


def _encoder(element: int) -> Callable[[Sequence[bytes]], bytes]:
    def encode(elements: Sequence[bytes]) -> bytes:
        return b"".join((ARRAY.pack(1, 0, element, len(elements), 1), *elements))

    return encode
