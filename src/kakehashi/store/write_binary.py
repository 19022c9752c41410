"""Rows of the table `resource` as PostgreSQL's binary form of `resource[]` (store/binary.py)."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from struct import Struct

from kakehashi.store.binary import (
    ARRAY,
    BEGIN,
    BYTEA,
    FLOAT8,
    FLOAT8S,
    INT2,
    INT2S,
    INT4,
    INT8,
    INT8S,
    TEXT,
    TIMESTAMPTZ,
    composite,
    moment,
)
from kakehashi.store.rows import Draft, Stored

_COLUMNS = 17  # of `resource`, in the order of the table

_LONG, _WHOLE, _SHORT = "iiq", "iii", "iih"
_FIXED = Struct(
    ">i" + _LONG * 5 + _WHOLE * 3 + _SHORT * 3 + "ii"
)  # person to flags, then what the id begins with


def row(draft: Draft, key: tuple[int, int], stored: Stored, packed: bytes) -> bytes:
    """Return one row, after its length. `key`: number of its type, rid; `packed`: its body as a frame."""
    name, texts, index = draft.id.encode(), draft.index.texts.encode(), draft.index
    parts = (
        _fixed(draft, key, stored, len(name)),
        name,
        *_array(_int8s, INT8S, INT8, index.tokens),
        *_array(_float8s, FLOAT8S, FLOAT8, index.ranges),
        BEGIN.pack(TEXT, len(texts)),
        texts,
        BEGIN.pack(BYTEA, len(packed)),
        packed,
        _shorts(tuple(index.grams)),
    )
    return composite(parts)


def _fixed(draft: Draft, key: tuple[int, int], stored: Stored, name: int) -> bytes:
    number, rid = key
    return _FIXED.pack(
        _COLUMNS,
        INT8, 8, draft.person,
        INT8, 8, rid,
        INT8, 8, draft.origin,
        TIMESTAMPTZ, 8, moment(draft.at),
        TIMESTAMPTZ, 8, moment(stored.changed_at),
        INT4, 4, stored.version,
        INT4, 4, draft.custodian,
        INT4, 4, draft.addressee,
        INT2, 2, number,
        INT2, 2, draft.kind,
        INT2, 2, draft.flags,
        TEXT, name,
    )  # fmt: skip


def _array(
    packer: Callable[[int], Struct], kind: int, element: int, numbers: Sequence[float]
) -> tuple[bytes, bytes, bytes]:
    """Return an array of 8-byte numbers: its type and length, its head, its elements after their lengths."""
    count = len(numbers)
    if not count:
        return BEGIN.pack(kind, 12), ARRAY.pack(0, 0, element, 0, 0)[:12], b""
    spelled: list[float] = [8] * (2 * count)
    spelled[1::2] = numbers
    return (
        BEGIN.pack(kind, 20 + 12 * count),
        ARRAY.pack(1, 0, element, count, 1),
        packer(count).pack(*spelled),
    )


@lru_cache(maxsize=4096)
def _shorts(numbers: tuple[int, ...]) -> bytes:
    """Return an array of 2-byte numbers: its type and length, and itself. Those of resources come again and again."""
    count = len(numbers)
    if not count:
        return BEGIN.pack(INT2S, 12) + ARRAY.pack(0, 0, INT2, 0, 0)[:12]
    spelled = [2] * (2 * count)
    spelled[1::2] = numbers
    return BEGIN.pack(INT2S, 20 + 6 * count) + ARRAY.pack(1, 0, INT2, count, 1) + _int2s(count).pack(*spelled)


@lru_cache(maxsize=1024)
def _int2s(count: int) -> Struct:
    return Struct(">" + "ih" * count)


@lru_cache(maxsize=1024)
def _int8s(count: int) -> Struct:
    return Struct(">" + "iq" * count)


@lru_cache(maxsize=1024)
def _float8s(count: int) -> Struct:
    return Struct(">" + "id" * count)
