"""Accounts, duties and sessions: who may give what to whom, and how everything ends at once."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta

import pytest
from signin_people import (
    HERE,
    MIDORI,
    NOON,
    OPERATOR,
    SAKURA,
    Doctor,
    actor_of,
    make_doctor,
    new_doctor,
    signed_in,
)

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.errors import BadRequest, Conflict, Failure, Invalid, NotFound, Refused, Unauthenticated
from kakehashi.core.settings import Settings
from kakehashi.store import accounts as account_rows
from kakehashi.store import reach
from kakehashi.store.database import Database
from kakehashi.trust.keys import Vault
from kakehashi.trust.signin import accounts, breakglass, sessions, setup, steps
from kakehashi.trust.signin.accounts import NewAccount
from kakehashi.trust.signin.setup import demo_account, demo_operator, first_operator

LATER = NOON + timedelta(minutes=10)
DEMO = Settings(demo=True)


async def refused(act: Awaitable[object], failure: type[Failure] = Refused) -> None:
    with pytest.raises(failure):
        await act


async def manager_of_sakura(db: Database, vault: Vault) -> Actor:
    boss = await make_doctor(db, vault, "kyoku", licence="400001")
    await accounts.give_rights(
        db, boss.account, SAKURA.key, Role.DOCTOR, manages=True, emergency_right=False, by=OPERATOR, at=NOON
    )
    ticket = await signed_in(db, vault, boss, LATER)
    return await actor_of(db, ticket.token, at=LATER)


async def test_one_person_has_one_account(hospitals: Database, doctor: Doctor) -> None:
    await refused(accounts.enrol(hospitals, new_doctor(licence="999999"), by=OPERATOR, at=NOON), Conflict)
    await refused(
        accounts.enrol(hospitals, new_doctor("sato2"), by=OPERATOR, at=NOON), Conflict
    )  # same licence


async def test_an_account_must_be_sound(hospitals: Database) -> None:
    good = new_doctor()
    for bad, failure in (
        (replace(good, login="さとう"), Invalid),
        (replace(good, login="a"), Invalid),
        (replace(good, name=""), Invalid),
        (replace(good, name="a\x00b"), Invalid),
        (replace(good, licence=""), Conflict),
        (replace(good, role=Role.SYSTEM), Conflict),
        (replace(good, role=Role.INSURER), Conflict),
        (replace(good, person=77), Invalid),
    ):
        await refused(accounts.enrol(hospitals, bad, by=OPERATOR, at=NOON), failure)


async def test_a_manager_manages_their_own_institution_only(
    hospitals: Database, vault: Vault, doctor: Doctor
) -> None:
    manager = await manager_of_sakura(hospitals, vault)
    made = await accounts.enrol(hospitals, new_doctor("suzuki", licence="555"), by=manager, at=LATER)
    await accounts.give_rights(
        hospitals,
        made.account,
        SAKURA.key,
        Role.DOCTOR,
        manages=False,
        emergency_right=True,
        by=manager,
        at=LATER,
    )
    await refused(accounts.enrol(hospitals, new_doctor("abe", MIDORI, "556"), by=manager, at=LATER))
    await refused(
        accounts.join(hospitals, "sato", MIDORI, Role.DOCTOR, licence="412345", by=manager, at=LATER)
    )
    ordinary = await actor_of(hospitals, (await signed_in(hospitals, vault, doctor, LATER)).token, at=LATER)
    await refused(accounts.enrol(hospitals, new_doctor("abe", SAKURA, "556"), by=ordinary, at=LATER))
    # A session elsewhere, or a token of the same person, carries no duty.
    await refused(
        accounts.enrol(
            hospitals, new_doctor("abe", SAKURA, "556"), by=replace(manager, institution=MIDORI), at=LATER
        )
    )
    scoped = replace(manager, scopes=("user/*.cruds",))
    await refused(accounts.enrol(hospitals, new_doctor("abe", SAKURA, "556"), by=scoped, at=LATER))


async def test_nobody_changes_their_own_rights(hospitals: Database, vault: Vault) -> None:
    manager = await manager_of_sakura(hospitals, vault)
    me = manager.subject
    await refused(
        accounts.give_rights(
            hospitals, me, SAKURA.key, Role.DOCTOR, manages=True, emergency_right=True, by=manager, at=LATER
        )
    )
    await refused(accounts.join(hospitals, "kyoku", SAKURA, Role.NURSE, licence="1", by=manager, at=LATER))
    await refused(accounts.reset(hospitals, me, by=manager, at=LATER))
    auditor = NewAccount("kansa", "監査 一郎", SAKURA, Role.AUDITOR)
    await refused(accounts.enrol(hospitals, auditor, by=manager, at=LATER))  # for the operator to give
    assert await accounts.enrol(hospitals, auditor, by=OPERATOR, at=LATER)


async def test_a_manager_cannot_take_over_whoever_works_elsewhere_too(
    hospitals: Database, vault: Vault, doctor: Doctor
) -> None:
    """Whoever resets an account can sign in as its person, so also at the other hospital."""
    manager = await manager_of_sakura(hospitals, vault)
    assert await accounts.reset(hospitals, doctor.account, by=manager, at=LATER)
    await accounts.join(hospitals, "sato", MIDORI, Role.DOCTOR, licence="412345", by=OPERATOR, at=LATER)
    await refused(accounts.reset(hospitals, doctor.account, by=manager, at=LATER))
    await refused(accounts.disable(hospitals, doctor.account, by=manager, at=LATER))
    assert await accounts.reset(hospitals, doctor.account, by=OPERATOR, at=LATER)


async def test_a_right_that_the_role_cannot_use_is_not_given(hospitals: Database) -> None:
    clerk = await accounts.enrol(
        hospitals, NewAccount("uketsuke", "受付 次郎", SAKURA, Role.CLERK), by=OPERATOR, at=NOON
    )
    await refused(
        accounts.give_rights(
            hospitals,
            clerk.account,
            SAKURA.key,
            Role.CLERK,
            manages=False,
            emergency_right=True,
            by=OPERATOR,
            at=NOON,
        )
    )


async def test_what_ends_a_session_ends_it_at_once(hospitals: Database, vault: Vault, doctor: Doctor) -> None:
    async def works(token: str) -> bool:
        try:
            return bool(await actor_of(hospitals, token, at=LATER))
        except Unauthenticated:
            return False

    at = LATER
    first = await signed_in(hospitals, vault, doctor, at)
    second = await signed_in(hospitals, vault, doctor, at := at + timedelta(seconds=30))
    assert await works(first.token) and await works(second.token)
    await sessions.sign_out(hospitals, first.token, at=LATER)
    assert not await works(first.token) and await works(second.token)
    third = await signed_in(hospitals, vault, doctor, at := at + timedelta(seconds=30))
    await sessions.sign_out_everywhere(hospitals, third.token, at=LATER)
    assert not await works(second.token) and not await works(third.token)
    fourth = await signed_in(hospitals, vault, doctor, at := at + timedelta(seconds=30))
    await accounts.leave(hospitals, doctor.account, SAKURA.key, Role.DOCTOR, by=OPERATOR, at=LATER)
    assert not await works(fourth.token)
    assert not await works("no such token")


async def test_rights_are_read_anew_with_every_request(
    hospitals: Database, vault: Vault, doctor: Doctor
) -> None:
    """Even if nobody had ended the session: account and membership are asked each time."""
    ticket = await signed_in(hospitals, vault, doctor, LATER)
    async with hospitals.transaction() as tx:
        await account_rows.end_membership(tx, doctor.account, SAKURA.key, Role.DOCTOR, LATER)
    session = await sessions.open_session(hospitals, ticket.token, at=LATER)
    assert (session.needs, session.actor) == (("choose",), None)
    async with hospitals.transaction() as tx:
        await account_rows.set_disabled(tx, doctor.account, LATER)
    await refused(sessions.open_session(hospitals, ticket.token, at=LATER), Unauthenticated)


async def test_a_session_ends_when_idle_and_in_any_case_after_twelve_hours(
    hospitals: Database, vault: Vault, doctor: Doctor
) -> None:
    ticket = await signed_in(hospitals, vault, doctor, LATER)
    at = LATER
    while at < LATER + timedelta(hours=11, minutes=40):
        at += timedelta(minutes=28)
        await actor_of(hospitals, ticket.token, at=at)
    await refused(actor_of(hospitals, ticket.token, at=LATER + timedelta(hours=12)), Unauthenticated)
    fresh = await signed_in(hospitals, vault, doctor, at)
    await refused(actor_of(hospitals, fresh.token, at=at + timedelta(minutes=30)), Unauthenticated)


async def test_every_step_changes_the_token(hospitals: Database, vault: Vault, doctor: Doctor) -> None:
    """A token planted before sign-in is worth nothing after it."""
    first = await steps.with_password(hospitals, doctor.login, doctor.password, address=HERE, at=LATER)
    second = await steps.with_totp(hospitals, vault, first.token, doctor.code(LATER), at=LATER)
    third = await sessions.choose(
        hospitals, second.token, SAKURA.key, Role.DOCTOR, Purpose.TREATMENT, at=LATER
    )
    assert len({first.token, second.token, third.token, first.csrf, second.csrf, third.csrf}) == 6
    for old in (first, second):
        await refused(sessions.open_session(hospitals, old.token, at=LATER), Unauthenticated)


async def test_only_what_the_membership_gives_can_be_chosen(
    hospitals: Database, vault: Vault, doctor: Doctor
) -> None:
    ticket = await signed_in(hospitals, vault, doctor, LATER)

    async def choose(place: int, role: Role, purpose: Purpose, **more: object) -> object:
        return await sessions.choose(
            hospitals,
            ticket.token,
            place,
            role,
            purpose,
            at=LATER,
            **more,  # type: ignore[arg-type]
        )

    await refused(choose(MIDORI.key, Role.DOCTOR, Purpose.TREATMENT))
    await refused(choose(SAKURA.key, Role.OPERATOR, Purpose.OPERATIONS))
    await refused(choose(SAKURA.key, Role.DOCTOR, Purpose.AUDIT))
    await refused(choose(SAKURA.key, Role.DOCTOR, Purpose.TREATMENT, person=5))
    await refused(choose(SAKURA.key, Role.DOCTOR, Purpose.TREATMENT, acts_for="parent"))
    assert await choose(SAKURA.key, Role.DOCTOR, Purpose.EMERGENCY)


async def test_a_person_sees_their_own_record_and_for_others_needs_a_basis(hospitals: Database) -> None:
    patient = NewAccount("hanako", "見本 花子", setup.OPERATOR, Role.PERSON, person=4711)
    await demo_account(hospitals, patient, "kawa-no-7-Nagare", settings=DEMO, at=NOON)
    policy = sessions.Policy.of(DEMO)

    async def acting(**more: object) -> Actor:
        ticket = await steps.with_password(
            hospitals, "hanako", "kawa-no-7-Nagare", address=HERE, at=NOON, policy=policy
        )
        ticket = await sessions.choose(
            hospitals,
            ticket.token,
            0,
            Role.PERSON,
            Purpose.PATIENT_REQUEST,
            at=NOON,
            policy=policy,
            **more,  # type: ignore[arg-type]
        )
        return await actor_of(hospitals, ticket.token, at=NOON, policy=policy)

    own = await acting()
    assert (own.person, own.acts_for) == (4711, "")
    child = await acting(person=4712, acts_for="parent")
    assert (child.person, child.acts_for) == (4712, "parent")
    await refused(acting(person=4712))


async def test_csrf_and_step_up(hospitals: Database, vault: Vault, doctor: Doctor) -> None:
    ticket = await signed_in(hospitals, vault, doctor, LATER)
    session = await sessions.open_session(hospitals, ticket.token, at=LATER)
    sessions.require_csrf(session, ticket.csrf)
    for wrong in ("", ticket.csrf + "x", ticket.token, "\ud800"):
        with pytest.raises(Refused):
            sessions.require_csrf(session, wrong)
    sessions.require_recent(session, at=LATER + timedelta(minutes=5))
    later = LATER + timedelta(minutes=6)
    with pytest.raises(Refused):
        sessions.require_recent(session, at=later)
    again = await steps.with_totp(hospitals, vault, ticket.token, doctor.code(later), at=later)
    session = await sessions.open_session(hospitals, again.token, at=later)
    sessions.require_recent(session, at=later)
    assert session.actor is not None and session.actor.institution == SAKURA


async def test_sessions_begin_and_end_in_the_log(hospitals: Database, vault: Vault, doctor: Doctor) -> None:
    ticket = await signed_in(hospitals, vault, doctor, LATER)
    await sessions.sign_out(hospitals, ticket.token, at=LATER)
    async with hospitals.transaction() as tx:
        await reach.open_on(tx, reach.WHOLE_LOG)
        rows = await tx.fetch("SELECT * FROM log")
    said = [bytes(value).decode() for row in rows for value in row.values() if isinstance(value, bytes)]
    said += [value for row in rows for value in row.values() if isinstance(value, str)]
    for action in ("account.enrolled", "signin.opened", "signin.closed"):
        assert [text for text in said if action in text], action
    assert not [text for text in said if "佐藤" in text or ticket.token in text]


async def test_unused_accounts_are_listed(hospitals: Database, doctor: Doctor) -> None:
    at = NOON + timedelta(days=91)
    assert [one.login for one in await accounts.unused(hospitals, by=OPERATOR, at=at)] == ["sato"]
    assert not await accounts.unused(hospitals, by=OPERATOR, at=NOON + timedelta(days=80))


# Break-glass: a broken telephone.


async def ask(db: Database, who: Doctor, hours: int = 8) -> tuple[str, str]:
    ticket = await steps.with_password(db, who.login, who.password, address=HERE, at=LATER)
    return ticket.token, await breakglass.ask(
        db, ticket.token, SAKURA.key, "電話が壊れたため (broken)", hours, at=LATER
    )


async def test_with_a_second_persons_word_a_broken_telephone_is_no_wall(
    hospitals: Database, vault: Vault, doctor: Doctor
) -> None:
    manager = await manager_of_sakura(hospitals, vault)
    await accounts.join(hospitals, "sato", MIDORI, Role.DOCTOR, licence="412345", by=OPERATOR, at=NOON)
    token, request = await ask(hospitals, doctor, hours=2)
    assert [one.id for one in await breakglass.waiting(hospitals, by=manager, at=LATER)] == [request]
    code = await breakglass.approve(hospitals, request, by=manager, at=LATER)
    ticket = await steps.with_break_glass(hospitals, token, code, at=LATER)
    await refused(
        sessions.choose(hospitals, ticket.token, MIDORI.key, Role.DOCTOR, Purpose.TREATMENT, at=LATER)
    )
    ticket = await sessions.choose(
        hospitals, ticket.token, SAKURA.key, Role.DOCTOR, Purpose.TREATMENT, at=LATER
    )
    session = await sessions.open_session(hospitals, ticket.token, at=LATER)
    assert session.factors == 2 and session.ends_at == LATER + timedelta(hours=2)
    await breakglass.revoke(hospitals, request, by=manager, at=LATER)
    await refused(actor_of(hospitals, ticket.token, at=LATER), Unauthenticated)


async def test_break_glass_ends_and_belongs_to_one_person(
    hospitals: Database, vault: Vault, doctor: Doctor
) -> None:
    other = await make_doctor(hospitals, vault, "tanaka", licence="512345")
    _, request = await ask(hospitals, doctor)
    code = await breakglass.approve(hospitals, request, by=OPERATOR, at=LATER)
    theirs = await steps.with_password(hospitals, other.login, other.password, address=HERE, at=LATER)
    await refused(steps.with_break_glass(hospitals, theirs.token, code, at=LATER), Unauthenticated)
    after = LATER + timedelta(hours=8)
    mine = await steps.with_password(hospitals, doctor.login, doctor.password, address=HERE, at=after)
    await refused(steps.with_break_glass(hospitals, mine.token, code, at=after), Unauthenticated)


async def test_nobody_breaks_the_glass_alone(hospitals: Database, vault: Vault, doctor: Doctor) -> None:
    manager = await manager_of_sakura(hospitals, vault)
    _, request = await ask(hospitals, doctor)
    mine = await steps.with_password(hospitals, "kyoku", doctor.password, address=HERE, at=LATER)
    own = await breakglass.ask(hospitals, mine.token, SAKURA.key, "電話が壊れたため", 1, at=LATER)
    await refused(breakglass.approve(hospitals, own, by=manager, at=LATER))
    await refused(breakglass.approve(hospitals, request, by=replace(manager, factors=1), at=LATER))
    await refused(breakglass.approve(hospitals, request, by=replace(manager, institution=MIDORI), at=LATER))
    await refused(breakglass.approve(hospitals, request, by=manager, at=LATER + timedelta(hours=2)), Conflict)
    await refused(breakglass.approve(hospitals, "no such", by=manager, at=LATER), NotFound)

    async def approve() -> bool:
        try:
            return bool(await breakglass.approve(hospitals, request, by=manager, at=LATER))
        except Conflict:
            return False

    assert sorted(await asyncio.gather(approve(), approve())) == [False, True]


async def test_break_glass_wants_a_reason_a_day_at_most_and_ones_own_institution(
    hospitals: Database, doctor: Doctor
) -> None:
    ticket = await steps.with_password(hospitals, doctor.login, doctor.password, address=HERE, at=LATER)
    for reason, hours in (("", 1), ("   x  ", 1), ("電話が壊れたため", 0), ("電話が壊れたため", 25)):
        await refused(
            breakglass.ask(hospitals, ticket.token, SAKURA.key, reason, hours, at=LATER), BadRequest
        )
    await refused(breakglass.ask(hospitals, ticket.token, MIDORI.key, "電話が壊れたため", 1, at=LATER))


# The two ways in without a manager.


async def test_there_is_one_first_operator_even_of_two_made_at_once(db: Database) -> None:
    async def make(login: str) -> bool:
        try:
            return bool(await first_operator(db, login, "運用 太郎", at=NOON))
        except Conflict:
            return False

    assert sorted(await asyncio.gather(make("ops1"), make("ops2"))) == [False, True]


async def test_sample_accounts_are_for_the_demo_only(hospitals: Database) -> None:
    with pytest.raises(Refused):
        demo_operator(Settings())
    await refused(demo_account(hospitals, new_doctor(), "kawa-no-7-Nagare", settings=Settings(), at=NOON))
    assert demo_operator(DEMO).role is Role.OPERATOR
