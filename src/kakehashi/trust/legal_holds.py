"""Legal holds (保存期間の停止): records under dispute stay, whatever their class says, until the hold is lifted.

Each is set and lifted with a reason, by the operator, and is in the person's own log. Retention reads them itself.
"""

from datetime import datetime

from kakehashi.core.actors import Actor
from kakehashi.core.errors import BadRequest, NotFound
from kakehashi.people.merging import resolve
from kakehashi.store import legal_holds as rows
from kakehashi.store.database import Connection, Database
from kakehashi.store.legal_holds import Hold
from kakehashi.trust import log_note
from kakehashi.trust.decide import WHOLE
from kakehashi.trust.roles import Interaction, require

_REASON = (4, 300)  # characters
MOST = 200  # holds that a page lists


async def place(
    db: Database, person: int, *, kinds: int, reason: str, by: Actor, at: datetime, request: str = ""
) -> int:
    """Keep a person's records of these kinds; return the hold's number. Raises Refused, BadRequest, NotFound."""
    require(by, Interaction.CONSOLE_RETENTION)
    _require_reason(reason)
    if not kinds & WHOLE:
        raise BadRequest(
            "残す記録の種別を一つ以上選んでください。", "Choose at least one kind of records.", rule="hold.kinds",
            place="kinds",
        )  # fmt: skip
    async with db.transaction() as tx:
        if not await resolve(tx, person):
            raise NotFound
        number = await rows.place(
            tx, person, kinds=kinds & WHOLE, reason=reason.strip(), by=by.subject, at=at
        )
        await _note(tx, "hold.placed", person, number, by, at, request)
    return number


async def lift(
    db: Database, person: int, number: int, *, reason: str, by: Actor, at: datetime, request: str = ""
) -> None:
    """End a hold: retention goes on as if it had not been. Raises Refused, BadRequest, NotFound."""
    require(by, Interaction.CONSOLE_RETENTION)
    _require_reason(reason)
    async with db.transaction() as tx:
        held = await rows.lift(
            tx, await resolve(tx, person), number, reason=reason.strip(), by=by.subject, at=at
        )
        if held is None:
            raise NotFound
        await _note(tx, "hold.lifted", held, number, by, at, request)


async def of_person(db: Connection, person: int, *, by: Actor) -> list[Hold]:
    """Return every hold on a person, lifted ones too, newest first. Raises Refused."""
    require(by, Interaction.CONSOLE_RETENTION)
    return await rows.of_person(db, await resolve(db, person))


async def live(db: Connection, *, by: Actor) -> list[Hold]:
    """Return the holds in force, oldest first, at most 200. Raises Refused."""
    require(by, Interaction.CONSOLE_RETENTION)
    return await rows.live(db, MOST)


def _require_reason(reason: str) -> None:
    if not _REASON[0] <= len(reason.strip()) <= _REASON[1]:
        raise BadRequest(
            f"理由を書いてください ({_REASON[0]}〜{_REASON[1]}文字、例: 訴訟の番号)。",
            f"Give the reason ({_REASON[0]} to {_REASON[1]} characters), e.g. the case's number.",
            rule="hold.reason", place="reason",
        )  # fmt: skip


async def _note(
    tx: Connection, action: str, person: int, number: int, by: Actor, at: datetime, request: str
) -> None:
    await log_note.record(tx, action, f"Hold/{number}", person=person, by=by, at=at, request=request)
