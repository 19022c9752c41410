"""Synthetic people at two synthetic hospitals, and how they sign in for the first time and again."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pyotp

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.errors import Unauthenticated
from kakehashi.store.database import Database
from kakehashi.trust.keys import Vault
from kakehashi.trust.signin import accounts, enrolment, sessions, setup, steps
from kakehashi.trust.signin.accounts import NewAccount
from kakehashi.trust.signin.policy import STRICT, Policy
from kakehashi.trust.signin.sessions import Ticket

NOON = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
SAKURA = Institution(1, "1311234567", "桜台総合病院", InstitutionType.HOSPITAL)
MIDORI = Institution(2, "1311234568", "緑町病院", InstitutionType.HOSPITAL)
OPERATOR = Actor("setup", Role.OPERATOR, setup.OPERATOR, Purpose.OPERATIONS, factors=2)
GOOD_PASSWORD = "kawa-no-7-Nagare"
HERE = "192.0.2.10"


@dataclass(frozen=True)
class Doctor:
    """A synthetic doctor who has signed in for the first time: own password, the telephone's app enrolled."""

    account: str
    login: str
    password: str
    secret: str
    ticket: Ticket

    def code(self, at: datetime) -> str:
        return pyotp.TOTP(self.secret).at(at)


def new_doctor(login: str = "sato", place: Institution = SAKURA, licence: str = "412345") -> NewAccount:
    return NewAccount(
        login,
        "佐藤 花子",
        place,
        Role.DOCTOR,
        kana="サトウ ハナコ",
        birth_date=date(1980, 4, 29),
        licence=licence,
    )


async def make_doctor(
    db: Database, vault: Vault, login: str = "sato", place: Institution = SAKURA, licence: str = "412345"
) -> Doctor:
    """Take a doctor through the first sign-in: initial password, own password, the telephone's app."""
    enrolled = await accounts.enrol(db, new_doctor(login, place, licence), by=OPERATOR, at=NOON)
    ticket = await steps.with_password(db, login, enrolled.initial_password, address=HERE, at=NOON)
    ticket = await enrolment.change_password(
        db, ticket.token, enrolled.initial_password, GOOD_PASSWORD, at=NOON
    )
    offer = await enrolment.offer_totp(db, vault, ticket.token, at=NOON)
    code = pyotp.TOTP(offer.secret).at(NOON)
    ticket = await enrolment.confirm_totp(db, vault, ticket.token, code, at=NOON)
    return Doctor(enrolled.account, login, GOOD_PASSWORD, offer.secret, ticket)


async def signed_in(
    db: Database, vault: Vault, who: Doctor, at: datetime, place: Institution = SAKURA
) -> Ticket:
    """Sign in with both factors and choose the hospital, for treatment."""
    ticket = await steps.with_password(db, who.login, who.password, address=HERE, at=at)
    ticket = await steps.with_totp(db, vault, ticket.token, who.code(at), at=at)
    return await sessions.choose(db, ticket.token, place.key, Role.DOCTOR, Purpose.TREATMENT, at=at)


async def actor_of(db: Database, token: str, *, at: datetime, policy: Policy = STRICT) -> Actor:
    """Return who acts in a session. Raises Unauthenticated where anything of the sign-in is missing."""
    session = await sessions.open_session(db, token, at=at, policy=policy)
    if session.actor is None:
        raise Unauthenticated
    return session.actor
