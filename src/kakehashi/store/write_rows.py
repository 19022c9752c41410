"""Drafts to rows of the table `resource`: versions counted on, bodies in the served form and packed."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from kakehashi.fhir.served import served
from kakehashi.fhir.types import NAME
from kakehashi.store import compression, write_binary
from kakehashi.store.rows import Draft, Row, Stored

_IN_A_THREAD = 64  # drafts from which packing leaves the event loop to others (about 20 µs a draft)

type_of = NAME.__getitem__
Key = tuple[int, int]  # number of the type, rid


@dataclass(frozen=True, slots=True)
class Head:
    """Where a resource stands: whose it is and at which version."""

    person: int
    version: int


@dataclass(frozen=True, slots=True)
class Heads:
    """The resources among some keys that exist (living) or are deleted (dead)."""

    living: dict[Key, Head]
    dead: dict[Key, Head]

    @classmethod
    def of(cls, living: Sequence[asyncpg.Record], dead: Sequence[asyncpg.Record]) -> "Heads":
        """Return the heads from records of (type, rid, person, version)."""
        return cls(*({(one[0], one[1]): Head(one[2], one[3]) for one in found} for found in (living, dead)))

    def version_of(self, key: Key) -> int:
        """Return the current version, 0 when there is none (or it is deleted)."""
        head = self.living.get(key)
        return head.version if head else 0

    def next_version(self, key: Key) -> int:
        """Return the version that comes next; after a deletion counting goes on."""
        head = self.living.get(key) or self.dead.get(key)
        return head.version + 1 if head else 1


async def prepared(
    drafts: Sequence[Draft], keys: Sequence[Key], heads: Heads, at: datetime
) -> tuple[list[Stored], list[bytes]]:
    """Return what came of each draft, and the rows to insert, as `resource[]` takes them, in the order of their keys.

    `keys`: of the drafts.
    """
    if len(drafts) < _IN_A_THREAD:
        return _prepared(drafts, keys, heads, at)
    return await asyncio.to_thread(_prepared, drafts, keys, heads, at)


def row_of(columns: Iterable[Any]) -> Row:
    """Return the row of a record whose columns stand in the order of Row's fields."""
    person, number, *rest = columns
    return Row(person, NAME[number], *rest)


def _prepared(
    drafts: Sequence[Draft], keys: Sequence[Key], heads: Heads, at: datetime
) -> tuple[list[Stored], list[bytes]]:
    stored = [_stored(draft, key, heads, at) for draft, key in zip(drafts, keys, strict=True)]
    rows = [
        (draft.person, key[1], write_binary.row(draft, key, one, compression.pack(one.body)))
        for draft, key, one in zip(drafts, keys, stored, strict=True)
    ]
    return stored, [packed for _, _, packed in sorted(rows)]


def _stored(draft: Draft, key: Key, heads: Heads, at: datetime) -> Stored:
    version = heads.next_version(key)
    body = served(draft.body, id=draft.id, version=version, changed_at=at)
    return Stored(draft.type, draft.id, draft.person, version, at, key not in heads.living, body)
