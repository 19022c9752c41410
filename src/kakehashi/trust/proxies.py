"""Proxies (代理人): who may see a person's record in the portal for them, what of it, and until when.

The person names a proxy and withdraws the grant alone (R-A11). For a child the operator registers the parent or
guardian on evidence (戸籍など), and the grant ends by itself at a birthday; for an adult the guardian whom the family
court appointed (成年後見人; 登記事項証明書), renewed on new evidence. Stopping a card does not end a grant.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Literal
from uuid import uuid4

from kakehashi.core.actors import Actor, Role
from kakehashi.core.errors import BadRequest, NotFound, Refused
from kakehashi.people.merging import resolve
from kakehashi.store import accounts, reach
from kakehashi.store import proxies as rows
from kakehashi.store.database import Connection
from kakehashi.store.reach import Matter, Reach
from kakehashi.trust import log_note
from kakehashi.trust.consents import require_in_hand, uuid_of
from kakehashi.trust.decide import WHOLE, Proxy
from kakehashi.trust.roles import Interaction, require

# From 15 a person may hold a signing certificate (署名用電子証明書) and acts for themselves.
CHILD_UNTIL = 15  # years of age; policy of the installation
ADULT_FROM = 18  # years of age (民法4条, 2022-04-01): before, nobody has a guardian of adults
LONGEST = timedelta(
    days=3 * 366
)  # a grant without a birthday is renewed at least every three years; our decision
EVIDENCE = (4, 300)  # characters of what is written down of the papers
_JAPAN = timezone(timedelta(hours=9))

Basis = Literal["parent", "guardian", "adult-guardian"]


@dataclass(frozen=True, slots=True)
class Grant(Proxy):
    """A proxy's grant with whom it is for and why."""

    person: int = 0
    basis: str = "chosen"
    evidence: str = ""


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
    db: Connection, person: int, account: str, kinds: int, *, basis: Basis, evidence: str, born: date, by: Actor,
    at: datetime, until: datetime | None = None, child_until: int = CHILD_UNTIL, request: str = "",
) -> Proxy:  # fmt: skip
    """The operator registers a parent or guardian on evidence, up to `until`.

    For a child it ends on the birthday at the latest; for an adult (`adult-guardian`) `until` is needed, three years
    at most. Raises Refused; BadRequest when evidence is missing, or basis, age and period do not fit each other.
    """
    require(by, Interaction.PERSON_SETTLE)
    if not EVIDENCE[0] <= len(evidence.strip()) <= EVIDENCE[1]:
        raise BadRequest(
            f"確かめた書類とその日付を書いてください({EVIDENCE[0]}〜{EVIDENCE[1]}文字)。",
            f"Write which papers were checked, and their date ({EVIDENCE[0]} to {EVIDENCE[1]} characters).",
            rule="proxy.evidence", place="evidence",
        )  # fmt: skip
    end = _guardian_until(basis, born, until, at, child_until)
    async with db.transaction():
        await _require_other_human(db, person, account)
        await reach.open_on(db, Reach((Matter.PROXY,), {person}))
        return await _add(db, person, account, kinds, basis, at, end, by, at, request, evidence.strip())


async def of_register(db: Connection, person: int, *, by: Actor) -> list[Grant]:
    """Return the person's grants, ended ones too, newest first, for who registers guardians. Raises Refused."""
    require(by, Interaction.PERSON_SETTLE)
    persons = await resolve(db, person)
    await reach.open_on(db, Reach((Matter.PROXY,), persons))
    return [_grant(one) for one in await rows.of_person(db, persons)]


async def account_named(db: Connection, login: str) -> str:
    """Return the account that may become a proxy under this login: a person's own. Raises BadRequest."""
    account = await accounts.by_login(db, login.strip().lower())
    held = await accounts.memberships(db, account.id) if account else []
    if account is None or account.disabled_at or not any(one.role is Role.PERSON for one in held):
        raise BadRequest(
            "この利用者IDの方は代理人にできません。IDを確かめてください。",
            "This user ID cannot be a proxy. Please check it.", rule="proxy.login", place="login",
        )  # fmt: skip
    return account.id


async def withdraw(
    db: Connection, person: int, which: str, *, by: Actor, at: datetime, request: str = ""
) -> None:
    """End a grant at once: by the person, by the proxy themselves, or by the operator.

    Raises Refused; NotFound when no such grant is in force.
    """
    async with db.transaction():
        own, persons = None, await resolve(db, person)
        if by.role is Role.PERSON:
            act = Interaction.CONSENT_GIVE if by.acts_for else Interaction.PROXY_NAME
            await require_in_hand(db, person, act, by, at)
            own = by.subject if by.acts_for else None
        else:
            require(by, Interaction.PERSON_SETTLE)
            await reach.open_on(db, Reach((Matter.PROXY,), persons))
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
    await reach.open_on(db, Reach((Matter.PROXY,), account=account))
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


def _guardian_until(
    basis: Basis, born: date, until: datetime | None, at: datetime, child_until: int
) -> datetime:
    """Return when a guardian's grant ends. Raises BadRequest."""
    if basis != "adult-guardian":
        grown = birthday(born, child_until)
        if grown <= at:
            raise BadRequest(
                f"{child_until}歳からは本人が代理人を定めます。", f"From {child_until} on the person names a proxy.",
                rule="proxy.child", place="basis",
            )  # fmt: skip
        return min(grown, until or grown)
    if birthday(born, ADULT_FROM) > at:
        raise BadRequest(
            f"成年後見人は{ADULT_FROM}歳からです。", f"A guardian of adults is for those of {ADULT_FROM} and more.",
            rule="proxy.adult", place="basis",
        )  # fmt: skip
    if until is None or until - at > LONGEST:
        raise BadRequest(
            "成年後見人の登録の終わりの日を、3年以内で選んでください。", "Choose an end within three years.",
            rule="proxy.until", place="until",
        )  # fmt: skip
    return until


async def _require_other_human(db: Connection, person: int, account: str) -> None:
    """Nobody is their own guardian, under whatever key their own account stands."""
    held = await accounts.by_id(db, account)
    if held and held.person is not None and held.person in await resolve(db, person):
        raise _bad_span()


async def _add(
    db: Connection, person: int, account: str, kinds: int, basis: str, start: datetime, end: datetime, by: Actor,
    at: datetime, request: str, evidence: str = "",
) -> Proxy:  # fmt: skip
    if end <= start or not kinds & WHOLE:
        raise _bad_span()
    made = Proxy(str(uuid4()), account, kinds & WHOLE, start, end)
    await rows.add(
        db,
        person,
        uuid_of(made.id),
        account,
        made.kinds,
        basis,
        start,
        end,
        by=by.subject,
        at=at,
        evidence=evidence,
    )
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
        row["person"], row["basis"], row["evidence"],
    )  # fmt: skip
