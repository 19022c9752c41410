"""Break-glass sign-in (緊急時の代替手段): a broken card or telephone must not keep a doctor from the ward.

The person proves the password and says why; a second person approves and hands over a code; the code is
good at one institution, for a day at most, and everybody concerned can end it. Afterwards an auditor, who
neither used nor approved it, says whether it was justified. Source: 安全管理ガイドライン 6.0 運用編14③.
"""

from datetime import datetime, timedelta

from kakehashi.core.actors import Actor, InstitutionType
from kakehashi.core.errors import BadRequest, Conflict, NotFound, Refused
from kakehashi.core.ids import new_id
from kakehashi.store import accounts, sessions_break_glass
from kakehashi.store.database import Connection, Database
from kakehashi.store.sessions_break_glass import BreakGlass
from kakehashi.trust import log_note, roles
from kakehashi.trust.signin import authority, sessions
from kakehashi.trust.signin.codes import code_hash, new_code
from kakehashi.trust.signin.policy import STRICT, Policy
from kakehashi.trust.signin.sessions import token_hash

LONGEST = 24  # hours
VERDICTS = ("justified", "unjustified")
_REASON = (5, 400)  # characters
_ASKED_FOR = timedelta(hours=1)  # what nobody approved by then has ended
_OF_LATE = timedelta(days=30)


async def ask(
    db: Database,
    token: str,
    institution: int,
    reason: str,
    hours: int,
    *,
    at: datetime,
    policy: Policy = STRICT,
) -> str:
    """Ask for a credential from a session that proved the password; return its id.

    Raises BadRequest for a missing reason or wrong hours, Refused for an institution that is not one's own.
    """
    if not _REASON[0] <= len(reason.strip()) <= _REASON[1] or not 1 <= hours <= LONGEST:
        raise BadRequest(
            f"理由 ({_REASON[0]}文字以上) と時間 (1〜{LONGEST}時間) を入れてください。",
            f"Give a reason ({_REASON[0]} characters or more) and 1 to {LONGEST} hours.",
            rule="signin.break-glass.request",
        )
    async with db.transaction() as tx:
        row = await sessions.live(tx, token_hash(token), at=at, policy=policy)
        held = await accounts.memberships(tx, row.account)
        if row.must_change or not any(one.institution.key == institution for one in held):
            raise Refused(rule="signin.break-glass.place")
        credential = new_id()
        await sessions_break_glass.put(tx, credential, row.account, institution, reason.strip(), hours, at)
    return credential


async def mine(db: Database, token: str, *, at: datetime, policy: Policy = STRICT) -> list[BreakGlass]:
    """Return what the session's own account asked for within a day, newest first, so that it can see how it stands."""
    async with db.transaction() as tx:
        row = await sessions.live(tx, token_hash(token), at=at, policy=policy)
        return await sessions_break_glass.of_account(tx, row.account, at - timedelta(hours=LONGEST))


async def waiting(db: Database, *, by: Actor, at: datetime) -> list[BreakGlass]:
    """Return what waits for approval: at the actor's institution, or for the operator anywhere.

    Raises Refused for who may not approve.
    """
    async with db.transaction() as tx:
        await authority.require_manager(tx, by, by.institution.key)
        return await sessions_break_glass.waiting(tx, _manages(by), at - _ASKED_FOR)


async def of_late(db: Database, *, by: Actor, at: datetime) -> list[BreakGlass]:
    """Return what was approved within 30 days, newest first, where the actor manages. Raises Refused."""
    async with db.transaction() as tx:
        await authority.require_manager(tx, by, by.institution.key)
        return await sessions_break_glass.approved(tx, _manages(by), at - _OF_LATE)


async def to_review(db: Connection, *, by: Actor) -> list[BreakGlass]:
    """Return what was approved and nobody has reviewed, oldest first, without the reviewer's own. Raises Refused."""
    roles.require(by, roles.Interaction.BREAK_GLASS_REVIEW)
    return await sessions_break_glass.unreviewed(db, _audits(by), by.subject)


async def review(
    db: Database, credential: str, verdict: str, remark: str, *, by: Actor, at: datetime, request: str = ""
) -> None:
    """Say afterwards whether it was justified. Raises Refused, BadRequest, NotFound (also when it was said before)."""
    roles.require(by, roles.Interaction.BREAK_GLASS_REVIEW)
    if verdict not in VERDICTS or len(remark) > _REASON[1]:
        raise BadRequest(
            "判定を選んでください。", "Choose a verdict.", rule="signin.break-glass.verdict", place="verdict"
        )
    async with db.transaction() as tx:
        if not await sessions_break_glass.review(
            tx, credential, _audits(by), verdict, remark, by=by.subject, at=at
        ):
            raise NotFound
        await log_note.record(
            tx, "break-glass.reviewed", f"BreakGlass/{credential}", person=0, by=by, at=at, reason=verdict,
            request=request,
        )  # fmt: skip


async def approve(db: Database, credential: str, *, by: Actor, at: datetime) -> str:
    """Approve as the second person, and return the code to hand over; it is shown once.

    Raises NotFound, Refused (not a manager there, one's own, one factor), Conflict (approved, ended, too late).
    """
    async with db.transaction() as tx:
        held = await _held(await sessions_break_glass.lock(tx, credential))
        await authority.require_manager(tx, by, held.institution)
        if by.subject == held.account or by.factors < 2:
            raise Refused(rule="signin.break-glass.second-person")
        if held.approved_at or held.revoked_at or at - held.asked_at > _ASKED_FOR:
            raise Conflict(
                "この申請は承認済みか、終了しています。", "This request was approved or has ended.",
                rule="signin.break-glass.state",
            )  # fmt: skip
        code = new_code()
        ends_at = at + timedelta(hours=held.hours)
        await sessions_break_glass.approve(
            tx, credential, by.subject, code_hash(held.account, code), at, ends_at
        )
        await _note(tx, "break-glass.approved", held, by, at)
    return code


async def revoke(db: Database, credential: str, *, by: Actor, at: datetime) -> None:
    """End a credential and the sessions that rest on it. Its holder and the managers there may."""
    async with db.transaction() as tx:
        held = await _held(await sessions_break_glass.lock(tx, credential))
        if by.subject != held.account:
            await authority.require_manager(tx, by, held.institution)
        await sessions_break_glass.revoke(tx, held, at)
        await _note(tx, "break-glass.revoked", held, by, at)


def _manages(by: Actor) -> int | None:
    return None if authority.is_operator(by) else by.institution.key


def _audits(by: Actor) -> int | None:
    """The operator's auditor reviews everywhere, an institution's its own."""
    return None if by.institution.type is InstitutionType.OPERATOR else by.institution.key


async def _note(tx: Connection, action: str, held: BreakGlass, by: Actor, at: datetime) -> None:
    item = f"BreakGlass/{held.id}"
    await log_note.record(
        tx, action, item, person=0, by=by, at=at, reason=f"Account/{held.account}: {held.reason}"
    )


async def _held(found: BreakGlass | None) -> BreakGlass:
    if found is None:
        raise NotFound
    return found
