"""Refused sign-ins: who was tried, how and from where, told by the minute, and no more than an attacker may fill."""

from collections import Counter
from datetime import timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from signin_people import HERE, NOON, SAKURA, Doctor, signed_in

from kakehashi.core.errors import Failure, TooMany, Unauthenticated
from kakehashi.core.ids import new_id
from kakehashi.store import reach
from kakehashi.store import refusals as rows
from kakehashi.store.database import Database
from kakehashi.trust.keys import Vault
from kakehashi.trust.oauth.failures import InvalidToken
from kakehashi.trust.oauth.tokens import REFRESH, Tokens
from kakehashi.trust.signin import history, passkeys, refusals, sessions, steps
from kakehashi.trust.signin.policy import Policy

LATER = NOON + timedelta(minutes=10)
MINUTE = timedelta(minutes=1)
ELSEWHERE = "203.0.113.77"
WITH_PASSKEYS = Policy(origin="https://kakehashi.example", rp_id="kakehashi.example")


async def told(db: Database, *, at=LATER + MINUTE) -> list[dict[str, object]]:
    """What the log says of refused sign-ins once the minute has ended."""
    await refusals.settle(db, at=at)
    async with db.transaction() as tx:
        await reach.open_on(tx, reach.WHOLE_LOG)
        found = [orjson.loads(row["entry"]) for row in await tx.fetch("SELECT entry FROM log ORDER BY seq")]
    return [one for one in found if one["action"] == refusals.ACTION]


async def tried(
    db: Database, login: str, password: str = "wrong", *, address: str = ELSEWHERE, times: int = 1
) -> None:
    for _ in range(times):
        with pytest.raises((Unauthenticated, TooMany)):
            await steps.with_password(db, login, password, address=address, at=LATER)


async def test_a_wrong_password_is_told_of_its_account_with_network_and_number(
    hospitals: Database, doctor: Doctor
) -> None:
    await tried(hospitals, "SATO ", times=3)
    (line,) = await told(hospitals)
    assert (line["who"], line["role"], line["institution"]) == (doctor.account, "doctor", SAKURA.key)
    assert (line["what"], line["because"], line["reason"]) == ("password", "203.0.113.0/24", "3×")


async def test_what_was_typed_is_in_no_line(hospitals: Database) -> None:
    """A login that is nobody's may be a password typed into the wrong field."""
    await tried(hospitals, "kawa-no-7-nagare", "another secret")
    (line,) = await told(hospitals)
    assert line["who"] == refusals.mark_of("kawa-no-7-nagare") and len(str(line["who"])) == 5
    assert "nagare" not in str(line) and "secret" not in str(line)


async def test_having_to_wait_is_told_apart(hospitals: Database, doctor: Doctor) -> None:
    await tried(hospitals, doctor.login, times=8)
    said = {str(line["what"]): line["reason"] for line in await told(hospitals)}
    assert set(said) == {"password", "password.wait"}
    assert sum(int(str(reason).rstrip("×")) for reason in said.values()) == 8


async def test_a_refused_second_factor_and_a_refused_step_up_are_told(
    hospitals: Database, vault: Vault, doctor: Doctor
) -> None:
    open_session = await signed_in(hospitals, vault, doctor, LATER)
    for attempt in (
        steps.with_totp(hospitals, vault, open_session.token, "000000", at=LATER, address=HERE),
        steps.with_recovery_code(hospitals, open_session.token, "nothing", at=LATER),
        steps.with_break_glass(hospitals, open_session.token, "nothing", at=LATER),
    ):
        with pytest.raises(Unauthenticated):
            await attempt
    lines = await told(hospitals)
    assert {line["who"] for line in lines} == {doctor.account}
    assert Counter((line["what"], line["because"], line["reason"]) for line in lines) == {
        ("second", "192.0.2.0/24", "1×"): 1,
        ("second", "", "2×"): 1,
    }


async def test_a_refused_passkey_is_told(hospitals: Database) -> None:
    with pytest.raises(Failure):
        await passkeys.sign_in(hospitals, "{}", at=LATER, address="2001:db8::1", policy=WITH_PASSKEYS)
    (line,) = await told(hospitals)
    assert (line["what"], line["who"], line["because"]) == ("passkey", "", "2001:db8::/48")


async def test_refused_tokens_are_counted_without_a_write_for_each(hospitals: Database, vault: Vault) -> None:
    tokens = Tokens(hospitals, vault, "https://kakehashi.example")
    for _ in range(40):
        with pytest.raises(InvalidToken):
            await tokens.actor_of_token("no.token.atall", at=LATER)
    assert await told(hospitals) == []
    with pytest.raises(InvalidToken):
        await tokens.actor_of_token("no.token.atall", at=LATER + 2 * REFRESH)
    (line,) = await told(hospitals)
    assert (line["what"], line["reason"]) == ("token", "40×")


async def test_an_attacker_adds_to_counts_and_not_to_the_log(hospitals: Database, doctor: Doctor) -> None:
    for number in range(3 * rows.LINES):
        await refusals.note(
            hospitals, "password", login=f"guess{number}", address=f"198.51.{number}.1", at=LATER
        )
    await refusals.note(hospitals, "password", login=f"guess{0}", address="198.51.0.1", at=LATER)
    lines = await told(hospitals)
    assert len(lines) == rows.LINES + 1
    assert sum(int(str(line["reason"]).rstrip("×")) for line in lines) == 3 * rows.LINES + 1
    (rest,) = [line for line in lines if line["because"] == "many"]
    assert (rest["who"], rest["reason"]) == ("", f"{2 * rows.LINES}×")


async def test_a_running_minute_waits_and_an_ended_one_is_told_once(hospitals: Database) -> None:
    await refusals.note(hospitals, "password", login="nobody", at=LATER)
    assert await told(hospitals, at=LATER + timedelta(seconds=59)) == []
    assert len(await told(hospitals)) == 1
    assert len(await told(hospitals)) == 1


async def test_a_sign_in_that_succeeds_is_no_refusal(
    hospitals: Database, vault: Vault, doctor: Doctor
) -> None:
    await signed_in(hospitals, vault, doctor, LATER)
    assert await told(hospitals) == []


async def test_whoever_signed_in_sees_their_last_sign_ins_and_nobody_elses(
    hospitals: Database, vault: Vault, doctor: Doctor
) -> None:
    first = await signed_in(hospitals, vault, doctor, LATER)
    await sessions.sign_out(hospitals, first.token, at=LATER + MINUTE)
    now = LATER + 2 * MINUTE
    second = await signed_in(hospitals, vault, doctor, now)
    here, before, *_ = await history.mine(hospitals, second.token, at=now)
    assert (here.began, here.ended, here.here) == (now, None, True)
    assert (before.began, before.ended, before.here) == (LATER, LATER + MINUTE, False)
    assert (here.institution, here.role, set(here.factors)) == (SAKURA.name, "doctor", {"password", "totp"})
    with pytest.raises(Unauthenticated):
        await history.mine(hospitals, new_id(), at=now)


@given(st.ip_addresses())
def test_a_network_holds_its_address_and_names_no_single_one(address) -> None:
    named = refusals.network_of(str(address))
    assert named == "loopback" if address.is_loopback else named.endswith(("/24", "/48"))


@given(st.text(max_size=40))
def test_a_mark_is_short_whatever_was_typed(login: str) -> None:
    assert len(refusals.mark_of(login)) == (5 if login else 0)
