"""Signing in with a password and a second factor: what gets in, and everything that does not."""

import asyncio
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from signin_people import GOOD_PASSWORD, HERE, NOON, OPERATOR, SAKURA, Doctor, actor_of, new_doctor, signed_in

from kakehashi.core.actors import Purpose, Role
from kakehashi.core.errors import Failure, Refused, TooMany, Unauthenticated
from kakehashi.store import accounts as account_rows
from kakehashi.store import accounts_factors
from kakehashi.store.database import Database
from kakehashi.trust.keys import Vault
from kakehashi.trust.signin import accounts, enrolment, sessions, steps, throttle, totp
from kakehashi.trust.signin.policy import PasswordRule, Policy
from kakehashi.trust.signin.sessions import Ticket

LATER = NOON + timedelta(minutes=10)


async def test_password_and_code_make_an_actor_bound_to_place_role_and_purpose(
    hospitals: Database, vault: Vault, doctor: Doctor
) -> None:
    ticket = await signed_in(hospitals, vault, doctor, LATER)
    actor = await actor_of(hospitals, ticket.token, at=LATER)
    assert (actor.subject, actor.role, actor.institution) == (doctor.account, Role.DOCTOR, SAKURA)
    assert (actor.purpose, actor.factors, actor.licence) == (Purpose.TREATMENT, 2, "412345")
    assert actor.scopes == () and not actor.emergency_right


async def test_one_factor_is_no_actor(hospitals: Database, doctor: Doctor) -> None:
    ticket = await steps.with_password(hospitals, doctor.login, doctor.password, address=HERE, at=LATER)
    assert ticket.needs == ("second", "choose")
    with pytest.raises(Unauthenticated):
        await actor_of(hospitals, ticket.token, at=LATER)
    with pytest.raises(Refused):
        await sessions.choose(hospitals, ticket.token, SAKURA.key, Role.DOCTOR, Purpose.TREATMENT, at=LATER)


async def test_in_the_demo_one_factor_is_enough_and_is_said(hospitals: Database, doctor: Doctor) -> None:
    demo = Policy(rule=PasswordRule.A, factors=1)
    ticket = await steps.with_password(
        hospitals, doctor.login, doctor.password, address=HERE, at=LATER, policy=demo
    )
    ticket = await sessions.choose(
        hospitals, ticket.token, SAKURA.key, Role.DOCTOR, Purpose.TREATMENT, at=LATER, policy=demo
    )
    assert (await actor_of(hospitals, ticket.token, at=LATER, policy=demo)).factors == 1
    with pytest.raises(Unauthenticated):  # the same session where two are demanded
        await actor_of(hospitals, ticket.token, at=LATER)


async def refusal(db: Database, login: str, password: str) -> str:
    with pytest.raises(Unauthenticated) as told:
        await steps.with_password(db, login, password, address=HERE, at=LATER)
    return repr([(problem.rule, problem.ja, problem.en) for problem in told.value.problems])


async def test_why_a_sign_in_failed_is_not_told(hospitals: Database, doctor: Doctor) -> None:
    """Unknown login, wrong password and disabled account read the same."""
    wrong = await refusal(hospitals, doctor.login, "not-my-password-1")
    unknown = await refusal(hospitals, "nobody", "not-my-password-1")
    await accounts.disable(hospitals, doctor.account, by=OPERATOR, at=LATER)
    disabled = await refusal(hospitals, doctor.login, doctor.password)
    assert wrong == unknown == disabled


async def test_an_unknown_login_waits_like_a_known_one(hospitals: Database, doctor: Doctor) -> None:
    async def tries_until_told_to_wait(login: str, address: str) -> int:
        for number in range(1, 50):
            try:
                await steps.with_password(hospitals, login, "wrong-password-1", address=address, at=LATER)
            except TooMany:
                return number
            except Unauthenticated:
                continue
        return 0

    known = await tries_until_told_to_wait(doctor.login, "192.0.2.20")
    unknown = await tries_until_told_to_wait("nobody", "192.0.2.21")
    assert known == unknown == throttle.PAIR.free + 2


async def test_waiting_ends_and_the_right_password_then_gets_in(hospitals: Database, doctor: Doctor) -> None:
    for _ in range(throttle.PAIR.free + 1):
        with pytest.raises(Unauthenticated):
            await steps.with_password(hospitals, doctor.login, "wrong-password-1", address=HERE, at=LATER)
    with pytest.raises(TooMany):
        await steps.with_password(hospitals, doctor.login, doctor.password, address=HERE, at=LATER)
    soon = LATER + timedelta(seconds=3)
    assert await steps.with_password(hospitals, doctor.login, doctor.password, address=HERE, at=soon)


async def test_many_guesses_at_once_gain_nothing(hospitals: Database, doctor: Doctor) -> None:
    async def guess(number: int) -> type[Exception] | None:
        try:
            await steps.with_password(hospitals, "nobody", f"guess-{number}-abc", address=HERE, at=LATER)
        except Failure as told:
            return type(told)
        return None

    told = await asyncio.gather(*(guess(number) for number in range(20)))
    assert told.count(Unauthenticated) == throttle.PAIR.free + 1
    assert told.count(TooMany) == 20 - throttle.PAIR.free - 1


async def test_nobody_is_locked_out_by_others(hospitals: Database, doctor: Doctor) -> None:
    """Guesses from many addresses slow the login down elsewhere, not where the person signs in from."""
    for number in range(throttle.LOGIN.free + 2):
        with pytest.raises((Unauthenticated, TooMany)):
            await steps.with_password(
                hospitals, doctor.login, "wrong-password-1", address=f"198.51.100.{number}", at=LATER
            )
    with pytest.raises(TooMany):
        await steps.with_password(hospitals, doctor.login, doctor.password, address="198.51.100.99", at=LATER)
    assert await steps.with_password(hospitals, doctor.login, doctor.password, address=HERE, at=LATER)


async def test_a_code_is_good_once_even_for_two_at_the_same_moment(
    hospitals: Database, vault: Vault, doctor: Doctor
) -> None:
    first = await steps.with_password(hospitals, doctor.login, doctor.password, address=HERE, at=LATER)
    second = await steps.with_password(hospitals, doctor.login, doctor.password, address=HERE, at=LATER)
    code = doctor.code(LATER)

    async def prove(ticket: Ticket) -> bool:
        try:
            await steps.with_totp(hospitals, vault, ticket.token, code, at=LATER)
        except Unauthenticated:
            return False
        return True

    assert sorted(await asyncio.gather(prove(first), prove(second))) == [False, True]


async def test_a_time_step_is_used_up_in_the_store_itself(hospitals: Database, doctor: Doctor) -> None:
    """Two that read the same row before either wrote: one of them gets the step."""
    async with hospitals.transaction() as tx:
        held = await accounts_factors.totp(tx, doctor.account)
        assert held is not None
        assert await accounts_factors.take_totp(tx, doctor.account, held, held.last_step + 5)
        assert not await accounts_factors.take_totp(tx, doctor.account, held, held.last_step + 5)
        assert not await accounts_factors.take_totp(tx, doctor.account, held, held.last_step + 4)


async def test_a_code_seen_over_the_shoulder_is_used_up(
    hospitals: Database, vault: Vault, doctor: Doctor
) -> None:
    await signed_in(hospitals, vault, doctor, LATER)
    thief = await steps.with_password(hospitals, doctor.login, doctor.password, address=HERE, at=LATER)
    with pytest.raises(Unauthenticated):
        await steps.with_totp(
            hospitals, vault, thief.token, doctor.code(LATER), at=LATER + timedelta(seconds=5)
        )


@given(st.integers(-300, 300), st.integers(1_700_000_000, 2_200_000_000))
def test_a_telephones_clock_may_be_one_step_off(off: int, second: int) -> None:
    codes = pyotp.TOTP("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    at, step = datetime.fromtimestamp(second, UTC), second // 30
    code = codes.generate_otp(step + off)
    near = {codes.generate_otp(step + by) for by in (-1, 0, 1)}
    assert (totp.step_of(codes.secret, code, at) is not None) is (code in near)
    assert abs(off) > 1 or code in near
    assert totp.step_of(codes.secret, code, at, after=step + 1) is None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "１２３４５６", "12 456", "abcdef", "0" * 10_000])
def test_what_is_no_code_is_no_code(code: str) -> None:
    assert totp.step_of(pyotp.random_base32(), code, NOON) is None


async def test_codes_cannot_be_tried_through(hospitals: Database, vault: Vault, doctor: Doctor) -> None:
    ticket = await steps.with_password(hospitals, doctor.login, doctor.password, address=HERE, at=LATER)
    right = doctor.code(LATER)
    wrong = next(code for code in ("000000", "111111") if code != right)
    for _ in range(throttle.SECOND.free + 1):
        with pytest.raises(Unauthenticated):
            await steps.with_totp(hospitals, vault, ticket.token, wrong, at=LATER)
    with pytest.raises(TooMany):
        await steps.with_totp(hospitals, vault, ticket.token, right, at=LATER)


async def test_a_recovery_code_is_good_once_even_for_two_at_the_same_moment(
    hospitals: Database, doctor: Doctor
) -> None:
    codes = await enrolment.new_recovery_codes(hospitals, doctor.ticket.token, at=NOON)
    assert len(set(codes)) == 10
    tickets = [
        await steps.with_password(hospitals, doctor.login, doctor.password, address=HERE, at=LATER)
        for _ in range(2)
    ]

    async def prove(ticket: Ticket) -> bool:
        try:
            await steps.with_recovery_code(
                hospitals, ticket.token, codes[3].upper().replace("-", " "), at=LATER
            )
        except Unauthenticated:
            return False
        return True

    assert sorted(await asyncio.gather(*(prove(ticket) for ticket in tickets))) == [False, True]


async def test_new_recovery_codes_end_the_old_ones(hospitals: Database, doctor: Doctor) -> None:
    old = await enrolment.new_recovery_codes(hospitals, doctor.ticket.token, at=NOON)
    await enrolment.new_recovery_codes(hospitals, doctor.ticket.token, at=NOON)
    ticket = await steps.with_password(hospitals, doctor.login, doctor.password, address=HERE, at=LATER)
    with pytest.raises(Unauthenticated):
        await steps.with_recovery_code(hospitals, ticket.token, old[0], at=LATER)


async def test_an_initial_password_is_good_once_and_must_be_changed(hospitals: Database) -> None:
    enrolled = await accounts.enrol(hospitals, new_doctor(), by=OPERATOR, at=NOON)

    async def use() -> Ticket | None:
        try:
            return await steps.with_password(
                hospitals, "sato", enrolled.initial_password, address=HERE, at=NOON
            )
        except Unauthenticated:
            return None

    got_in = [ticket for ticket in await asyncio.gather(use(), use(), use()) if ticket]
    assert len(got_in) == 1
    assert "password.change" in got_in[0].needs
    with pytest.raises(Refused):  # nothing else before the change
        await enrolment.offer_totp(hospitals, Vault(bytes(32)), got_in[0].token, at=NOON)


async def test_an_initial_password_nobody_used_ends(hospitals: Database) -> None:
    enrolled = await accounts.enrol(hospitals, new_doctor(), by=OPERATOR, at=NOON)
    with pytest.raises(Unauthenticated):
        await steps.with_password(
            hospitals, "sato", enrolled.initial_password, address=HERE, at=NOON + timedelta(days=7)
        )


async def test_rule_b_demands_a_new_password_within_two_months(hospitals: Database, doctor: Doctor) -> None:
    rule_b = Policy(rule=PasswordRule.B)
    for days, must in ((58, False), (60, True)):
        at = NOON + timedelta(days=days)
        ticket = await steps.with_password(
            hospitals, doctor.login, doctor.password, address=HERE, at=at, policy=rule_b
        )
        assert ("password.change" in ticket.needs) is must


async def test_a_stolen_password_alone_changes_nothing(
    hospitals: Database, vault: Vault, doctor: Doctor
) -> None:
    thief = await steps.with_password(hospitals, doctor.login, GOOD_PASSWORD, address=HERE, at=LATER)
    with pytest.raises(Refused):
        await enrolment.change_password(hospitals, thief.token, GOOD_PASSWORD, "ike-no-8-Kaeru", at=LATER)
    with pytest.raises(Refused):
        await enrolment.offer_totp(hospitals, vault, thief.token, at=LATER)
    with pytest.raises(Refused):
        await enrolment.new_recovery_codes(hospitals, thief.token, at=LATER)
    with pytest.raises(Refused):
        await enrolment.drop_totp(hospitals, thief.token, at=LATER)


async def test_a_new_telephone_counts_only_once_its_code_was_seen(
    hospitals: Database, vault: Vault, doctor: Doctor
) -> None:
    offer = await enrolment.offer_totp(hospitals, vault, doctor.ticket.token, at=NOON)
    assert offer.uri.startswith("otpauth://totp/") and offer.svg.startswith("<svg")
    assert await signed_in(hospitals, vault, doctor, LATER)  # the old one is still good
    ticket = await signed_in(hospitals, vault, doctor, LATER + timedelta(minutes=1))
    at = LATER + timedelta(minutes=2)
    offer = await enrolment.offer_totp(hospitals, vault, ticket.token, at=at)
    await enrolment.confirm_totp(hospitals, vault, ticket.token, pyotp.TOTP(offer.secret).at(at), at=at)
    after = at + timedelta(minutes=1)
    ticket = await steps.with_password(hospitals, doctor.login, doctor.password, address=HERE, at=after)
    with pytest.raises(Unauthenticated):
        await steps.with_totp(hospitals, vault, ticket.token, doctor.code(after), at=after)


async def test_the_last_second_factor_stays(hospitals: Database, vault: Vault, doctor: Doctor) -> None:
    with pytest.raises(Failure):
        await enrolment.drop_totp(hospitals, doctor.ticket.token, at=NOON)
    assert await signed_in(hospitals, vault, doctor, LATER)


async def test_a_changed_password_ends_the_other_sessions(
    hospitals: Database, vault: Vault, doctor: Doctor
) -> None:
    other = await signed_in(hospitals, vault, doctor, LATER)
    mine = await enrolment.change_password(
        hospitals, doctor.ticket.token, GOOD_PASSWORD, "ike-no-8-Kaeru", at=LATER
    )
    with pytest.raises(Unauthenticated):
        await actor_of(hospitals, other.token, at=LATER)
    assert await sessions.open_session(hospitals, mine.token, at=LATER)
    with pytest.raises(Unauthenticated):
        await steps.with_password(hospitals, doctor.login, GOOD_PASSWORD, address=HERE, at=LATER)


async def test_no_secret_can_be_read_back_from_the_database(
    hospitals: Database, vault: Vault, doctor: Doctor
) -> None:
    """Canaries: password, TOTP secret, tokens and recovery codes are nowhere in the tables."""
    codes = await enrolment.new_recovery_codes(hospitals, doctor.ticket.token, at=NOON)
    ticket = await signed_in(hospitals, vault, doctor, LATER)
    secrets = [GOOD_PASSWORD, doctor.secret, ticket.token, *codes]
    async with hospitals.transaction() as tx:
        account = await account_rows.by_login(tx, doctor.login)
        tables = await tx.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for table in (
            row["tablename"]
            for row in tables
            if "account" in row["tablename"] or "signin" in row["tablename"]
        ):
            dump = str(await tx.fetch(f"SELECT t::text, encode(t::text::bytea, 'escape') FROM {table} t"))
            assert not [secret for secret in secrets if secret in dump], table
    assert account is not None
