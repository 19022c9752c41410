"""What was checked before a person got an account, and who looked through an institution's accounts. Rows only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("accounts_proofs")


@dataclass(frozen=True, slots=True)
class Proof:
    """Which papers were checked (names of trust.signin.person_accounts.PAPERS), where, by whom, for what."""

    at: datetime
    what: str  # "issued", "reset"
    papers: list[str]
    institution: int
    by: str


@dataclass(frozen=True, slots=True)
class Review:
    """One look through an institution's accounts: how many there were, and how many nobody used for long."""

    at: datetime
    by: str
    members: int
    unused: int


async def put(
    db: Connection, account: str, what: str, papers: Sequence[str], *, institution: int, by: str, at: datetime
) -> None:
    """Keep what was checked."""
    await db.execute(_SQL["proof_put"], account, at, what, list(papers), institution, by)


async def of_account(db: Connection, account: str) -> list[Proof]:
    """Return what was checked for an account, newest first."""
    return [Proof(**dict(row)) for row in await db.fetch(_SQL["proofs_of"], account)]


async def put_review(
    db: Connection, institution: int, *, by: str, at: datetime, members: int, unused: int
) -> None:
    """Keep that somebody looked through the accounts."""
    await db.execute(_SQL["review_put"], institution, at, by, members, unused)


async def last_review(db: Connection, institution: int) -> Review | None:
    """Return the newest look through an institution's accounts."""
    row = await db.fetchrow(_SQL["review_last"], institution)
    return None if row is None else Review(**dict(row))
