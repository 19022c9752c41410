"""What one look, or one change, leaves in the log: the note, and the exact bytes of its entries.

One act leaves one entry for each person it touched (each tells only of that person), or a single entry for
person 0 when it touched none. Entries hold references, never clinical values, names or search values.
Shape after IHE BALP (AuditEvent basics), kept small: one JSON object, keys in a fixed order.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import orjson

from kakehashi.core.actors import Actor
from kakehashi.core.clock import fhir_instant

ITEMS_NAMED = 200  # items named one by one in an entry; beyond it the entry counts them and says so


@dataclass(frozen=True, slots=True)
class Note:
    """What is being done, said before it is done; the store adds what came of it."""

    actor: Actor
    action: str  # "read", "search", "history", "export", "create", "update", "delete", "consent.given", …
    what: str  # resource type or object; for a search the names (never the values) of its parameters
    because: str = ""  # Window.because
    request: str = ""  # X-Request-Id
    reason: str = ""  # stated reason (emergency)


@dataclass(frozen=True, slots=True)
class Seen:
    """One item touched by the act."""

    person: int
    item: str  # "Observation/id/_history/version"


def entries(note: Note, seen: Iterable[Seen], *, act: str, at: datetime) -> list[tuple[int, bytes]]:
    """Return (person, entry bytes) for each person touched; for none, one entry of person 0."""
    by_person: dict[int, list[str]] = {}
    for one in seen:
        by_person.setdefault(one.person, []).append(one.item)
    return [(person, _entry(note, items, act, at)) for person, items in (by_person or {0: []}).items()]


def _entry(note: Note, items: list[str], act: str, at: datetime) -> bytes:
    actor = note.actor
    return orjson.dumps(
        {
            "leaf": 2,  # how the tree holds it, part by part: trust/log_leaf.py, which knows this order
            "act": act,
            "who": actor.subject,
            "request": note.request,
            "at": fhir_instant(at),
            "role": actor.role.value,
            "institution": actor.institution.key,
            "purpose": actor.purpose.value,
            "for": actor.acts_for,
            "action": note.action,
            "because": note.because,
            "reason": note.reason,
            "what": note.what,
            "count": len(items),
            "items": items[:ITEMS_NAMED],
        }
    )
