"""An account's own last sign-ins, so that its owner notices one that was somebody else's."""

from dataclasses import dataclass
from datetime import datetime

from kakehashi.core.actors import Role
from kakehashi.store import refusals
from kakehashi.store.database import Database
from kakehashi.store.refusals import Row
from kakehashi.trust.signin import sessions
from kakehashi.trust.signin.policy import STRICT, Policy

MOST = 20  # sign-ins in the list


@dataclass(frozen=True, slots=True)
class SignIn:
    """One sign-in. `ended`: when it was ended, ran out or was left idle, None while it is open; `here`: who asks."""

    began: datetime
    used: datetime
    ended: datetime | None
    factors: tuple[str, ...]
    role: Role
    institution: str
    here: bool


async def mine(db: Database, token: str, *, at: datetime, policy: Policy = STRICT) -> list[SignIn]:
    """Return the last sign-ins of this session's account, newest first. Raises Unauthenticated."""
    async with db.transaction() as tx:
        row = await sessions.live(tx, sessions.token_hash(token), at=at, policy=policy)
        found = await refusals.signins_of(tx, row.account, MOST)
    return [
        SignIn(
            one["created_at"], one["used_at"], one["ended_at"] or _ran_out(one, at, policy),
            tuple(one["factors"]), Role(one["role"]), one["institution"], one["id"] == row.id,
        )
        for one in found
    ]  # fmt: skip


def _ran_out(one: Row, at: datetime, policy: Policy) -> datetime | None:
    """When a session that nobody ended was over by itself, None while it is not."""
    end: datetime = min(one["ends_at"], one["used_at"] + policy.idle)
    return end if end <= at else None
