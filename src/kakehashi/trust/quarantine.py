"""Quarantine (隔離): one act shuts an institution out when its keys or accounts may be in wrong hands.

Its systems get no tokens and those they have are void, its certificates speak for nobody, its people's sessions end
and none begins, and its loads and exchange folders stop. Other servers know it within a second. What was set for each
of them stays, so that lifting it restores exactly. Source: 医療情報システムの安全管理に関するガイドライン 6.0
運用編18① (攻撃を受けた際の隔離).
"""

from collections.abc import Iterable
from datetime import datetime

from kakehashi.core.actors import Actor
from kakehashi.core.errors import BadRequest, Conflict, NotFound, Refused
from kakehashi.store import institutions, tokens
from kakehashi.store import quarantine as store
from kakehashi.store.database import Connection, Database
from kakehashi.store.quarantine import Quarantine
from kakehashi.trust import log_note, roles
from kakehashi.trust.oauth.clients import TOKENS_LIVE

LONGEST_REASON = 200  # characters


async def place(db: Database, institution: int, reason: str, *, by: Actor, at: datetime) -> None:
    """Shut an institution out, at once. Raises Refused, NotFound, BadRequest (no reason; the operator itself),
    Conflict (it is shut out already)."""
    roles.require(by, roles.Interaction.CONSOLE_KEYS)
    _require_sound(institution, reason)
    async with db.transaction() as tx:
        if institution not in {one.key for one in await institutions.every(tx)}:
            raise NotFound
        if not await store.place(tx, institution, at=at, by=by.subject, reason=reason):
            raise Conflict(
                "この施設は既に隔離中です。", "It is in quarantine already.", rule="quarantine.placed"
            )
        await tokens.revoke(tx, "institution", str(institution), at, at + TOKENS_LIVE)
        await log_note.record(
            tx, "quarantine.placed", f"Institution/{institution}", person=0, by=by, at=at, reason=reason
        )


async def lift(db: Database, institution: int, *, by: Actor, at: datetime) -> None:
    """Let an institution in again; its people sign in anew. Raises Refused, Conflict (it is not shut out)."""
    roles.require(by, roles.Interaction.CONSOLE_KEYS)
    async with db.transaction() as tx:
        if not await store.lift(tx, institution, at=at, by=by.subject):
            raise Conflict(
                "この施設は隔離中ではありません。", "It is not in quarantine.", rule="quarantine.lifted"
            )
        await log_note.record(tx, "quarantine.lifted", f"Institution/{institution}", person=0, by=by, at=at)


async def every(db: Database, *, by: Actor) -> list[Quarantine]:
    """Return the quarantines that stand, for the console."""
    roles.require(by, roles.Interaction.CONSOLE_KEYS)
    async with db.transaction() as tx:
        return await store.every(tx)


async def shut_out(tx: Connection, places: Iterable[int]) -> set[int]:
    """Return which of these institutions are shut out."""
    return await store.among(tx, places)


async def require_free(tx: Connection, institution: int) -> None:
    """Raise Refused where an institution is shut out: for what does not come by a token, certificate or session."""
    if await store.stands(tx, institution):
        raise Refused(
            "この施設は隔離中のため利用できません。運用担当者に連絡してください。",
            "This institution is in quarantine. Please speak to the operator.",
            rule="quarantine",
        )


def _require_sound(institution: int, reason: str) -> None:
    if institution == 0:
        raise BadRequest(
            "運用の施設は隔離できません。",
            "The operator's own institution cannot be shut out.",
            rule="quarantine.operator",
        )
    if not 1 <= len(reason.strip()) <= LONGEST_REASON:
        raise BadRequest(
            f"理由を入れてください（{LONGEST_REASON}文字以内）。",
            f"Give a reason of {LONGEST_REASON} characters at most.",
            rule="quarantine.reason",
            place="reason",
        )
