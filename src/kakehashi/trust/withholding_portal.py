"""The stop of self-disclosure (自己情報提供不可フラグ): for victims of violence the portal is shut to everybody.

Set and cleared by the person's present insurer, on application; the person and every proxy then see nothing in the
portal and can change nothing there. Care goes on seeing what it may. Source: R-A10 (市町村の案内; 保険者の手続).
"""

from datetime import datetime
from uuid import uuid4

from kakehashi.core.actors import Actor, Role
from kakehashi.core.errors import Conflict, Refused
from kakehashi.people.merging import resolve
from kakehashi.store import reach
from kakehashi.store import withholding as rows
from kakehashi.store.database import Connection
from kakehashi.store.reach import Matter, Reach
from kakehashi.trust import log_note
from kakehashi.trust.roles import Interaction, require
from kakehashi.trust.windows import facts_of


async def stop(
    db: Connection, person: int, *, by: Actor, at: datetime, paper: str = "", request: str = ""
) -> None:
    """Shut the person's portal at once; `paper`: the application. Raises Refused; Conflict when it is shut."""
    async with db.transaction():
        await _require_insurer(db, person, by, at)
        which = uuid4()
        if not await rows.stop_disclosure(db, person, which, by=by.subject, at=at):
            raise _state("すでに停止されています。", "It is stopped already.")
        await log_note.record(
            db, "disclosure.stopped", f"DisclosureStop/{which}", person=person, by=by, at=at, reason=paper,
            request=request,
        )  # fmt: skip


async def resume(
    db: Connection, person: int, *, by: Actor, at: datetime, paper: str = "", request: str = ""
) -> None:
    """Open the person's portal again; `paper`: the application. Raises Refused; Conflict when it is not shut."""
    async with db.transaction():
        await _require_insurer(db, person, by, at)
        ended = await rows.resume_disclosure(db, await resolve(db, person), by=by.subject, at=at)
        if not ended:
            raise _state("停止されていません。", "It is not stopped.")
        await log_note.record(
            db, "disclosure.resumed", f"DisclosureStop/{ended[0]}", person=person, by=by, at=at, reason=paper,
            request=request,
        )  # fmt: skip


async def stopped(db: Connection, person: int, *, by: Actor, at: datetime) -> bool:
    """Say to the person's present insurer whether the portal is shut. Raises Refused."""
    await _require_insurer(db, person, by, at)
    return await rows.disclosure_stopped(db, await resolve(db, person))


async def _require_insurer(db: Connection, person: int, by: Actor, at: datetime) -> None:
    require(by, Interaction.DISCLOSURE_STOP)
    facts = await facts_of(db, by, person, at=at)
    if by.role is not Role.INSURER or by.institution.key not in facts.insurers:
        raise Refused(rule="disclosure.insurer")
    await reach.open_on(db, Reach((Matter.DISCLOSURE,), facts.persons))


def _state(ja: str, en: str) -> Conflict:
    return Conflict(ja, en, rule="disclosure.state")
