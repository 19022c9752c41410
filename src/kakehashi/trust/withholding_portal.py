"""The stop of self-disclosure (自己情報提供不可フラグ): for victims of violence the portal is shut to everybody.

Set and cleared by the person's present insurer, on application; the person and every proxy then see nothing in the
portal and can change nothing there. Care goes on seeing what it may. Source: R-A10 (市町村の案内; 保険者の手続).
"""

from datetime import datetime
from uuid import uuid4

from kakehashi.core.actors import Actor, Role
from kakehashi.core.errors import Conflict, Refused
from kakehashi.people.merging import resolve
from kakehashi.store import withholding as rows
from kakehashi.store.database import Connection
from kakehashi.trust import log_note
from kakehashi.trust.roles import Interaction, require
from kakehashi.trust.windows import facts_of


async def stop(db: Connection, person: int, *, by: Actor, at: datetime, request: str = "") -> None:
    """Shut the person's portal at once. Raises Refused; Conflict when it is shut."""
    async with db.transaction():
        await _require_insurer(db, person, by, at)
        which = uuid4()
        if not await rows.stop_disclosure(db, person, which, by=by.subject, at=at):
            raise _state("すでに停止されています。", "It is stopped already.")
        await log_note.record(
            db, "disclosure.stopped", f"DisclosureStop/{which}", person=person, by=by, at=at, request=request
        )


async def resume(db: Connection, person: int, *, by: Actor, at: datetime, request: str = "") -> None:
    """Open the person's portal again. Raises Refused; Conflict when it is not shut."""
    async with db.transaction():
        await _require_insurer(db, person, by, at)
        if not await rows.resume_disclosure(db, await resolve(db, person), by=by.subject, at=at):
            raise _state("停止されていません。", "It is not stopped.")
        await log_note.record(
            db, "disclosure.resumed", f"DisclosureStop/{person}", person=person, by=by, at=at, request=request
        )


async def _require_insurer(db: Connection, person: int, by: Actor, at: datetime) -> None:
    require(by, Interaction.PERSON_FIND)
    facts = await facts_of(db, by, person, at=at)
    if by.role is not Role.INSURER or by.institution.key not in facts.insurers:
        raise Refused(rule="disclosure.insurer")


def _state(ja: str, en: str) -> Conflict:
    return Conflict(ja, en, rule="disclosure.state")
