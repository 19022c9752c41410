"""Sign-in by the operator's own provider: who is let in, as what, and every answer that is not good."""

import hmac
import json
import secrets
import ssl
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from joserfc.jwk import ECKey
from openid_provider import (
    CLIENT,
    Coming,
    provider_of,
    published,
    rsa,
    sign,
    telling,
    unsigned,
)
from signin_people import GOOD_PASSWORD, HERE, NOON, OPERATOR, SAKURA, Doctor, actor_of

from kakehashi.core.actors import Purpose, Role
from kakehashi.core.errors import Refused, TooMany, Unauthenticated
from kakehashi.store import refusals as rows
from kakehashi.store.database import Database
from kakehashi.trust import quarantine
from kakehashi.trust.keys import Authority, Vault
from kakehashi.trust.oauth import jose
from kakehashi.trust.oauth.jose import NotGood
from kakehashi.trust.signin import accounts, sessions, steps
from kakehashi.trust.signin.openid import arriving, asking, factors, keys
from kakehashi.trust.signin.openid.arriving import Unlinked
from kakehashi.trust.signin.openid.line import NoAnswer
from kakehashi.trust.signin.policy import STRICT
from kakehashi.trust.signin.throttle import ADDRESS

MINUTE = timedelta(minutes=1)
ELSEWHERE = "https://id.elsewhere.example"


async def refused(coming: Coming) -> set[str]:
    """How the log will tell the refusals of this test."""
    async with coming.db.transaction() as tx:
        return {line["way"] for line in await rows.take(tx, NOON + timedelta(days=1))}


async def chosen(coming: Coming, ticket: sessions.Ticket) -> sessions.Ticket:
    return await sessions.choose(
        coming.db, ticket.token, SAKURA.key, Role.DOCTOR, Purpose.TREATMENT, at=NOON, policy=coming.policy
    )


async def test_who_is_linked_is_their_own_account_with_the_rights_that_a_manager_gave(
    coming: Coming, hanako: Doctor
) -> None:
    coming.provider.factor = "acr:2"
    ticket = await coming.sign_in(acr="2", roles=["operator"], groups=["/admins"])
    assert ticket.needs == ("choose",)
    actor = await actor_of(coming.db, (await chosen(coming, ticket)).token, at=NOON)
    assert (actor.subject, actor.role, actor.institution, actor.factors) == (
        hanako.account,
        Role.DOCTOR,
        SAKURA,
        2,
    )


async def test_the_client_proves_itself_by_its_secret_or_by_a_signature(
    coming: Coming, hanako: Doctor, tmp_path: Path
) -> None:
    await coming.sign_in()
    assert "client_secret" not in coming.teller.asked[0]  # it stands in the header
    signing = provider_of(coming.db, coming.vault, tmp_path, coming.teller.issuer, openid_client_secret="")
    await replace(coming, provider=signing).sign_in()
    form = coming.teller.asked[1]
    assert not form["authorization"] and form["client_assertion_type"].endswith("jwt-bearer")
    said = jose.claimed(form["client_assertion"])
    assert (said["iss"], said["sub"], said["aud"]) == (CLIENT, CLIENT, coming.teller.issuer)


FACTORS = [
    # rule, acr, amr, what is still needed
    ("", "2", ["mfa"], ("second", "choose")),
    ("acr:2", "1", ["mfa"], ("second", "choose")),
    ("acr:2", "2", None, ("choose",)),
    ("acr:2", "22", None, ("second", "choose")),
    ("amr:mfa", "1", ["pwd", "mfa"], ("choose",)),
    ("amr:pwd+otp", "1", ["otp"], ("second", "choose")),
    ("amr:pwd+otp", "1", ["otp", "x", "pwd"], ("choose",)),
    ("amr:pwd+otp", "1", "pwd+otp", ("second", "choose")),
    ("acr:9 amr:hwk", "1", ["hwk"], ("choose",)),
    ("amr:mfa", "1", [["mfa"], None], ("second", "choose")),
]


async def test_two_factors_count_only_as_configured(coming: Coming, hanako: Doctor) -> None:
    for rule, acr, amr, needs in FACTORS:
        coming.provider.factor = rule
        assert (await coming.sign_in(acr=acr, amr=amr)).needs == needs, (rule, acr, amr)


async def test_one_factor_there_and_the_telephones_app_here_are_two(coming: Coming, hanako: Doctor) -> None:
    at = NOON + MINUTE
    ticket = await coming.sign_in(at=at)
    ticket = await steps.with_totp(coming.db, coming.vault, ticket.token, hanako.code(at), at=at)
    assert ticket.needs == ("choose",)


async def test_a_session_is_no_longer_than_the_policy_and_no_fresher_than_the_proof(
    coming: Coming, hanako: Doctor
) -> None:
    coming.provider.factor = "acr:2"
    ago = timedelta(minutes=20)
    proven = int((NOON - ago).timestamp())
    ticket = await chosen(coming, await coming.sign_in(acr="2", auth_time=proven))
    session = await sessions.open_session(coming.db, ticket.token, at=NOON)
    assert (session.proven_at, session.ends_at) == (NOON - ago, NOON - ago + STRICT.longest)
    with pytest.raises(Refused):
        sessions.require_recent(session, at=NOON)


async def test_step_up_proves_two_factors_anew_in_the_running_session(coming: Coming, hanako: Doctor) -> None:
    coming.provider.factor = "acr:2"
    before = await chosen(coming, await coming.sign_in(acr="2", auth_time=int(NOON.timestamp()) - 1_200))
    later = NOON + timedelta(minutes=10)
    after = await coming.sign_in(
        at=later, again=True, token=before.token, acr="2", auth_time=int(later.timestamp())
    )
    assert after.needs == ()
    session = await sessions.open_session(coming.db, after.token, at=later)
    sessions.require_recent(session, at=later)
    with pytest.raises(Unauthenticated):  # the former token is worth nothing
        await sessions.open_session(coming.db, before.token, at=later)


async def test_step_up_wants_the_proof_anew_by_two_factors_and_of_the_same_person(
    coming: Coming, hanako: Doctor
) -> None:
    coming.provider.factor = "acr:2"
    before = await chosen(coming, await coming.sign_in(acr="2"))
    now = int(NOON.timestamp())
    for other in ({"acr": "2", "auth_time": now - 60}, {"acr": "1", "auth_time": now}):
        with pytest.raises(Unauthenticated):
            await coming.sign_in(again=True, token=before.token, **other)
    with pytest.raises(Unlinked):
        await coming.sign_in(again=True, token=before.token, acr="2", auth_time=now, sub="somebody-else")
    with pytest.raises(Refused):
        session = await sessions.open_session(coming.db, before.token, at=NOON + timedelta(minutes=6))
        sessions.require_recent(session, at=NOON + timedelta(minutes=6))


# What an id_token says that it must not, and how the log tells it.
WRONG_CLAIMS = {
    "nonce of another": ({"nonce": "another"}, "nonce"),
    "no nonce": ({"nonce": None}, "nonce"),
    "another issuer": ({"iss": ELSEWHERE}, "iss"),
    "another audience": ({"aud": "somebody"}, "aud"),
    "an audience beside us": ({"aud": [CLIENT, "somebody"]}, "aud"),
    "no audience": ({"aud": None}, "aud"),
    "given to another": ({"azp": "somebody"}, "azp"),
    "expired": ({"exp": int(NOON.timestamp()) - 31}, "exp"),
    "never expires": ({"exp": None}, "exp"),
    "made long ago": ({"iat": int(NOON.timestamp()) - 3_600}, "iat"),
    "made tomorrow": ({"iat": int(NOON.timestamp()) + 86_400}, "iat"),
    "proven too long ago": ({"auth_time": int(NOON.timestamp()) - 1_900}, "auth_time"),
    "proven tomorrow": ({"auth_time": int(NOON.timestamp()) + 86_400}, "auth_time"),
    "does not say when": ({"auth_time": None}, "auth_time"),
    "nobody": ({"sub": ""}, "sub"),
    "a number": ({"sub": 7}, "sub"),
    "too long": ({"sub": "x" * 256}, "sub"),
    "half a sign": ({"sub": "\ud800"}, "sub"),
    "no ASCII": ({"sub": "花子"}, "sub"),
    "with a NUL": ({"sub": "a\x00b"}, "sub"),
    "half a sign for a nonce": ({"nonce": "\ud800"}, "nonce"),
    "an odd session": ({"sid": ["s-1"]}, "sid"),
    "a session with a NUL": ({"sid": "a\x00"}, "sid"),
}


async def test_an_id_token_that_says_something_else_signs_nobody_in(coming: Coming) -> None:
    for case, (said, why) in WRONG_CLAIMS.items():
        with pytest.raises(Unauthenticated):
            await coming.handle(**said)
        assert await refused(coming) == {f"openid.{why}"}, case


def _with_public_key_as_secret(coming: Coming, said: dict[str, object]) -> str:
    """As a library would have it that takes the algorithm from the header; ours does not even make such a token."""
    parts = ({"alg": "HS256", "kid": "one", "typ": "JWT"}, said)
    text = ".".join(urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in parts)
    mark = hmac.digest(rsa("one").as_pem(private=False), text.encode(), "sha256")
    return f"{text}.{urlsafe_b64encode(mark).rstrip(b'=').decode()}"


def _by_a_stranger(coming: Coming, said: dict[str, object]) -> str:
    return coming.signed(said, rsa("stranger"), kid="one")


def _of_a_key_that_came_along(coming: Coming, said: dict[str, object]) -> str:
    return sign(said, {"alg": "RS256", "typ": "JWT", "kid": "x", "jku": f"{ELSEWHERE}/keys"}, rsa("stranger"))


SIGNED_WRONG = {
    "not at all": (lambda coming, said: unsigned(said), "alg"),
    "with the public key for a secret": (_with_public_key_as_secret, "alg"),
    "by another": (_by_a_stranger, "signature"),
    "by a key of its own address": (_of_a_key_that_came_along, "header"),
    "by an unknown key": (lambda coming, said: coming.signed(said, rsa("stranger")), "kid"),
    "as an access token": (lambda coming, said: coming.signed(said, typ="at+jwt"), "typ"),
    "as a logout token": (lambda coming, said: coming.signed(said, typ="logout+jwt"), "typ"),
    "changed afterwards": (lambda coming, said: _changed(coming.signed(said)), "signature"),
    "not a token": (lambda coming, said: "no token", "shape"),
    "too long": (lambda coming, said: coming.signed({**said, "picture": "x" * 9_000}), "shape"),
}


def _changed(token: str) -> str:
    head, body, signature = token.split(".")
    return f"{head}.{body[:-3]}AAA.{signature}"


async def test_an_id_token_that_is_not_the_providers_signs_nobody_in(coming: Coming) -> None:
    for case, (made, why) in SIGNED_WRONG.items():
        asked = await coming.leave()
        with pytest.raises(Unauthenticated):
            await coming.back(asked, made(coming, coming.said(asked)))
        assert await refused(coming) == {f"openid.{why}"}, case


async def test_the_answer_counts_in_the_browser_that_asked_and_once(coming: Coming) -> None:
    asked, others = await coming.leave(), await coming.leave()
    coming.teller.challenge = ""
    good = await coming.leave()
    token = coming.signed(coming.said(good))
    for held in ("", "made up", asking.sealed(others, coming.vault), "x" * 5_000):
        with pytest.raises(Unauthenticated):
            await coming.back(good, token, held=held)
    with pytest.raises(Unauthenticated):
        await coming.back(good, token, state="")
    with pytest.raises(Unauthenticated):
        await coming.back(asked, token, at=NOON + timedelta(minutes=11))
    assert await refused(coming) == {"openid.state", "openid.late"} and coming.teller.asked == []
    await coming.back(good, token)
    with pytest.raises(Unauthenticated):
        await coming.back(good, token)
    assert await refused(coming) == {"openid.again"}


async def test_a_code_is_good_once_and_with_its_verifier(coming: Coming) -> None:
    stolen = await coming.leave()
    await coming.leave()  # the provider's code is for this request now
    with pytest.raises(Unauthenticated):
        await coming.back(stolen, coming.signed(coming.said(stolen)))
    mine, replayed = await coming.leave(), await coming.leave()
    await coming.back(replayed, coming.signed(coming.said(replayed)))
    assert coming.teller.token is None
    with pytest.raises(Unauthenticated):  # the same code once more: the provider knows it no more
        await coming.back(mine, coming.signed(coming.said(mine)))
    assert await refused(coming) == {"openid.code"}


async def test_the_answer_of_another_provider_is_not_taken(coming: Coming) -> None:
    """Mix-up: the code is not even sent to our provider's token endpoint."""
    asked = await coming.leave()
    for other in (ELSEWHERE, ""):
        with pytest.raises(Unauthenticated):
            await coming.back(asked, coming.signed(coming.said(asked)), issuer=other)
    assert await refused(coming) == {"openid.iss"} and coming.teller.asked == []


async def test_a_provider_that_never_names_itself_may_go_on_so(coming: Coming) -> None:
    del coming.teller.described["authorization_response_iss_parameter_supported"]
    asked = await coming.leave()
    assert await coming.back(asked, coming.signed(coming.said(asked)), issuer="")


async def test_a_refusal_there_is_a_refusal_here(coming: Coming) -> None:
    asked = await coming.leave()
    with pytest.raises(Unauthenticated):
        await coming.back(asked, coming.signed(coming.said(asked)), error="access_denied", code="")
    asked = await coming.leave()
    for code in ("", "x" * 3_000):
        with pytest.raises(Unauthenticated):
            await coming.back(asked, coming.signed(coming.said(asked)), code=code)
    assert (
        await refused(coming) == {"openid.denied", "openid.code", "openid.again"} and not coming.teller.asked
    )


async def test_made_up_codes_do_not_have_us_ask_the_provider_without_end(coming: Coming) -> None:
    asked = await coming.leave()
    with pytest.raises(TooMany):
        for _ in range(60):
            guess = replace(asked, state=secrets.token_urlsafe(8), verifier="made up")
            with pytest.raises(Unauthenticated):
                await coming.back(guess, "")
    assert len(coming.teller.asked) <= ADDRESS.free + 1
    assert await refused(coming) == {"openid.code", "openid.wait"}


async def test_a_provider_that_is_down_makes_nobody_wait_afterwards(coming: Coming, hanako: Doctor) -> None:
    coming.teller.odd = {"/token": (503, {})}
    for _ in range(ADDRESS.free + 5):
        asked = await coming.leave()
        with pytest.raises(NoAnswer):
            await coming.back(asked, "")
    coming.teller.odd = {}
    assert await coming.sign_in()


async def test_a_handle_is_good_once_and_for_ten_minutes(coming: Coming, hanako: Doctor) -> None:
    handle = await coming.handle()
    with pytest.raises(Unauthenticated):
        await arriving.signed_in(coming.db, coming.vault, "made-up", at=NOON)
    with pytest.raises(Unauthenticated):
        await arriving.signed_in(coming.db, coming.vault, handle, at=NOON + arriving.LASTS)
    await arriving.signed_in(coming.db, coming.vault, handle, at=NOON)
    with pytest.raises(Unauthenticated):
        await arriving.signed_in(coming.db, coming.vault, handle, at=NOON)


async def test_who_is_linked_to_nobody_is_told_so_and_told_of_without_their_name(coming: Coming) -> None:
    with pytest.raises(Unlinked, match="link code"):
        await coming.sign_in(preferred_username="hanako.sato", name="佐藤 花子")
    async with coming.db.transaction() as tx:
        (line,) = await rows.take(tx, NOON + timedelta(days=1))
    assert (line["way"], line["network"]) == ("openid.unlinked", "192.0.2.0/24")
    assert line["tried"].startswith("?") and len(line["tried"]) == 5


async def test_an_odd_name_there_is_no_name(coming: Coming, hanako: Doctor) -> None:
    for odd in ("\ud800", "a\x00b", "x" * 300, 7, None, ["hanako"]):
        assert await coming.sign_in(preferred_username=odd)


async def test_a_disabled_account_and_one_in_quarantine_do_not_get_in(coming: Coming, hanako: Doctor) -> None:
    await quarantine.place(coming.db, SAKURA.key, "鍵の紛失", by=OPERATOR, at=NOON)
    coming.provider.factor = "acr:2"
    ticket = await coming.sign_in(acr="2")
    with pytest.raises(Refused, match="quarantine"):
        await chosen(coming, ticket)
    await accounts.disable(coming.db, hanako.account, by=OPERATOR, at=NOON)
    with pytest.raises(Unauthenticated, match="not in use"):
        await coming.sign_in()
    assert await refused(coming) == {"openid"}


async def test_new_keys_of_the_provider_are_fetched_and_not_more_often_than_that(
    coming: Coming, hanako: Doctor
) -> None:
    await coming.sign_in()
    coming.teller.keys = published(rsa("two"))
    asked = await coming.leave()
    with pytest.raises(Unauthenticated):  # asked just now
        await coming.back(asked, coming.signed(coming.said(asked), rsa("two")))
    later = NOON + timedelta(seconds=31)
    asked = await coming.leave(at=later)
    await coming.back(asked, coming.signed(coming.said(asked, later), rsa("two")), at=later)
    for _ in range(5):
        asked = await coming.leave(at=later)
        with pytest.raises(Unauthenticated):  # a withdrawn key is good no more
            await coming.back(asked, coming.signed(coming.said(asked, later)), at=later)
    assert coming.teller.requests.count("/keys") == 2


async def test_a_provider_that_is_down_is_asked_seldom_and_said_to_be_down(coming: Coming) -> None:
    coming.teller.up = False
    for _ in range(10):
        with pytest.raises(NoAnswer):
            await coming.leave()
    assert len(coming.teller.requests) == 1
    coming.teller.up = True
    assert await coming.leave(at=NOON + timedelta(seconds=6))


BAD_DESCRIPTIONS = {
    "another issuer": {"issuer": ELSEWHERE},
    "a slash more": {"issuer": "http://127.0.0.1/"},
    "no keys": {"jwks_uri": None},
    "keys by plain http elsewhere": {"jwks_uri": "http://id.elsewhere.example/keys"},
    "a script": {"authorization_endpoint": "javascript:alert(1)"},
    "a file": {"token_endpoint": "file:///etc/passwd"},
    "somebody's password in it": {"token_endpoint": "https://user:word@id.example/token"},
    "a number": {"token_endpoint": 7},
    "signing out anywhere": {"end_session_endpoint": "//id.elsewhere.example"},
}


async def test_a_description_that_is_not_sound_is_not_used(coming: Coming, tmp_path: Path) -> None:
    good = coming.teller.described
    for case, wrong in BAD_DESCRIPTIONS.items():
        coming.teller.described = good | wrong
        fresh = provider_of(coming.db, coming.vault, tmp_path, coming.teller.issuer)
        with pytest.raises(NoAnswer):
            await replace(coming, provider=fresh).leave()
            pytest.fail(case)


async def test_only_the_issuers_own_host_may_lie_in_our_network(coming: Coming) -> None:
    """A description cannot send us to any other machine of ours."""
    port = coming.teller.issuer.split(":")[2].split("/")[0]
    coming.teller.described["token_endpoint"] = f"http://localhost:{port}/token"
    asked = await coming.leave()
    with pytest.raises(NoAnswer):
        await coming.back(asked, coming.signed(coming.said(asked)))
    assert coming.teller.asked == []


async def test_answers_that_are_no_use_are_not_used(coming: Coming) -> None:
    signed = {"id_token": 7}
    for path, answer, refusal in (
        ("/keys", (200, {"keys": ["x" * 200_000]}), NoAnswer),
        ("/keys", (302, coming.teller.keys), NoAnswer),
        ("/keys", (200, {"keys": []}), NoAnswer),
        ("/token", (500, {}), NoAnswer),
        ("/token", (200, {"x": "x" * 200_000}), NoAnswer),
        ("/token", (200, ["id_token"]), Unauthenticated),
        ("/token", (200, signed), Unauthenticated),
        ("/token", (302, {}), Unauthenticated),
    ):
        coming.teller.odd = {path: answer}
        at = NOON + timedelta(seconds=len(coming.teller.requests) * 10)  # one that was down is asked again
        asked = await coming.leave(at=at)
        with pytest.raises(refusal):
            await coming.back(asked, coming.signed(coming.said(asked, at)), at=at)


async def test_a_provider_of_our_own_authority_is_known_by_its_certificate(
    hospitals: Database, vault: Vault, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    authority = Authority.make("病院の認証局", at=now)
    authority.server(["127.0.0.1"], at=now).write(tmp_path, "server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
    with telling(context) as teller:
        with pytest.raises(NoAnswer):
            await provider_of(hospitals, vault, tmp_path, teller.issuer).metadata(at=NOON)
        (tmp_path / "keys").mkdir(exist_ok=True)
        (tmp_path / "keys" / "openid.pem").write_bytes(authority.issued.certificate)
        known = provider_of(hospitals, vault, tmp_path, teller.issuer)
        assert (await known.metadata(at=NOON)).issuer == teller.issuer
        teller.described["jwks_uri"] = "http://127.0.0.1/keys"  # https leads to no plain http
        with pytest.raises(NoAnswer):
            await known.metadata(at=NOON + timedelta(minutes=11))


def test_keys_for_other_ends_are_passed_over() -> None:
    secret = {"kty": "oct", "k": "c2VjcmV0", "kid": "s"}
    encrypting = {**rsa("two").as_dict(private=False), "use": "enc", "kid": "e"}
    small = {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "small"}
    curve = ECKey.generate_key("P-256", {"kid": "curve"}).as_dict(private=False)
    listed = [
        secret,
        encrypting,
        small,
        {"kty": "OKP"},
        "no key",
        {"kid": 7},
        curve,
        rsa("one").as_dict(private=False),
    ]
    read = keys.read(str({"keys": listed}).replace("'", '"').encode())
    assert {one.kid: one.algorithms for one in read} == {"curve": ("ES256",), "one": ("RS256",)}
    for nothing in (b"", b"[]", b'{"keys": []}', b'{"keys": {}}', b"\xff", b"[" * 100_000):
        with pytest.raises(NotGood):
            keys.read(nothing)


def test_what_is_asked_for_is_what_counts() -> None:
    assert factors.levels("amr:mfa") == "" and factors.levels("acr:urn:x:2 amr:mfa acr:3") == "urn:x:2 3"


async def test_where_only_the_provider_counts_a_password_leads_to_an_emergency_code_alone(
    coming: Coming, hanako: Doctor
) -> None:
    only = replace(STRICT, openid_only=True)
    at = NOON + MINUTE
    ticket = await steps.with_password(
        coming.db, hanako.login, GOOD_PASSWORD, address=HERE, at=at, policy=only
    )
    assert "second" in ticket.needs
    with pytest.raises(Refused, match="emergency code"):
        await steps.with_totp(coming.db, coming.vault, ticket.token, hanako.code(at), at=at, policy=only)
    with pytest.raises(Unauthenticated):  # a wrong one; a good one is in test_openid_links.py
        await steps.with_break_glass(coming.db, ticket.token, "nothing", at=at, policy=only)


async def test_a_session_from_before_ends_where_only_the_provider_counts(
    coming: Coming, hanako: Doctor
) -> None:
    at = NOON + MINUTE
    ticket = await steps.with_password(coming.db, hanako.login, GOOD_PASSWORD, address=HERE, at=at)
    ticket = await steps.with_totp(coming.db, coming.vault, ticket.token, hanako.code(at), at=at)
    only = replace(STRICT, openid_only=True)
    assert "second" in (await sessions.open_session(coming.db, ticket.token, at=at, policy=only)).needs
