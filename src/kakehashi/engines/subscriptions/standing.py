"""Who a subscription acts for now, and what they may see of a person now. Asked anew for each telling."""

from datetime import datetime

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.window import Window
from kakehashi.engines.records.asked import bound, own_window
from kakehashi.store import clients, tokens
from kakehashi.store.database import Connection
from kakehashi.store.subscriptions import Held
from kakehashi.trust.oauth.scopes import granted
from kakehashi.trust.windows import open_window


async def actor_of(db: Connection, held: Held) -> Actor | None:
    """Return the subscriber as they stand now, None where they may not act any more.

    A client that was suspended or whose institution is in quarantine, an account that was disabled or left, a
    purpose or scopes that were taken away: all end it here.
    """
    if held.halted:
        return None
    role, purpose = Role(held.role), Purpose(held.purpose)
    if role is not Role.SYSTEM:
        found = await tokens.of_account(db, held.subject, held.institution, role)
        if found is None or not held.scopes or (role is Role.PERSON and found.person != held.person):
            return None
        return Actor(
            held.subject, role, found.institution, purpose, person=held.person, scopes=held.scopes,
            licence=found.licence,
        )  # fmt: skip
    client = await clients.by_id(db, held.subject)
    if client is None or client.status != "active" or client.institution.key != held.institution:
        return None
    scopes = granted(held.scopes, client.scopes, context="system")
    if not scopes or purpose not in client.purposes:
        return None
    return Actor(held.subject, role, client.institution, purpose, person=held.person, scopes=scopes)


async def window_of(db: Connection, actor: Actor, person: int, *, at: datetime) -> Window:
    """Return what the subscriber may see of the rows of a person (0: nobody's) at `at`."""
    if bound(actor):
        return await open_window(db, actor, None, at=at)
    own = own_window(actor)
    return own if person == 0 else own.joined(await open_window(db, actor, person, at=at))
