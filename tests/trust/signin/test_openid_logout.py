"""Signing out at the provider, and the provider's word that somebody signed out there."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import RSAKey
from openid_provider import CLIENT, EVENT, HANAKO, Coming, rsa, unsigned
from signin_people import GOOD_PASSWORD, HERE, NOON, OPERATOR, Doctor, make_doctor

from kakehashi.core.errors import BadRequest, Unauthenticated
from kakehashi.store import openid as store
from kakehashi.store import refusals as rows
from kakehashi.trust.keys import Vault
from kakehashi.trust.oauth import jose
from kakehashi.trust.signin import sessions, steps
from kakehashi.trust.signin.openid import arriving, leaving, links

NOW = int(NOON.timestamp())


async def is_open(coming: Coming, token: str) -> bool:
    try:
        await sessions.open_session(coming.db, token, at=NOON)
    except Unauthenticated:
        return False
    return True


async def told(coming: Coming, **other: object) -> int:
    """Send a logout token, good but for what is said; return how many sessions it ended."""
    return await leaving.ended_there(
        coming.db, coming.provider, coming.logout_token(**other), at=NOON, address=HERE
    )


async def test_a_logout_token_ends_the_sessions_that_it_is_about_and_no_others(
    coming: Coming, hanako: Doctor, vault: Vault
) -> None:
    other = await make_doctor(coming.db, vault, "tanaka", licence="400001")
    await links.link(coming.db, coming.teller.issuer, other.account, "tanaka's", by=OPERATOR, at=NOON)
    first, second = await coming.sign_in(sid="s-1"), await coming.sign_in(sid="s-2")
    tanaka = await coming.sign_in(sub="tanaka's", sid="s-3")
    by_password = await steps.with_password(coming.db, hanako.login, GOOD_PASSWORD, address=HERE, at=NOON)
    assert await told(coming, sid="s-1", jti="1") == 1
    assert [await is_open(coming, one.token) for one in (first, second, tanaka)] == [False, True, True]
    assert await told(coming, sid="s-3", sub=None, jti="2") == 1
    third = await coming.sign_in(sid="s-4")
    assert await told(coming, sid=None, jti="3") == 2
    assert [await is_open(coming, one.token) for one in (second, third, tanaka)] == [False, False, False]
    assert await is_open(coming, by_password.token)  # it never rested on the provider
    assert await told(coming, sub="nobody", sid=None, jti="4") == 0
    assert await told(coming, sub="tanaka's", sid="s-2", jti="5") == 0


async def test_who_signed_out_there_while_on_the_way_here_does_not_get_in(
    coming: Coming, hanako: Doctor
) -> None:
    handle = await coming.handle(sid="s-9")
    assert await told(coming, sid="s-9") == 0
    with pytest.raises(Unauthenticated):
        await arriving.signed_in(coming.db, coming.vault, handle, at=NOON)


BAD = {
    "replayed": ({"jti": "first"}, "jti"),
    "without a number": ({"jti": None}, "jti"),
    "of another issuer": ({"iss": "https://id.elsewhere.example"}, "iss"),
    "for another": ({"aud": "somebody"}, "aud"),
    "expired": ({"exp": NOW - 31}, "exp"),
    "never expiring": ({"exp": None}, "exp"),
    "made an hour ago": ({"iat": NOW - 3_600}, "iat"),
    "about no event": ({"events": {}}, "events"),
    "about another event": ({"events": {"http://schemas.openid.net/event/other": {}}}, "events"),
    "about an odd event": ({"events": [next(iter(EVENT))]}, "events"),
    "about an event that is no object": ({"events": dict.fromkeys(EVENT, "yes")}, "events"),
    "with a nonce, as id_tokens have": ({"nonce": "n"}, "nonce"),
    "about nobody": ({"sub": None, "sid": None}, "sub"),
    "about everybody": ({"sub": "", "sid": None}, "sub"),
    "about every session": ({"sid": ""}, "sid"),
}


async def test_a_logout_token_that_is_not_good_ends_nothing(coming: Coming, hanako: Doctor) -> None:
    await told(coming, jti="first", sub="nobody", sid=None)
    held = await coming.sign_in()
    for case, (other, why) in BAD.items():
        with pytest.raises(BadRequest):
            await told(coming, **other)
        assert await ways(coming) == {f"openid.logout.{why}"}, case
    for token, why in _forged(coming):
        with pytest.raises(BadRequest):
            await leaving.ended_there(coming.db, coming.provider, token, at=NOON)
        assert await ways(coming) == {f"openid.logout.{why}"}
    assert await is_open(coming, held.token)


def _forged(coming: Coming) -> list[tuple[str, str]]:
    good = jose.claimed(coming.logout_token(jti="x"))
    stranger: RSAKey = rsa("stranger")
    return [
        (unsigned(good), "alg"),
        (coming.signed(good, stranger, kid="one", typ="logout+jwt"), "signature"),
        (coming.signed(good, stranger, typ="logout+jwt"), "kid"),
        (coming.signed(good, typ="at+jwt"), "typ"),
        ("", "shape"),
        ("x" * 100_000, "shape"),
    ]


async def ways(coming: Coming) -> set[str]:
    async with coming.db.transaction() as tx:
        return {line["way"] for line in await rows.take(tx, NOON + timedelta(days=1))}


async def test_signing_out_here_leads_on_to_signing_out_there_once(coming: Coming, hanako: Doctor) -> None:
    ticket = await coming.sign_in()
    there = await leaving.sign_out(coming.db, coming.vault, coming.provider, ticket.token, at=NOON)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}
    assert there.startswith(str(coming.teller.described["end_session_endpoint"]))
    assert (asked["client_id"], asked["post_logout_redirect_uri"]) == (
        CLIENT,
        f"{coming.provider.base}/signin",
    )
    assert jose.claimed(asked["id_token_hint"])["sub"] == HANAKO
    assert not await is_open(coming, ticket.token)
    assert await leaving.sign_out(coming.db, coming.vault, coming.provider, ticket.token, at=NOON) == ""


async def test_signing_out_here_is_signing_out_whatever_the_provider_does(
    coming: Coming, hanako: Doctor
) -> None:
    by_password = await steps.with_password(coming.db, hanako.login, GOOD_PASSWORD, address=HERE, at=NOON)
    assert await leaving.sign_out(coming.db, coming.vault, coming.provider, by_password.token, at=NOON) == ""
    ticket, later = await coming.sign_in(), NOON + timedelta(minutes=11)
    coming.teller.up = False
    assert await leaving.sign_out(coming.db, coming.vault, coming.provider, ticket.token, at=later) == ""
    assert not await is_open(coming, ticket.token) and not await is_open(coming, by_password.token)


async def test_what_is_over_is_cleared_away(coming: Coming, hanako: Doctor) -> None:
    await coming.handle()
    ticket = await coming.sign_in()
    later = NOON + timedelta(days=2)
    async with coming.db.transaction() as tx:
        await store.tidy(tx, later)
        left = await tx.fetchval(
            "SELECT (SELECT count(*) FROM openid_arrival) + (SELECT count(*) FROM openid_seen)"
            " + (SELECT count(*) FROM openid_session WHERE sealed IS NOT NULL)"
        )
    assert left == 0 and await is_open(coming, ticket.token)
