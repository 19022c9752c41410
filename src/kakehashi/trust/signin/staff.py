"""An institution's people, for whoever manages its accounts: who they are, when they came, and the review (棚卸し).

A manager sees and changes their own institution only; persons' own accounts are no staff, wherever they stand.
Source: 安全管理ガイドライン 6.0 運用編14 (rights are reviewed; leavers lose them).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from kakehashi.core.actors import Actor, Role
from kakehashi.store import accounts_proofs, desk_console
from kakehashi.store.accounts_proofs import Review
from kakehashi.store.database import Connection, Database
from kakehashi.trust import log_note
from kakehashi.trust.signin import authority

UNUSED_FOR = timedelta(days=90)
REVIEW_EVERY = timedelta(days=183)  # our choice: the guideline says "regularly"


@dataclass(frozen=True, slots=True)
class Member:
    """One membership. `used_at` None: never signed in."""

    account: str
    login: str
    name: str
    role: Role
    manages: bool
    emergency_right: bool
    since: datetime
    used_at: datetime | None
    disabled_at: datetime | None

    def unused(self, at: datetime) -> bool:
        """Say whether nobody has used it for long, and it is open."""
        return self.disabled_at is None and at - (self.used_at or self.since) >= UNUSED_FOR


@dataclass(frozen=True, slots=True)
class Roll:
    """An institution's members by login, and the last review."""

    members: list[Member]
    reviewed: Review | None

    def due(self, at: datetime) -> bool:
        """Say whether it is time to look through the accounts again."""
        return self.reviewed is None or at - self.reviewed.at >= REVIEW_EVERY


async def roll(db: Connection, institution: int, *, by: Actor) -> Roll:
    """Return who works at an institution. Raises Refused for who does not manage it."""
    await authority.require_manager(db, by, institution)
    return Roll(await _members(db, institution), await accounts_proofs.last_review(db, institution))


async def record_review(db: Database, institution: int, *, by: Actor, at: datetime) -> Review:
    """Keep that the list was looked through, with its figures. Raises Refused."""
    async with db.transaction() as tx:
        await authority.require_manager(tx, by, institution)
        members = await _members(tx, institution)
        made = Review(at, by.subject, len(members), sum(one.unused(at) for one in members))
        await accounts_proofs.put_review(
            tx, institution, by=made.by, at=at, members=made.members, unused=made.unused
        )
        await log_note.record(
            tx, "account.reviewed", f"Institution/{institution}", person=0, by=by, at=at,
            reason=f"{made.members} accounts, {made.unused} unused",
        )  # fmt: skip
    return made


async def _members(db: Connection, institution: int) -> list[Member]:
    return [
        Member(
            row["id"], row["login"], row["name"], Role(row["role"]), row["manages"], row["emergency_right"],
            row["since"], row["used_at"], row["disabled_at"],
        )
        for row in await desk_console.members(db, institution)
        if row["role"] != Role.PERSON.value
    ]  # fmt: skip
