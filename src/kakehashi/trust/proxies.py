"""Proxies (代理人): who may see a person's record in the portal for them, what of it, and until when.

The person names a proxy and withdraws the grant alone (R-A11). For a child the operator registers the parent or
guardian on evidence (戸籍など), and the grant ends by itself at a birthday. Stopping a card does not end a grant.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Literal
from uuid import uuid4

from kakehashi.core.actors import Actor, Role
from kakehashi.core.errors import BadRequest, NotFound, Refused
from kakehashi.people.merging import resolve
from kakehashi.store import proxies as rows
from kakehashi.store.database import Connection
from kakehashi.trust import log_note
from kakehashi.trust.consents import require_in_hand, uuid_of
from kakehashi.trust.decide import WHOLE, Proxy
from kakehashi.trust.roles import Interaction, require

# From 15 a person may hold a signing certificate (署名用電子証明書) and acts for themselves.
CHILD_UNTIL = 15  # years of age; policy of the installation
LONGEST = timedelta(days=3 * 366)  # a grant by choice is renewed at least every three years; our decision
_JAPAN = timezone(timedelta(hours=9))

Basis = Literal["parent", "guardian"]


@dataclass(frozen=True, slots=True)
class Grant(Proxy):
    """A proxy's grant with whom it is for and why."""

    person: int = 0
    basis: str = "chosen"


async def grant(
    db: Connection, person: int, account: str, kinds: int, *, until: datetime, by: Actor, at: datetime,
    start: datetime | None = None, request: str = "",
) -> Proxy:  # fmt: skip
    """The person lets an account see some kinds of their record, from now (or `start`) up to `until`.

    Raises Refused (a proxy names no proxy), BadRequest.
    """
    begins = start or at
    async with db.transaction():
        await require_in_hand(db, person, Interaction.PROXY_NAME, by, at)
        if by.acts_for:
            raise Refused(rule="proxy.by-proxy")
        if begins < at or until - begins > LONGEST or account == by.subject:
            raise _bad_span()
        return await _add(db, person, account, kinds, "chosen", begins, until, by, at, request)


async def register_guardian(
    db: Connection, person: int, account: str, kinds: int, *, basis: Basis, born: date, by: Actor, at: datetime,
    child_until: int = CHILD_UNTIL, request: str = "",
) -> Proxy:  # fmt: skip
    """The operator registers a child's parent or guardian on evidence; it ends on the child's birthday.

    Raises Refused; BadRequest when the child is old enough to act alone.
    """
    require(by, Interaction.PERSON_SETTLE)
    async with db.transaction():
        return await _add(db, person, account, kinds, basis, at, birthday(born, child_until), by, at, request)


async def withdraw(
    db: Connection, person: int, which: str, *, by: Actor, at: datetime, request: str = ""
) -> None:
    """End a grant at once: by the person, by the proxy themselves, or by the operator.

    Raises Refused; NotFound when no such grant is in force.
    """
    async with db.transaction():
        own = None
        if by.role is Role.PERSON:
            act = Interaction.CONSENT_GIVE if by.acts_for else Interaction.PROXY_NAME
            await require_in_hand(db, person, act, by, at)
            own = by.subject if by.acts_for else None
        else:
            require(by, Interaction.PERSON_SETTLE)
        persons = await resolve(db, person)
        if not await rows.withdraw(db, persons, uuid_of(which), own, by=by.subject, at=at):
            raise NotFound
        await log_note.record(
            db, "proxy.withdrawn", f"Proxy/{which}", person=person, by=by, at=at, request=request
        )


async def of_person(db: Connection, person: int, *, by: Actor, at: datetime) -> list[Grant]:
    """Return the person's grants to proxies, ended ones too, newest first. Raises Refused."""
    await require_in_hand(db, person, Interaction.PROXY_NAME, by, at)
    return [_grant(one) for one in await rows.of_person(db, await resolve(db, person))]


async def held_by(db: Connection, account: str, *, at: datetime) -> list[Grant]:
    """Return the grants by which an account may act at `at`: for sign-in to offer whom to act for."""
    return [_grant(one) for one in await rows.held_by(db, account, at=at)]


def birthday(born: date, years: int) -> datetime:
    """Return the moment at which somebody born on `born` reaches an age: midnight in Japan of that birthday.

    Who was born on 29 February reaches it on 1 March of a common year.
    """
    try:
        day = born.replace(year=born.year + years)
    except ValueError:
        day = date(born.year + years, 3, 1)
    return datetime(day.year, day.month, day.day, tzinfo=_JAPAN).astimezone(UTC)


async def _add(
    db: Connection, person: int, account: str, kinds: int, basis: str, start: datetime, end: datetime, by: Actor,
    at: datetime, request: str,
) -> Proxy:  # fmt: skip
    if end <= start or not kinds & WHOLE:
        raise _bad_span()
    made = Proxy(str(uuid4()), account, kinds & WHOLE, start, end)
    await rows.add(db, person, uuid_of(made.id), account, made.kinds, basis, start, end, by=by.subject, at=at)
    await log_note.record(
        db, "proxy.granted", f"Proxy/{made.id}", person=person, by=by, at=at, reason=basis, request=request
    )
    return made


def _bad_span() -> BadRequest:
    return BadRequest(
        "代理人の範囲と期間を確かめてください(期間は3年以内、種別は一つ以上、本人以外)。",
        "Check the proxy's scope and period: three years at most, at least one kind, not the person themselves.",
        rule="proxy.grant",
    )


def _grant(row: rows.Row) -> Grant:
    return Grant(
        str(row["id"]), row["account"], row["kinds"], row["starts_at"], row["ends_at"], row["withdrawn_at"],
        row["person"], row["basis"],
    )  # fmt: skip
