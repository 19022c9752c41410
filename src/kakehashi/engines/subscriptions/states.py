"""The state of a subscription, in its resource as in what is worked: requested, active, error, off.

The server writes a new version of the Subscription; where its owner was faster, theirs counts.
"""

from dataclasses import replace
from datetime import datetime

import orjson

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.errors import VersionMismatch
from kakehashi.core.logentry import Note
from kakehashi.engines.house import House
from kakehashi.engines.records.drafts import draft_of
from kakehashi.fhir.parse import parse
from kakehashi.store import reach, subscriptions
from kakehashi.store.reach import EVERY_SUBSCRIPTION
from kakehashi.store.subscriptions import Held
from kakehashi.store.write import writing
from kakehashi.trust.signin.setup import OPERATOR

_WORKER = Actor("subscriptions", Role.OPERATOR, OPERATOR, Purpose.OPERATIONS)


async def become(
    house: House, held: Held, status: str, *, at: datetime, error: str = "", by: Actor = _WORKER
) -> Held | None:
    """Set the state, and return the subscription as it is then; None where it is not what was worked with any more.

    `by`: who does it, as the log shall say.
    """
    try:
        return await _become(house, held, status, at, error, by)
    except VersionMismatch:
        return None


async def _become(house: House, held: Held, status: str, at: datetime, error: str, by: Actor) -> Held | None:
    note = Note(by, "update", "Subscription", "subscription")
    async with writing(house.db, note, at=at) as work:
        row = await work.current("Subscription", held.id)
        if row is None or row.version != held.version:
            raise VersionMismatch
        tree = {name: value for name, value in orjson.loads(row.body).items() if name != "error"}
        tree["status"] = status
        if error:
            tree["error"] = error
        draft = draft_of(parse(orjson.dumps(tree)), row.person, _WORKER, at)
        kept = replace(
            draft, kind=row.kind, custodian=row.custodian, addressee=row.addressee, flags=row.flags, at=row.at
        )
        stored = await work.put(kept, row.version)
        await reach.open_on(work.connection, EVERY_SUBSCRIPTION)
        await subscriptions.state(work.connection, held.id, held.version, stored.version, status, error, at)
        return await subscriptions.one(work.connection, held.id)
