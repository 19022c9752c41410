"""Quarantine: one act shuts an institution out by every way in, no other; lifted, everything is as it was."""

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kakehashi.core.actors import Purpose, Role
from kakehashi.core.errors import BadRequest, Conflict, NotFound, Refused, Unauthenticated
from kakehashi.store import institutions, reach
from kakehashi.store.database import Database
from kakehashi.trust import quarantine
from kakehashi.trust.keys import Authority, Vault
from kakehashi.trust.oauth import certificates, clients
from kakehashi.trust.oauth.failures import InvalidClient, InvalidToken
from kakehashi.trust.oauth.tokens import Tokens
from kakehashi.trust.signin import sessions, setup, steps

sys.path += [str(Path(__file__).parent / name) for name in ("oauth", "signin")]
from oauth_systems import ISSUER, System, new_system
from signin_people import GOOD_PASSWORD, HERE, MIDORI, NOON, OPERATOR, SAKURA, Doctor, actor_of, make_doctor

LATER = NOON + timedelta(minutes=2)
WHY = "端末から不審な通信 (synthetic)"


@pytest.fixture
async def tokens(db: Database, tmp_path: Path) -> Tokens:
    async with db.transaction() as tx:
        for place in (setup.OPERATOR, SAKURA, MIDORI):
            await institutions.put(tx, place)
    return Tokens(db, Vault.at(tmp_path), ISSUER)


async def a_system(tokens: Tokens, name: str, place: object) -> System:
    made = new_system(name)
    await clients.register(
        tokens.db,
        name,
        "x",
        place,
        scope=["system/*.rs"],
        jwks=made.jwks(),
        by=OPERATOR,
        at=NOON,  # type: ignore[arg-type]
    )
    return made


async def works(tokens: Tokens, token: str, at: object = LATER) -> bool:
    try:
        return bool(await tokens.actor_of_token(token, at=at))  # type: ignore[arg-type]
    except InvalidToken:
        return False


async def choose(tokens: Tokens, doctor: Doctor, at: object = NOON) -> str:
    """Let a doctor sign in and take up the duty; return the session's token."""
    db = tokens.db
    ticket = await steps.with_password(db, doctor.login, GOOD_PASSWORD, address=HERE, at=at)  # type: ignore[arg-type]
    ticket = await steps.with_totp(db, tokens.vault, ticket.token, doctor.code(at), at=at)  # type: ignore[arg-type]
    place = SAKURA.key if doctor.login == "sato" else MIDORI.key
    return (await sessions.choose(db, ticket.token, place, Role.DOCTOR, Purpose.TREATMENT, at=at)).token  # type: ignore[arg-type]


async def test_systems_get_no_tokens_and_those_they_have_are_void_on_every_server(
    tokens: Tokens, tmp_path: Path
) -> None:
    mine, theirs = await a_system(tokens, "sakura-ehr", SAKURA), await a_system(tokens, "midori-ehr", MIDORI)
    held, other = (
        (await mine.token(tokens, NOON)).access_token,
        (await theirs.token(tokens, NOON)).access_token,
    )
    elsewhere = Tokens(tokens.db, Vault.at(tmp_path), ISSUER)
    assert await works(tokens, held, NOON) and await works(elsewhere, held, NOON)
    await quarantine.place(tokens.db, SAKURA.key, WHY, by=OPERATOR, at=NOON)
    for server in (tokens, elsewhere):
        assert not await works(server, held, NOON + timedelta(seconds=1))
        assert await works(server, other, NOON + timedelta(seconds=1))
    with pytest.raises(InvalidClient):
        await mine.token(tokens, LATER)
    assert await theirs.token(tokens, LATER)
    await quarantine.lift(tokens.db, SAKURA.key, by=OPERATOR, at=LATER)
    assert await works(tokens, (await mine.token(tokens, LATER)).access_token)
    assert not await works(tokens, held)


async def test_a_system_suspended_before_is_suspended_afterwards(tokens: Tokens) -> None:
    mine = await a_system(tokens, "sakura-ehr", SAKURA)
    await clients.suspend(tokens.db, mine.id, by=OPERATOR, at=NOON)
    await quarantine.place(tokens.db, SAKURA.key, WHY, by=OPERATOR, at=NOON)
    await quarantine.lift(tokens.db, SAKURA.key, by=OPERATOR, at=LATER)
    with pytest.raises(InvalidClient):
        await mine.token(tokens, LATER)


async def test_sessions_end_and_none_begins_there(tokens: Tokens) -> None:
    here = await make_doctor(tokens.db, tokens.vault)
    there = await make_doctor(tokens.db, tokens.vault, "kato", MIDORI, "998877")
    at = NOON + timedelta(minutes=1)
    open_here, open_there = await choose(tokens, here, at), await choose(tokens, there, at)
    await quarantine.place(tokens.db, SAKURA.key, WHY, by=OPERATOR, at=at)
    with pytest.raises(Unauthenticated):
        await actor_of(tokens.db, open_here, at=at)
    assert (await actor_of(tokens.db, open_there, at=at)).institution == MIDORI
    with pytest.raises(Refused) as told:
        await choose(tokens, here, LATER)
    assert told.value.problems[0].rule == "quarantine"
    await quarantine.lift(tokens.db, SAKURA.key, by=OPERATOR, at=LATER)
    assert await choose(tokens, here, LATER + timedelta(minutes=1))


async def test_a_session_that_was_opened_in_the_same_moment_does_not_act(tokens: Tokens) -> None:
    """Ended sessions are not what holds: every request asks whether the institution is shut out."""
    doctor = await make_doctor(tokens.db, tokens.vault)
    at = NOON + timedelta(minutes=1)
    token = await choose(tokens, doctor, at)
    await quarantine.place(tokens.db, SAKURA.key, WHY, by=OPERATOR, at=at)
    async with tokens.db.transaction() as tx:
        await tx.execute("UPDATE signin_session SET ended_at = NULL")
    with pytest.raises(Unauthenticated):
        await actor_of(tokens.db, token, at=at)


async def test_certificates_speak_for_nobody_meanwhile(tokens: Tokens) -> None:
    authority = Authority.make("見本認証局", at=NOON)
    mine, theirs = (authority.client(name, at=NOON).certificate for name in ("a", "b"))
    await certificates.register(tokens.db, mine, SAKURA, by=OPERATOR, at=NOON)
    await certificates.register(tokens.db, theirs, MIDORI, by=OPERATOR, at=NOON)
    await quarantine.place(tokens.db, SAKURA.key, WHY, by=OPERATOR, at=NOON)
    ours, others = certificates.thumbprint_of(mine), certificates.thumbprint_of(theirs)
    assert not await certificates.is_of(tokens.db, ours, SAKURA, at=NOON)
    assert await certificates.is_of(tokens.db, others, MIDORI, at=NOON)
    await quarantine.lift(tokens.db, SAKURA.key, by=OPERATOR, at=NOON)
    assert await certificates.is_of(tokens.db, ours, SAKURA, at=NOON)


async def test_what_comes_by_files_is_stopped_too(tokens: Tokens) -> None:
    await quarantine.place(tokens.db, SAKURA.key, WHY, by=OPERATOR, at=NOON)
    async with tokens.db.transaction() as tx:
        with pytest.raises(Refused):
            await quarantine.require_free(tx, SAKURA.key)
        await quarantine.require_free(tx, MIDORI.key)


async def test_it_is_told_and_recorded_with_its_reason(tokens: Tokens) -> None:
    await a_system(tokens, "sakura-ehr", SAKURA)
    await quarantine.place(tokens.db, SAKURA.key, WHY, by=OPERATOR, at=NOON)
    (one,) = await quarantine.every(tokens.db, by=OPERATOR)
    assert (one.institution, one.reason, one.clients, one.accounts) == (SAKURA.key, WHY, 1, 0)
    await quarantine.lift(tokens.db, SAKURA.key, by=OPERATOR, at=LATER)
    assert await quarantine.every(tokens.db, by=OPERATOR) == []
    async with tokens.db.transaction() as tx:
        await reach.open_on(tx, reach.WHOLE_LOG)
        entries = [row["entry"].decode() for row in await tx.fetch("SELECT entry FROM log ORDER BY seq")]
    assert "quarantine.placed" in entries[-2] and WHY in entries[-2]
    assert "quarantine.lifted" in entries[-1]


async def test_who_may_not_what_is_not_there_and_what_makes_no_sense(tokens: Tokens) -> None:
    auditor = replace(OPERATOR, role=Role.AUDITOR)
    doctor = replace(OPERATOR, role=Role.DOCTOR, institution=SAKURA, purpose=Purpose.TREATMENT)
    for by in (auditor, doctor):
        for act in (
            quarantine.place(tokens.db, SAKURA.key, WHY, by=by, at=NOON),
            quarantine.lift(tokens.db, SAKURA.key, by=by, at=NOON),
            quarantine.every(tokens.db, by=by),
        ):
            with pytest.raises(Refused):
                await act
    for institution, reason, failure in ((0, WHY, BadRequest), (77, WHY, NotFound), (1, " ", BadRequest)):
        with pytest.raises(failure):
            await quarantine.place(tokens.db, institution, reason, by=OPERATOR, at=NOON)
    with pytest.raises(Conflict):
        await quarantine.lift(tokens.db, SAKURA.key, by=OPERATOR, at=NOON)
    await quarantine.place(tokens.db, SAKURA.key, WHY, by=OPERATOR, at=NOON)
    with pytest.raises(Conflict):
        await quarantine.place(tokens.db, SAKURA.key, WHY, by=OPERATOR, at=NOON)
