"""`kakehashi quarantine`: shut an institution out from the prompt, when nobody can get to the console."""

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.engines.house import House
from kakehashi.store import institutions
from kakehashi.trust import quarantine
from kakehashi.trust.signin.setup import OPERATOR

_BY = Actor("quarantine", Role.OPERATOR, OPERATOR, Purpose.OPERATIONS, factors=2)


async def place_or_lift(house: House, code: str, reason: str, *, lift: bool) -> str:
    """Do the one or the other, and return what to say. Raises NotFound, BadRequest (no reason), Conflict."""
    async with house.db.transaction() as tx:
        site = await institutions.by_code(tx, code)
    if lift:
        await quarantine.lift(house.db, site.key, by=_BY, at=house.clock())
        return f"{site.name}: 隔離を解きました。利用者はもう一度サインインします · let in again"
    await quarantine.place(house.db, site.key, reason, by=_BY, at=house.clock())
    return f"{site.name}: 隔離しました · shut out"
