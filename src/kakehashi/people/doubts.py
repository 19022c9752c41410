"""Links in doubt: suspend, settle, and say what a wrong link touched. In doubt nobody but the writer sees.

Source: 紐付け誤りの総点検 (R-A12): viewing stops on a mismatch until somebody has settled it; who viewed the
records of a wrongly linked person must be reportable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kakehashi.core.actors import Actor, Role
from kakehashi.core.errors import Conflict, NotFound, Refused
from kakehashi.core.logentry import Note, Seen
from kakehashi.people.merging import MAY_SETTLE, merge, require_may_settle
from kakehashi.people.transactions import inside
from kakehashi.store import log_append, people, people_doubts
from kakehashi.store.database import Connection, Database

_MOST_LISTED = 100


class Outcome(StrEnum):
    """How a doubt ends."""

    SAME = "same"  # the claim was right: one human
    DIFFERENT = "different"  # the claim was wrong: another human


@dataclass(frozen=True, slots=True)
class Suspension:
    """What an institution (None: any) wrote of a person is hidden from all others.

    `apart`: it stands under a key of its own, away from `other`, whose identifier was claimed. `settled_wrong`:
    the rows are of another human and stay hidden for good.
    """

    number: int
    person: int
    institution: int | None
    apart: bool
    other: int | None
    since: datetime
    settled_wrong: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two keys that may be one human; `score` orders them, 1 is likeliest."""

    one: int
    other: int
    score: float


@dataclass(frozen=True, slots=True)
class Affected:
    """What was written under a person by an institution's link. Who viewed it is in the person's log, for auditors."""

    person: int
    institution: int
    since: datetime
    until: datetime | None  # None: still
    keys: tuple[str, ...]  # "system|value" that the link rested on


async def suspend(
    db: Database | Connection,
    person: int,
    institution: int | None,
    *,
    evidence: Mapping[str, str],
    by: Actor,
    at: datetime,
) -> None:
    """Hide what an institution (None: any) wrote of a person, until it is settled. Twice is once.

    An institution may doubt its own link; any link only who may settle it. Raises Refused, NotFound.
    """
    own = by.institution.key == institution and by.role is not Role.PERSON
    if not own and by.role not in MAY_SETTLE:
        raise Refused
    row = {
        "person": person,
        "institution": institution,
        "apart": False,
        "other": None,
        "evidence": dict(evidence),
    }
    async with inside(db) as connection:
        if not await people.roots(connection, [person]):
            raise NotFound
        await people_doubts.add_suspensions(connection, [row], by=by.subject, at=at)
        await log_append.append(
            connection, Note(by, "person.suspended", "Person"), [Seen(person, "link")], at=at
        )


async def settle(
    db: Database | Connection,
    number: int,
    outcome: Outcome,
    *,
    evidence: Mapping[str, str],
    by: Actor,
    at: datetime,
) -> None:
    """Settle a doubt. Raises Refused, NotFound, Conflict when it was settled before.

    SAME shows the rows again, and merges the person with whom the claimed identifier belongs to. DIFFERENT
    withdraws the claim: rows that stand apart are shown as their own person's; rows under a person whom they
    are not about stay hidden, and the institution's number leads there no more.
    """
    require_may_settle(by)
    async with inside(db) as connection:
        row = await people_doubts.lock_suspension(connection, number)
        if row is None:
            raise NotFound
        if row["state"] != "open":
            raise Conflict("すでに解決されています。", "This has been settled already.")
        doubt = _suspension(row)
        state = await (_same if outcome is Outcome.SAME else _different)(connection, doubt, evidence, by, at)
        await people_doubts.settle(connection, number, state, evidence, by=by.subject, at=at)
        note = Note(by, f"person.settled-{outcome.value}", "Person")
        await log_append.append(connection, note, [Seen(doubt.person, f"suspension/{number}")], at=at)


async def suspended(db: Database | Connection, persons: Sequence[int]) -> list[Suspension]:
    """Return what is hidden of these persons (every key of them: see merging.resolve)."""
    async with inside(db) as connection:
        return [_suspension(row) for row in await people_doubts.suspended(connection, persons)]


async def waiting(db: Database | Connection) -> list[Suspension]:
    """Return the doubts that wait for an operator, oldest first, at most 100."""
    async with inside(db) as connection:
        return [_suspension(row) for row in await people_doubts.open_suspensions(connection, _MOST_LISTED)]


async def candidates(db: Database | Connection) -> list[Candidate]:
    """Return the pairs that wait for review, likeliest first, at most 100."""
    async with inside(db) as connection:
        rows = await people_doubts.open_candidates(connection, _MOST_LISTED)
    return [Candidate(row["one"], row["other"], row["score"]) for row in rows]


async def reject(db: Database | Connection, one: int, other: int, *, by: Actor, at: datetime) -> None:
    """Decide that a pair under review is two humans; it is not proposed again. Raises Refused."""
    require_may_settle(by)
    async with inside(db) as connection:
        await people_doubts.settle_candidate(connection, one, other, "different", by=by.subject, at=at)
        seen = [Seen(person, "candidate") for person in (one, other)]
        await log_append.append(connection, Note(by, "person.different", "Person"), seen, at=at)


async def affected(db: Database | Connection, person: int, institution: int | None = None) -> list[Affected]:
    """Return what links of an institution (None: every one) brought under this key, ended links included."""
    async with inside(db) as connection:
        rows = await people_doubts.affected(connection, person, institution)
    return [
        Affected(person, row["institution"], row["since"], row["until"], tuple(sorted(row["keys"])))
        for row in rows
    ]


async def _same(
    db: Connection, doubt: Suspension, evidence: Mapping[str, str], by: Actor, at: datetime
) -> str:
    if doubt.institution is not None:
        await people_doubts.settle_disputed(db, doubt.person, doubt.institution, "held", until=None)
    if doubt.other is not None:
        roots = await people.roots(db, [doubt.person, doubt.other])
        if roots[doubt.person] != roots[doubt.other]:
            await merge(db, doubt.other, doubt.person, evidence=evidence, by=by, at=at)
    return "right"


async def _different(db: Connection, doubt: Suspension, _: Mapping[str, str], by: Actor, at: datetime) -> str:
    if doubt.institution is not None:
        await people_doubts.settle_disputed(db, doubt.person, doubt.institution, "withdrawn", until=at)
    if doubt.other is not None:
        await people_doubts.settle_candidate(db, doubt.person, doubt.other, "different", by=by.subject, at=at)
        return "right"
    if doubt.institution is not None:
        keys = await people_doubts.withdraw_links(db, doubt.person, doubt.institution, at=at)
        await people_doubts.drop_keys(db, doubt.person, keys)
    return "wrong"


def _suspension(row: people.Row) -> Suspension:
    return Suspension(
        row["suspension"],
        row["person"],
        row["institution"],
        row["apart"],
        row["other"],
        row["since"],
        row["state"] == "wrong",
    )
