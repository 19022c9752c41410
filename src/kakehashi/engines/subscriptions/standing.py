"""Who a subscription acts for now, and what they may see of a person now. Asked anew for each telling."""

from datetime import datetime

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.window import Window
from kakehashi.engines.records.asked import bound, own_window
from kakehashi.store.database import Connection
from kakehashi.store.subscriptions import Held
from kakehashi.trust.oauth.again import Token, as_they_stand
from kakehashi.trust.windows import open_window


async def actor_of(db: Connection, held: Held, *, at: datetime) -> Actor | None:
    """Return the subscriber as they stand at `at`, None where they may not act any more."""
    if held.halted:
        return None
    token = Token(
        held.subject, Role(held.role), held.institution, Purpose(held.purpose), held.person, held.scopes
    )
    return await as_they_stand(db, token, at=at)


async def window_of(db: Connection, actor: Actor, person: int, *, at: datetime) -> Window:
    """Return what the subscriber may find of the rows of a person (0: nobody's) at `at`."""
    if bound(actor):
        return (await open_window(db, actor, None, at=at)).searching()
    own = own_window(actor)
    whole = own if person == 0 else own.joined(await open_window(db, actor, person, at=at))
    return whole.searching()
