"""Rows of the table `resource` as PostgreSQL's binary form of `resource[]`, made here.

asyncpg's own way to write an array of composites looks at every number of every array twice, which costs as much as
validation does. Sources: PostgreSQL's array_recv (src/backend/utils/adt/arrayfuncs.c), record_recv (rowtypes.c),
timestamptz_recv: all numbers big-endian; an array is dimensions, flags, type, then length and lower bound of each
dimension, then each element after its length; a composite is the number of columns, then type, length, bytes of each.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from struct import Struct

import asyncpg

from kakehashi.store.rows import Draft, Stored
from kakehashi.store.sql import statements

_TYPE_OF_ROWS = statements("records")["record_array_type"]
_INT2, _INT4, _INT8, _TEXT, _BYTEA, _TIMESTAMPTZ = 21, 23, 20, 25, 17, 1184  # OIDs, from pg_type.dat
_INT8S, _FLOAT8S, _FLOAT8 = 1016, 1022, 701
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_COLUMNS = 16  # of `resource`, in the order of the table

_LONG, _WHOLE, _SHORT, _LENGTH, _HEAD = "iiq", "iii", "iih", "ii", ">iiIii"
_FIXED = Struct(
    ">i" + _LONG * 5 + _WHOLE * 3 + _SHORT * 3 + _LENGTH
)  # person to flags, then what the id begins with
_BEGIN = Struct(">" + _LENGTH)
_ARRAY = Struct(_HEAD)
_ROW = Struct(">i")


async def teach(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Let a connection take what `row` returns, in a sequence, for `resource[]`. Once for each connection."""
    [known] = await connection.fetch(_TYPE_OF_ROWS)
    element = known["element"]

    def encode(rows: Sequence[bytes]) -> bytes:
        return b"".join((_ARRAY.pack(1, 0, element, len(rows), 1), *rows))

    connection.get_settings().add_python_codec(
        known["array"], "_resource", known["schema"], [], "scalar", encode, bytes, "binary"
    )


def row(draft: Draft, key: tuple[int, int], stored: Stored, packed: bytes) -> bytes:
    """Return one row, after its length. `key`: number of its type, rid; `packed`: its body as a frame."""
    name, texts, index = draft.id.encode(), draft.index.texts.encode(), draft.index
    parts = (
        _fixed(draft, key, stored, len(name)),
        name,
        *_array(_int8s, _INT8S, _INT8, index.tokens),
        *_array(_float8s, _FLOAT8S, _FLOAT8, index.ranges),
        _BEGIN.pack(_TEXT, len(texts)),
        texts,
        _BEGIN.pack(_BYTEA, len(packed)),
        packed,
    )
    return _ROW.pack(sum(map(len, parts))) + b"".join(parts)


def _fixed(draft: Draft, key: tuple[int, int], stored: Stored, name: int) -> bytes:
    number, rid = key
    return _FIXED.pack(
        _COLUMNS,
        _INT8, 8, draft.person,
        _INT8, 8, rid,
        _INT8, 8, draft.origin,
        _TIMESTAMPTZ, 8, _moment(draft.at),
        _TIMESTAMPTZ, 8, _moment(stored.changed_at),
        _INT4, 4, stored.version,
        _INT4, 4, draft.custodian,
        _INT4, 4, draft.addressee,
        _INT2, 2, number,
        _INT2, 2, draft.kind,
        _INT2, 2, draft.flags,
        _TEXT, name,
    )  # fmt: skip


def _moment(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _array(
    packer: Callable[[int], Struct], kind: int, element: int, numbers: Sequence[float]
) -> tuple[bytes, bytes, bytes]:
    """Return an array of 8-byte numbers: its type and length, its head, its elements after their lengths."""
    count = len(numbers)
    if not count:
        return _BEGIN.pack(kind, 12), _ARRAY.pack(0, 0, element, 0, 0)[:12], b""
    spelled: list[float] = [8] * (2 * count)
    spelled[1::2] = numbers
    return (
        _BEGIN.pack(kind, 20 + 12 * count),
        _ARRAY.pack(1, 0, element, count, 1),
        packer(count).pack(*spelled),
    )


@lru_cache(maxsize=1024)
def _int8s(count: int) -> Struct:
    return Struct(">" + "iq" * count)


@lru_cache(maxsize=1024)
def _float8s(count: int) -> Struct:
    return Struct(">" + "id" * count)
