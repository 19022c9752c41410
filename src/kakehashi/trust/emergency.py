"""Emergency access (救急時医療情報閲覧): one person's summary, opened without consent, told to patient and auditor.

Only at a hospital, only with the personal right and two factors, only with a stated reason (R-A4). Each opening
stands in the person's own log and in the queue of the auditor; whoever opened does not review (R-A5).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import uuid4

from kakehashi.core.actors import Actor, InstitutionType, Role
from kakehashi.core.errors import BadRequest, NotFound, Refused
from kakehashi.people.merging import resolve
from kakehashi.store import emergency as rows
from kakehashi.store import reach
from kakehashi.store.database import Connection
from kakehashi.store.reach import Matter, Reach
from kakehashi.trust import log_note
from kakehashi.trust.consents import require_in_hand, uuid_of
from kakehashi.trust.decide import Emergency
from kakehashi.trust.roles import Interaction, require

# No published source names a length. One hour covers a first treatment; who needs longer states a reason again.
OPEN_FOR = timedelta(hours=1)
SHORTEST_REASON = 10  # characters
QUEUE_MOST = 500  # openings in one page of the auditor's queue
VERDICTS_MOST = 50  # the newest verdicts below it

# Consent is dispensed with only to protect life or body, when it is hard to obtain (個人情報保護法 27条1項2号).
REASONS: Mapping[str, tuple[str, str]] = {
    "unconscious": ("意識がない", "Unconscious"),
    "impaired": ("意識障害・重篤で意思を示せない", "Too ill to express a will"),
    "no-time": ("生命・身体の保護のため同意を得る時間がない", "No time to ask: life or body at risk"),
    "child": ("小児で保護者と連絡がとれない", "A child whose guardian cannot be reached"),
    "other": ("その他 (生命・身体の保護のため)", "Other, to protect life or body"),
}
Verdict = Literal["justified", "unjustified"]


@dataclass(frozen=True, slots=True)
class Opening:
    """An emergency opening. `account` and `reviewer` are empty where staff are not to be named."""

    person: int
    id: str
    institution: int
    account: str
    reason_code: str
    reason: str
    opened: datetime
    ends: datetime
    reviewed: datetime | None
    verdict: str
    remark: str
    reviewer: str


async def open_access(
    db: Connection, person: int, code: str, reason: str, *, by: Actor, at: datetime, request: str = ""
) -> Emergency:
    """Open the emergency summary of one person to this account for an hour, and return the opening.

    `code`: one of REASONS; `reason`: in words, ten characters at least. Raises Refused, BadRequest, NotFound.
    """
    require(by, Interaction.EMERGENCY_OPEN)
    words = reason.strip()
    if code not in REASONS or len(words) < SHORTEST_REASON:
        raise BadRequest(
            f"救急閲覧の理由を選び、{SHORTEST_REASON}文字以上で具体的に書いてください。",
            f"Choose a reason for emergency access and explain it in {SHORTEST_REASON} characters or more.",
            rule="emergency.reason",
        )  # fmt: skip
    persons = await resolve(db, person)
    if not persons:
        raise NotFound
    if by.person is not None and by.person not in persons:
        raise Refused(rule="emergency.elsewhere")
    opening = Emergency(str(uuid4()), by.institution.key, by.subject, at, at + OPEN_FOR)
    async with db.transaction():
        await reach.open_on(db, Reach((Matter.EMERGENCY,), persons, by.institution.key))
        await rows.add(
            db,
            person,
            uuid_of(opening.id),
            by.institution.key,
            by.subject,
            code,
            words,
            at=at,
            ends=opening.ends,
        )
        await log_note.record(
            db, "emergency.opened", f"Emergency/{opening.id}", person=person, by=by, at=at, reason=code,
            request=request, because=f"emergency:{opening.id}",
        )  # fmt: skip
    return opening


async def review_queue(db: Connection, *, by: Actor) -> list[Opening]:
    """Return openings that nobody has reviewed, oldest first: an institution's own, or all to the operator's auditor.

    Raises Refused. The reviewer's own openings are left out.
    """
    return await _told(db, rows.unreviewed, QUEUE_MOST, by)


async def verdicts(db: Connection, *, by: Actor) -> list[Opening]:
    """Return openings that were reviewed, the newest verdict first: of those whom `review_queue` tells its openings.

    Raises Refused. The reader's own openings are left out.
    """
    return await _told(db, rows.reviewed, VERDICTS_MOST, by)


async def review(
    db: Connection,
    person: int,
    which: str,
    verdict: Verdict,
    remark: str,
    *,
    by: Actor,
    at: datetime,
    request: str = "",
) -> None:
    """Record whether an opening was justified. Raises Refused; NotFound when there is none (left) to review."""
    require(by, Interaction.EMERGENCY_REVIEW)
    if verdict not in ("justified", "unjustified"):
        raise BadRequest(
            "判定は justified か unjustified です。",
            "The verdict is justified or unjustified.",
            rule="emergency.verdict",
        )
    async with db.transaction():
        await reach.open_on(db, Reach((Matter.EMERGENCY,), {person}, _reach(by)))
        if not await rows.review(
            db, person, uuid_of(which), _reach(by), verdict, remark, by=by.subject, at=at
        ):
            raise NotFound
        await log_note.record(
            db,
            "emergency.reviewed",
            f"Emergency/{which}",
            person=person,
            by=by,
            at=at,
            reason=verdict,
            request=request,
        )


async def of_person(db: Connection, person: int, *, by: Actor, at: datetime) -> list[Opening]:
    """Return every emergency opening of the person's record, newest first, to them; staff are not named.

    Raises Refused.
    """
    if by.role is not Role.PERSON:
        raise Refused(rule="emergency.self")
    await require_in_hand(db, person, Interaction.LOG_OWN, by, at)
    found = await rows.of_person(db, await resolve(db, person))
    return [_opening(one, name_staff=False) for one in found]


async def _told(db: Connection, ask: rows.Ask, most: int, by: Actor) -> list[Opening]:
    require(by, Interaction.EMERGENCY_REVIEW)
    await reach.open_on(db, Reach((Matter.EMERGENCY,), institution=_reach(by)))
    return [_opening(one) for one in await ask(db, _reach(by), by.subject, most)]


def _reach(by: Actor) -> int | None:
    """An auditor of the operator reviews everywhere, one of an institution there (実施機関, 施設の管理者)."""
    return None if by.institution.type is InstitutionType.OPERATOR else by.institution.key


def _opening(row: rows.Row, *, name_staff: bool = True) -> Opening:
    return Opening(
        row["person"], str(row["id"]), row["institution"], row["account"] if name_staff else "", row["reason_code"],
        row["reason"], row["opened_at"], row["ends_at"], row["reviewed_at"], row["verdict"] or "", row["remark"] or "",
        (row["reviewed_by"] or "") if name_staff else "",
    )  # fmt: skip
