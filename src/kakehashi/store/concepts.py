"""Code systems, value sets and maps of the store: which rows a canonical means, and their compiled frames.

Rows are found through the window of an open `Reading`; whoever uses one says so to it (`seen`), and it is logged.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from kakehashi.core.hashing import hash64, row_key
from kakehashi.core.logentry import Seen
from kakehashi.fhir.indexing.parameters import parameters
from kakehashi.fhir.types import NAME, NUMBER
from kakehashi.store import compression, window_sql
from kakehashi.store.database import Connection
from kakehashi.store.read import Reading
from kakehashi.store.rows import item
from kakehashi.store.sql import statements
from kakehashi.store.window_sql import Arguments
from kakehashi.terms.packing import FORM, Packed

TYPES = ("CodeSystem", "ConceptMap", "ValueSet")
_SQL = statements("concepts")


@dataclass(frozen=True, slots=True)
class Kept:
    """A row of a terminology resource. business, status, dated: its own facts; None where no frame is kept of it."""

    person: int
    type: str
    id: str
    version: int
    rid: int
    changed_at: datetime
    business: str | None
    status: str | None
    dated: str | None

    @property
    def key(self) -> tuple[int, int]:
        """What no other state of any row has."""
        return self.rid, self.version

    @property
    def seen(self) -> Seen:
        """What the log says when it was used."""
        return Seen(self.person, item(self.type, self.id, self.version))


async def named(look: Reading, wanted: Sequence[tuple[str, str]], code: str = "url") -> list[list[Kept]]:
    """Return, for each (type, URL), the rows that have it. `code`: the search parameter that holds the URL."""
    types = [NUMBER[kind] for kind, _ in wanted]
    tokens = [_salt(kind, code) ^ hash64(url) for kind, url in wanted]
    found: list[list[Kept]] = [[] for _ in wanted]
    for record in await _records(look, "concepts_named", types, tokens, FORM):
        found[record["place"] - 1].append(_kept(record))
    return found


async def one(look: Reading, resource_type: str, resource_id: str) -> Kept | None:
    """Return a row by its id, None where there is none."""
    rid = row_key(resource_type, resource_id)
    records = await _records(look, "concepts_one", NUMBER[resource_type], rid, resource_id, FORM)
    return _kept(records[0]) if records else None


async def frame(look: Reading, kept: Kept) -> bytes | None:
    """Return the frame that is kept of a row, None where there is none."""
    found: bytes | None = await look.connection.fetchval(_SQL["concepts_frame"], kept.rid, kept.version, FORM)
    return found


async def body(look: Reading, kept: Kept) -> bytes:
    """Return the body of a row that was found in the same look."""
    [record] = await _records(look, "concepts_body", NUMBER[kept.type], kept.rid, kept.version)
    return compression.unpack(record["body"])


async def keep(connection: Connection, made: Collection[tuple[int, int, Packed]]) -> None:
    """Keep what was made of rows (rid, version), instead of what was kept of them before."""
    listed = list(made)
    heads = [packed.head for _, _, packed in listed]
    facts = [[str(head.get(name, "")) for head in heads] for name in ("version", "status", "date")]
    rids = [rid for rid, _, _ in listed]
    await forget(connection, rids)
    await connection.execute(
        _SQL["concepts_keep"],
        rids,
        [version for _, version, _ in listed],
        FORM,
        *facts,
        [packed.framed() for _, _, packed in listed],
    )


async def forget(connection: Connection, rids: Sequence[int]) -> None:
    """Take away what is kept of rows."""
    await connection.execute(_SQL["concepts_forget"], rids)


async def _records(look: Reading, name: str, *values: object) -> list[asyncpg.Record]:
    arguments = Arguments(*values)
    seen = window_sql.predicate(look.window, arguments)
    found: list[asyncpg.Record] = await look.connection.fetch(
        _SQL[name].format(r=seen("r")), *arguments.values
    )
    return found


def _kept(record: asyncpg.Record) -> Kept:
    person, number, name, version, rid, changed_at, business, status, dated, _ = record
    return Kept(person, NAME[number], name, version, rid, changed_at, business, status, dated)


def _salt(resource_type: str, code: str) -> int:
    """Return the salt of the tokens of a URI parameter; `url` may be another name of one."""
    return parameters(resource_type)[code].members()[0].salt
