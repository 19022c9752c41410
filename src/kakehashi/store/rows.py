"""What is put into the store (`Draft`) and what comes out (`Row`): values without a connection."""

from dataclasses import dataclass, field
from datetime import datetime

from kakehashi.core.hashing import row_key
from kakehashi.core.logentry import Seen
from kakehashi.fhir.index import Index, index
from kakehashi.fhir.parse import parse
from kakehashi.store import compression


@dataclass(slots=True)
class Draft:
    """A resource to be stored. `body` is as received; the store sets id, version and time in it.

    person 0: about nobody. custodian: key of the institution that writes. addressee: key of the institution it
    is addressed to, 0 for none. at: clinical time (UTC), else when it is stored. origin: rid of the submission it
    came in by, 0 for none.
    """

    type: str
    id: str
    person: int
    kind: int
    custodian: int
    at: datetime
    body: bytes
    index: Index
    addressee: int = 0
    flags: int = 0
    origin: int = 0

    @property
    def rid(self) -> int:
        """The key of its row."""
        return row_key(self.type, self.id)


@dataclass(slots=True)
class Row:
    """One version of a resource as stored. Has what core.window.Facts asks for. Times are UTC."""

    person: int
    type: str
    id: str
    version: int
    kind: int
    custodian: int
    addressee: int
    flags: int
    origin: int
    at: datetime
    changed_at: datetime
    deleted: bool
    packed: bytes = field(repr=False)

    @property
    def rid(self) -> int:
        """The key of its row."""
        return row_key(self.type, self.id)

    @property
    def body(self) -> bytes:
        """The served bytes; empty for a deletion."""
        return compression.unpack(self.packed) if self.packed else b""

    def entries(self) -> Index:
        """Return the index entries of the body, made anew; none for a deletion."""
        return index(parse(self.body)) if self.packed else Index()

    @property
    def seen(self) -> Seen:
        """What the log says when this row was shown or written."""
        return Seen(self.person, item(self.type, self.id, self.version))


@dataclass(frozen=True, slots=True)
class Stored:
    """What came of putting a draft."""

    type: str
    id: str
    person: int
    version: int
    changed_at: datetime
    created: bool
    body: bytes = field(repr=False)  # the served form


def item(resource_type: str, resource_id: str, version: int) -> str:
    """Return the name of one version, as the log and history links write it."""
    return f"{resource_type}/{resource_id}/_history/{version}"
