"""A resource that is new and alone, in one round trip that it shares, with its commit, with others of the same moment.

Rows, feed and log are those of `write.writing` (a test holds the two equal). What is not new, or about somebody of whom
the writer has no Patient, is not written here: `write_once` says so, and the caller takes the long way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import asyncpg

from kakehashi.core.hashing import row_key
from kakehashi.core.ids import new_id
from kakehashi.core.logentry import Note, Seen, entries
from kakehashi.fhir.served import served
from kakehashi.fhir.types import NUMBER
from kakehashi.store import compression, window_sql, write_binary
from kakehashi.store.rows import Draft, Stored, item
from kakehashi.store.shared_queue import SharedQueue
from kakehashi.store.sql import statements

if TYPE_CHECKING:
    from kakehashi.store.database import Connection, Database

_WRITE_NEW = statements("records")["write_new"]
_PANES = window_sql.setting(window_sql.system_window("writing"))  # rights are checked before
_PATIENT = NUMBER["Patient"]


@dataclass(frozen=True, slots=True)
class Addition:
    """What is to be added: a row in binary form, its entry in the log, and the id of the Patient that it is about."""

    row: bytes
    entry: bytes
    patient: str | None


WriteQueue = SharedQueue[Addition]


def write_queue(db: "Database") -> WriteQueue:
    """Return the queue of additions: each is answered by its person, or by nothing where it was not written."""
    return SharedQueue(db, _WRITE_NEW, _written)


async def write_once(
    db: "Database", draft: Draft, note: Note, *, patient: str | None, at: datetime
) -> Stored | None:
    """Store a draft as the first version of its resource; None, and nothing done, where it is not so simple.

    patient: id of the Patient that it is about, None for nobody's; the draft's person is not looked at. Raises
    Unavailable, also when the disk is nearly full.
    """
    db.require_room()
    body = served(draft.body, id=draft.id, version=1, changed_at=at)
    stored = Stored(draft.type, draft.id, 0, 1, at, True, body)
    row = write_binary.row(draft, (NUMBER[draft.type], draft.rid), stored, compression.pack(body))
    [(_, entry)] = entries(note, [Seen(0, item(draft.type, draft.id, 1))], act=new_id(), at=at)
    found = await db.writes.ask(Addition(row, entry, patient))
    if found is None:
        return None
    return Stored(draft.type, draft.id, found["person"], 1, at, True, body)


async def _written(connection: "Connection", asked: Sequence[Addition]) -> Sequence[asyncpg.Record]:
    patients = [None if one.patient is None else row_key("Patient", one.patient) for one in asked]
    return await connection.fetch(
        _WRITE_NEW, _PANES, [one.row for one in asked], _PATIENT, patients, [one.patient for one in asked],
        [one.entry for one in asked],
    )  # fmt: skip
