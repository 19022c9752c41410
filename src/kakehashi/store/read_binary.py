"""Reads by id as PostgreSQL's binary form of `ask[]` (store/binary.py, migration 0019)."""

from datetime import datetime
from struct import Struct
from typing import NamedTuple

from kakehashi.store.binary import BEGIN, BYTEA, INT2, INT8, NULL, TEXT, TIMESTAMPTZ, composite, moment

_FIXED = Struct(">i" + "iih" + "iiq" * 2 + "ii")  # type, rid, at, then what the panes begin with
_COLUMNS = 8


class Ask(NamedTuple):
    """One read: what is wanted, its window as text, and its log entry in pieces (migration 0005)."""

    panes: str
    type: int
    rid: int
    id: str
    at: datetime
    head: bytes
    tail: bytes
    nothing: bytes | None  # None: a miss leaves no entry, because the caller looks again


def element(ask: Ask) -> bytes:
    """Return one read, after its length, in the order of the type's columns."""
    panes, name = ask.panes.encode(), ask.id.encode()
    length = NULL if ask.nothing is None else len(ask.nothing)
    return composite(
        (
            _FIXED.pack(
                _COLUMNS,
                INT2, 2, ask.type,
                INT8, 8, ask.rid,
                TIMESTAMPTZ, 8, moment(ask.at),
                TEXT, len(panes),
            ),
            panes,
            BEGIN.pack(TEXT, len(name)), name,
            BEGIN.pack(BYTEA, len(ask.head)), ask.head,
            BEGIN.pack(BYTEA, len(ask.tail)), ask.tail,
            BEGIN.pack(BYTEA, length), ask.nothing or b"",
        )
    )  # fmt: skip
