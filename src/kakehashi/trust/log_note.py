"""One line for an act of trust/ (a consent, a withholding, …) in the log, in the transaction that does it."""

from datetime import datetime

from kakehashi.core.actors import Actor
from kakehashi.core.logentry import Note, Seen
from kakehashi.store import log_append
from kakehashi.store.database import Connection


async def record(
    db: Connection,
    action: str,
    item: str,
    *,
    person: int,
    by: Actor,
    at: datetime,
    reason: str = "",
    request: str = "",
    because: str = "",
) -> None:
    """Append that `by` did `action` to `item` ("Consent/<id>") of `person`. The caller's transaction commits it.

    `because`: on what it rests, where that is a basis as windows have it (core.window.Window); else the item.
    """
    what = item.partition("/")[0]
    note = Note(by, action, what, because=because or item, request=request, reason=reason)
    await log_append.append(db, note, [Seen(person, item)], at=at)
