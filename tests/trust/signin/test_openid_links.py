"""Which identity is whose account: said by a manager, once, by code, name or `sub`; and the ways in that stay."""

from dataclasses import replace
from datetime import timedelta

import pytest
from openid_provider import HANAKO, Coming
from signin_people import GOOD_PASSWORD, HERE, MIDORI, NOON, OPERATOR, SAKURA, Doctor, make_doctor

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.errors import BadRequest, Conflict, NotFound, Refused, TooMany, Unauthenticated
from kakehashi.store import openid as store
from kakehashi.store.database import Database
from kakehashi.trust.keys import Vault
from kakehashi.trust.signin import accounts, breakglass, sessions, setup, steps
from kakehashi.trust.signin.accounts import NewAccount
from kakehashi.trust.signin.openid import arriving, links
from kakehashi.trust.signin.openid.arriving import Unlinked
from kakehashi.trust.signin.policy import STRICT

MINUTE = timedelta(minutes=1)
ONLY = replace(STRICT, openid_only=True)


async def by_code(coming: Coming, code: str, *, at=NOON, **other: object) -> str:
    """Sign in by the provider for the first time, type the code, and return the account."""
    handle = await coming.handle(at=at, **other)
    with pytest.raises(Unlinked):
        await arriving.signed_in(coming.db, coming.vault, handle, at=at)
    ticket, _ = await arriving.linked_by_code(coming.db, coming.vault, handle, code, at=at, address=HERE)
    return (await sessions.open_session(coming.db, ticket.token, at=at)).account


async def test_a_code_links_its_account_once_and_from_then_on_the_provider_is_enough(
    coming: Coming, doctor: Doctor
) -> None:
    code = await links.invite(coming.db, coming.teller.issuer, doctor.account, by=OPERATOR, at=NOON)
    assert await by_code(coming, code.upper().replace("-", " ")) == doctor.account
    ticket = await coming.sign_in()
    assert (await sessions.open_session(coming.db, ticket.token, at=NOON)).account == doctor.account
    with pytest.raises(Unauthenticated):  # used up
        await by_code(coming, code, sub="another")


async def test_a_code_ends_after_a_week_and_when_another_is_made(coming: Coming, doctor: Doctor) -> None:
    issuer = coming.teller.issuer
    first = await links.invite(coming.db, issuer, doctor.account, by=OPERATOR, at=NOON)
    second = await links.invite(coming.db, issuer, doctor.account, by=OPERATOR, at=NOON)
    with pytest.raises(Unauthenticated):
        await by_code(coming, first)
    with pytest.raises(Unauthenticated):
        await by_code(coming, second, at=NOON + links.LASTS)


async def test_guessing_codes_is_slowed(coming: Coming) -> None:
    handle = await coming.handle()
    with pytest.raises(TooMany):
        for _ in range(9):
            with pytest.raises(Unauthenticated):
                await arriving.linked_by_code(coming.db, coming.vault, handle, "guess", at=NOON, address=HERE)


async def test_a_name_that_was_prepared_links_once_and_the_name_counts_no_more(
    coming: Coming, doctor: Doctor, vault: Vault
) -> None:
    issuer = coming.teller.issuer
    await links.expect(coming.db, issuer, doctor.account, "hanako.sato", by=OPERATOR, at=NOON)
    with pytest.raises(Unlinked):
        await coming.sign_in(preferred_username="Hanako.Sato", sub="another")
    ticket = await coming.sign_in(preferred_username="hanako.sato")
    assert (await sessions.open_session(coming.db, ticket.token, at=NOON)).account == doctor.account
    with pytest.raises(Unlinked):  # somebody who has the name later
        await coming.sign_in(preferred_username="hanako.sato", sub="another")
    await coming.sign_in(preferred_username="renamed")
    other = await make_doctor(coming.db, vault, "tanaka", licence="400001")
    await links.expect(coming.db, issuer, other.account, "taro", by=OPERATOR, at=NOON)
    third = await make_doctor(coming.db, vault, "kato", licence="400002")
    with pytest.raises(Conflict):
        await links.expect(coming.db, issuer, third.account, "taro", by=OPERATOR, at=NOON)
    with pytest.raises(Unlinked):
        await coming.sign_in(preferred_username="taro", sub="taro's", at=NOON + links.LASTS)


async def test_neither_an_account_nor_an_identity_is_linked_twice(
    coming: Coming, hanako: Doctor, vault: Vault
) -> None:
    issuer = coming.teller.issuer
    other = await make_doctor(coming.db, vault, "tanaka", licence="400001")
    for account, subject in ((hanako.account, "second"), (other.account, HANAKO)):
        with pytest.raises(Conflict):
            await links.link(coming.db, issuer, account, subject, by=OPERATOR, at=NOON)
    with pytest.raises(Conflict):
        await links.invite(coming.db, issuer, hanako.account, by=OPERATOR, at=NOON)
    code = await links.invite(coming.db, issuer, other.account, by=OPERATOR, at=NOON)
    handle = await coming.handle()  # Hanako, who is linked, types the code of another
    with pytest.raises(Conflict):
        await arriving.linked_by_code(coming.db, coming.vault, handle, code, at=NOON, address=HERE)
    assert await by_code(coming, code, sub="tanaka's") == other.account  # and did not use it up


async def test_only_who_may_reset_an_account_may_link_it_and_nobody_their_own(
    coming: Coming, doctor: Doctor
) -> None:
    issuer = coming.teller.issuer
    here = Actor(doctor.account, Role.DOCTOR, SAKURA, Purpose.TREATMENT, factors=2)
    there = Actor("somebody", Role.CLERK, MIDORI, Purpose.ADMINISTRATION, factors=2)
    himself = Actor(doctor.account, Role.OPERATOR, setup.OPERATOR, Purpose.OPERATIONS, factors=2)
    for by in (here, there, himself):
        with pytest.raises(Refused):
            await links.invite(coming.db, issuer, doctor.account, by=by, at=NOON)
        with pytest.raises(Refused):
            await links.expect(coming.db, issuer, doctor.account, "name", by=by, at=NOON)
        with pytest.raises(Refused):
            await links.link(coming.db, issuer, doctor.account, HANAKO, by=by, at=NOON)
        with pytest.raises(Refused):
            await links.unlink(coming.db, doctor.account, by=by, at=NOON)
    with pytest.raises(Refused):
        await links.roll(coming.db, issuer, SAKURA.key, by=there, at=NOON)
    with pytest.raises(NotFound):
        await links.invite(coming.db, issuer, "nobody", by=OPERATOR, at=NOON)


async def test_odd_names_and_subjects_are_refused(coming: Coming, doctor: Doctor) -> None:
    issuer = coming.teller.issuer
    for odd in ("", "x" * 256, "a\x00b", "a\nb", "\u202e"):
        with pytest.raises(BadRequest):
            await links.link(coming.db, issuer, doctor.account, odd, by=OPERATOR, at=NOON)
        with pytest.raises(BadRequest):
            await links.expect(coming.db, issuer, doctor.account, odd, by=OPERATOR, at=NOON)


async def test_unlinking_and_a_reset_end_the_link_and_every_session(coming: Coming, hanako: Doctor) -> None:
    for end in (links.unlink, accounts.reset):
        ticket = await coming.sign_in()
        await end(coming.db, hanako.account, by=OPERATOR, at=NOON)
        with pytest.raises(Unauthenticated):
            await sessions.open_session(coming.db, ticket.token, at=NOON)
        with pytest.raises(Unlinked):
            await coming.sign_in()
        await links.link(coming.db, coming.teller.issuer, hanako.account, HANAKO, by=OPERATOR, at=NOON)


async def test_the_roll_says_how_each_account_stands(coming: Coming, hanako: Doctor, vault: Vault) -> None:
    issuer = coming.teller.issuer
    for login, licence in (("tanaka", "400001"), ("kato", "400002")):
        await make_doctor(coming.db, vault, login, licence=licence)
    by_login = {
        one.login: one for one in await links.roll(coming.db, issuer, SAKURA.key, by=OPERATOR, at=NOON)
    }
    await links.expect(coming.db, issuer, by_login["kato"].account, "jiro", by=OPERATOR, at=NOON)
    roll = await links.roll(coming.db, issuer, SAKURA.key, by=OPERATOR, at=NOON)
    told = [(one.login, one.linked_at is not None, one.invited, one.username) for one in roll]
    assert told == [
        ("kato", False, True, "jiro"),
        ("sato", True, False, None),
        ("tanaka", False, False, None),
    ]


async def test_an_operator_who_is_not_linked_is_the_reserve(
    hospitals: Database, vault: Vault, coming: Coming
) -> None:
    """Where only the provider counts, this is who still gets in by password and app."""
    reserve = await _operator(hospitals, vault, "reserve")
    at = NOON + MINUTE
    ticket = await steps.with_password(
        hospitals, reserve.login, GOOD_PASSWORD, address=HERE, at=at, policy=ONLY
    )
    ticket = await steps.with_totp(hospitals, vault, ticket.token, reserve.code(at), at=at, policy=ONLY)
    assert ticket.needs == ("choose",)
    await links.link(hospitals, coming.teller.issuer, reserve.account, "op", by=OPERATOR, at=at)
    assert "second" in (await sessions.open_session(hospitals, ticket.token, at=at, policy=ONLY)).needs
    async with hospitals.transaction() as tx:
        assert await store.reserve(tx) == 0


async def test_an_emergency_code_gets_a_doctor_in_while_the_provider_is_away(
    coming: Coming, hanako: Doctor
) -> None:
    coming.teller.up = False
    at = NOON + MINUTE
    ticket = await steps.with_password(
        coming.db, hanako.login, GOOD_PASSWORD, address=HERE, at=at, policy=ONLY
    )
    asked = await breakglass.ask(
        coming.db, ticket.token, SAKURA.key, "IDサーバーの停止", 2, at=at, policy=ONLY
    )
    code = await breakglass.approve(coming.db, asked, by=OPERATOR, at=at)
    ticket = await steps.with_break_glass(coming.db, ticket.token, code, at=at, policy=ONLY)
    assert ticket.needs == ("choose",)


async def _operator(db: Database, vault: Vault, login: str) -> Doctor:
    """An operator who has signed in once."""
    import pyotp

    from kakehashi.trust.signin import enrolment

    new = NewAccount(login, "運用 予備", setup.OPERATOR, Role.OPERATOR)
    made = await accounts.enrol(db, new, by=OPERATOR, at=NOON)
    ticket = await steps.with_password(db, login, made.initial_password, address=HERE, at=NOON)
    ticket = await enrolment.change_password(db, ticket.token, made.initial_password, GOOD_PASSWORD, at=NOON)
    offer = await enrolment.offer_totp(db, vault, ticket.token, at=NOON)
    ticket = await enrolment.confirm_totp(db, vault, ticket.token, pyotp.TOTP(offer.secret).at(NOON), at=NOON)
    return Doctor(made.account, login, GOOD_PASSWORD, offer.secret, ticket)
