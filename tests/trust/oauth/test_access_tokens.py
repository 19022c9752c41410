"""Access tokens: what they open, how long, for whom; and how they are taken back within a second."""

import asyncio
import json
from base64 import urlsafe_b64decode
from datetime import datetime, timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from oauth_systems import ISSUER, MIDORI, NOON, OPERATOR, SAKURA, System, b64, new_system

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.errors import BadRequest, NotFound, Refused, Unavailable
from kakehashi.core.settings import Settings
from kakehashi.store import clients as client_rows
from kakehashi.store.clients import Client
from kakehashi.store.database import Database
from kakehashi.trust.keys import Authority, KeyTrouble, Vault
from kakehashi.trust.oauth import certificates, clients, demo, grants, signing_keys, tidying
from kakehashi.trust.oauth import tokens as tokens_module
from kakehashi.trust.oauth.failures import InvalidClient, InvalidToken
from kakehashi.trust.oauth.tokens import Tokens
from kakehashi.trust.signin import accounts, setup

DEMO = Settings(demo=True)
SECOND = timedelta(seconds=1)
CERT = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"


async def works(tokens: Tokens, token: str, at: datetime = NOON, cert: str | None = None) -> bool:
    try:
        return bool(await tokens.actor_of_token(token, at=at, client_cert_thumbprint=cert))
    except InvalidToken:
        return False


def said_in(part: str) -> dict[str, object]:
    """What a token's header or payload says."""
    said: dict[str, object] = json.loads(urlsafe_b64decode(part + "=="))
    return said


async def client_of(tokens: Tokens, system: System) -> Client:
    async with tokens.db.transaction() as tx:
        found = await client_rows.by_id(tx, system.id)
    assert found is not None
    return found


async def test_a_token_says_little_and_ends_after_five_minutes(tokens: Tokens, system: System) -> None:
    token = (await system.token(tokens, NOON)).access_token
    payload = token.split(".")[1]
    said = said_in(payload)
    assert set(said) == {
        "iss", "aud", "sub", "client_id", "iat", "exp", "jti", "scope", "institution", "role", "purpose"
    }  # fmt: skip
    assert await works(tokens, token, NOON + timedelta(seconds=299))
    assert not await works(tokens, token, NOON + timedelta(seconds=300))
    assert not await works(tokens, token, NOON - timedelta(seconds=6))


async def test_another_process_takes_the_token_too(tokens: Tokens, vault: Vault, system: System) -> None:
    token = (await system.token(tokens, NOON)).access_token
    assert await works(Tokens(tokens.db, vault, ISSUER), token)
    assert not await works(Tokens(tokens.db, vault, "https://other.example"), token)


def forged(tokens: Tokens, key: ECKey, kid: str, header: dict[str, object], **changed: object) -> str:
    now = int(NOON.timestamp())
    claims = {
        "iss": ISSUER, "aud": ISSUER + "/fhir", "sub": "sakura-ehr", "client_id": "sakura-ehr", "iat": now,
        "exp": now + 300, "jti": "j", "scope": "system/*.cruds", "institution": 1, "role": "system",
        "purpose": "TREAT", **changed,
    }  # fmt: skip
    return jwt.encode({"alg": "ES256", "kid": kid, "typ": "at+jwt", **header}, claims, key, ["ES256"])


async def test_only_our_keys_our_type_our_audience(tokens: Tokens, vault: Vault, system: System) -> None:
    """Forged with our real key or another: only the untouched claims under our key pass."""
    ours = (await signing_keys.ready(tokens.db, vault, at=NOON))[0]
    mine = ECKey.generate_key("P-256")
    assert await works(tokens, forged(tokens, ours.key, ours.kid, {}))
    for token in (
        forged(tokens, mine, ours.kid, {}),
        forged(tokens, mine, "mine", {}),
        forged(tokens, ours.key, ours.kid, {"typ": "JWT"}),
        forged(tokens, ours.key, ours.kid, {}, iss="https://evil.example"),
        forged(tokens, ours.key, ours.kid, {}, aud=ISSUER),
        forged(tokens, ours.key, ours.kid, {}, aud=[ISSUER + "/fhir"]),
        forged(tokens, ours.key, ours.kid, {}, scope=""),
        forged(tokens, ours.key, ours.kid, {}, role="king"),
        forged(tokens, ours.key, ours.kid, {}, institution=2),
        forged(tokens, ours.key, ours.kid, {}, institution="1"),
        forged(tokens, ours.key, ours.kid, {}, sub="nobody"),
        forged(tokens, ours.key, ours.kid, {}, role="doctor"),
        forged(tokens, ours.key, ours.kid, {}, cnf="x"),
        forged(tokens, ours.key, ours.kid, {}, iat=int(NOON.timestamp()) + 60),
    ):
        assert not await works(tokens, token)


async def test_unsigned_and_confused_access_tokens(tokens: Tokens, system: System) -> None:
    token = (await system.token(tokens, NOON)).access_token
    head, payload, signature = token.split(".")
    said = said_in(head)
    for changed in (
        {"alg": "none"}, {"alg": "HS256"}, {"alg": "ES384"}, {"jwk": {}}, {"crit": ["x"]}, {"jku": "https://a.b/c"},
        {"kid": "../x"},
    ):  # fmt: skip
        other = b64(json.dumps({**said, **changed}).encode())
        assert not await works(tokens, f"{other}.{payload}.{signature}")
        assert not await works(tokens, f"{other}.{payload}.")
    for text in (
        "",
        "x",
        token + "x",
        token[:-2],
        f"{head}.{payload}.{signature}.x",
        token * 20,
        "é" * 40,
        "\ud800",
    ):
        assert not await works(tokens, text)
    assert not await works(tokens, "a" * 10_000_000)
    assert await works(tokens, token)


async def test_a_stolen_token_is_worth_nothing_without_its_certificate(
    tokens: Tokens, system: System
) -> None:
    token = (await system.token(tokens, NOON, cert=CERT)).access_token
    assert await works(tokens, token, cert=CERT)
    for cert in (None, "", CERT[:-1], "B" + CERT[1:], CERT + "=", "é"):
        assert not await works(tokens, token, cert=cert)
    assert await works(tokens, token, cert=CERT)


async def test_a_system_registered_for_certificates_gets_no_loose_token(tokens: Tokens) -> None:
    system = new_system("careful")
    await clients.register(
        tokens.db,
        "careful",
        "x",
        SAKURA,
        scope=["system/*.rs"],
        jwks=system.jwks(),
        mtls=True,
        by=OPERATOR,
        at=NOON,
    )
    with pytest.raises(InvalidClient):
        await system.token(tokens, NOON)
    authority = Authority.make("見本認証局", at=NOON)
    mine, theirs = (authority.client(name, at=NOON).certificate for name in ("桜台総合病院", "みどり診療所"))
    kept = await certificates.register(tokens.db, mine, SAKURA, by=OPERATOR, at=NOON)
    await certificates.register(tokens.db, theirs, MIDORI, by=OPERATOR, at=NOON)
    held = certificates.thumbprint_of(mine)
    assert await works(tokens, (await system.token(tokens, NOON, cert=held)).access_token, cert=held)
    for other in (CERT, certificates.thumbprint_of(theirs)):  # nobody's, and another institution's
        with pytest.raises(InvalidClient):
            await system.token(tokens, NOON, cert=other)
    await certificates.revoke(tokens.db, kept.thumbprint, by=OPERATOR, at=NOON)
    with pytest.raises(InvalidClient):
        await system.token(tokens, NOON, cert=held)


async def test_what_is_taken_back_ends_within_a_second_everywhere(
    tokens: Tokens, vault: Vault, system: System
) -> None:
    elsewhere = Tokens(tokens.db, vault, ISSUER)
    at = NOON + timedelta(seconds=10)
    one, two = [(await system.token(tokens, NOON)).access_token for _ in range(2)]
    assert await works(elsewhere, one, at) and await works(elsewhere, two, at)
    await grants.revoke(tokens, one, by=await client_of(tokens, system), at=at)
    assert not await works(tokens, one, at)
    assert not await works(elsewhere, one, at + SECOND)
    assert await works(elsewhere, two, at + SECOND)
    await clients.suspend(tokens.db, system.id, by=OPERATOR, at=at + SECOND)
    assert not await works(elsewhere, two, at + 2 * SECOND)


async def test_a_certificate_out_of_use_takes_the_tokens_with_it_that_are_bound_to_it(
    tokens: Tokens, vault: Vault, system: System
) -> None:
    """Here and in other processes; those bound to another certificate, or to none, stay good."""
    elsewhere = Tokens(tokens.db, vault, ISSUER)
    authority = Authority.make("見本認証局", at=NOON)
    stolen, kept = (authority.client("桜台総合病院", at=NOON).certificate for _ in range(2))
    taken = await certificates.register(tokens.db, stolen, SAKURA, by=OPERATOR, at=NOON)
    await certificates.register(tokens.db, kept, SAKURA, by=OPERATOR, at=NOON)
    shown = [certificates.thumbprint_of(stolen), certificates.thumbprint_of(kept), None]
    at = NOON + 10 * SECOND
    given = [(await system.token(tokens, at, cert=cert)).access_token for cert in shown]
    held = list(zip(given, shown, strict=True))
    assert all([await works(process, one, at, cert) for one, cert in held for process in (tokens, elsewhere)])

    await certificates.revoke(tokens.db, taken.thumbprint, by=OPERATOR, at=at)
    at += SECOND
    for process in (tokens, elsewhere):
        assert [await works(process, one, at, cert) for one, cert in held] == [False, True, True]
    for later in (at, at + timedelta(days=30)):
        await tidying.tidy(tokens.db, at=later)
        with pytest.raises(InvalidClient):  # nor is there a new one, however late
            await system.token(tokens, later, cert=shown[0])
    assert await works(
        tokens, (await system.token(tokens, later, cert=shown[1])).access_token, later, shown[1]
    )


async def test_new_tokens_after_resuming_are_good_and_old_ones_stay_void(
    tokens: Tokens, system: System
) -> None:
    old = (await system.token(tokens, NOON)).access_token
    at = NOON + 10 * SECOND
    await clients.suspend(tokens.db, system.id, by=OPERATOR, at=at)
    await clients.resume(tokens.db, system.id, by=OPERATOR, at=at)
    later = at + 3 * SECOND
    assert await works(tokens, (await system.token(tokens, later)).access_token, later)
    assert not await works(tokens, old, later)


async def test_a_client_takes_back_its_own_tokens_only(tokens: Tokens, system: System) -> None:
    other = new_system("midori-ehr")
    await clients.register(
        tokens.db, "midori-ehr", "x", MIDORI, scope=["system/*.rs"], jwks=other.jwks(), by=OPERATOR, at=NOON
    )
    token = (await system.token(tokens, NOON)).access_token
    stranger = await client_of(tokens, other)
    await grants.revoke(tokens, token, by=stranger, at=NOON)
    await grants.revoke(tokens, "nonsense", by=stranger, at=NOON)
    assert await works(tokens, token, NOON + SECOND)
    assert await grants.introspect(tokens, token, by=stranger, at=NOON) == {"active": False}
    said = await grants.introspect(tokens, token, by=await client_of(tokens, system), at=NOON)
    assert (said["active"], said["client_id"], said["scope"]) == (
        True, system.id, "system/*.rs"
    )  # fmt: skip
    assert await grants.introspect(tokens, "nonsense", by=stranger, at=NOON) == {"active": False}


async def test_keys_change_without_a_break_and_a_known_key_is_withdrawn_at_once(
    tokens: Tokens, vault: Vault, system: System
) -> None:
    elsewhere = Tokens(tokens.db, vault, ISSUER)
    old = (await system.token(tokens, NOON)).access_token
    assert await works(elsewhere, old)
    await signing_keys.rotate(tokens.db, vault, by=OPERATOR, at=NOON)
    at = NOON + SECOND
    new = (await system.token(tokens, at)).access_token
    published = await tokens.jwks(at=at)
    assert sorted(key["alg"] for key in published["keys"]) == ["ES256", "ES256", "RS256"], "one for ID tokens"
    assert not [key for key in published["keys"] if {"d", "p", "q"} & set(key)], "public halves only"
    assert new.split(".")[0] != old.split(".")[0]
    assert await works(elsewhere, old, at) and await works(elsewhere, new, at)
    kid = said_in(old.split(".")[0])["kid"]
    await signing_keys.withdraw(tokens.db, kid, by=OPERATOR, at=at)
    assert not await works(elsewhere, old, at + SECOND) and await works(elsewhere, new, at + SECOND)
    with pytest.raises(NotFound):
        await signing_keys.withdraw(tokens.db, kid, by=OPERATOR, at=at)


async def test_a_key_that_is_old_stops_signing_and_then_is_not_trusted(tokens: Tokens, vault: Vault) -> None:
    first = (await signing_keys.ready(tokens.db, vault, at=NOON))[0].kid
    month = NOON + signing_keys.SIGNS_FOR
    both = await signing_keys.ready(tokens.db, vault, at=month)
    assert [key.kid for key in both][1:] == [first]
    after = month + signing_keys.TRUSTED_AFTER
    assert first not in [key.kid for key in await signing_keys.ready(tokens.db, vault, at=after)]


async def test_two_servers_that_start_at_once_make_one_key(tokens: Tokens, vault: Vault) -> None:
    found = await asyncio.gather(*(signing_keys.ready(tokens.db, vault, at=NOON) for _ in range(4)))
    assert len({key.kid for keys in found for key in keys}) == 1


async def test_the_database_alone_makes_no_key(tokens: Tokens, vault: Vault, system: System) -> None:
    """Whoever writes to the database but lacks the key file can neither read nor plant a key."""
    token = (await system.token(tokens, NOON)).access_token
    async with tokens.db.transaction() as tx:
        sealed = await tx.fetchval("SELECT sealed FROM signing_key")
        with pytest.raises(KeyTrouble):
            Vault(bytes(32)).open(sealed, "signing-key:x")
        planted = Vault(bytes(32)).seal(ECKey.generate_key("P-256").as_der(private=True), "signing-key:evil")
        await tx.execute("UPDATE signing_key SET kid = 'evil', sealed = $1", planted)
    with pytest.raises(KeyTrouble):
        await works(Tokens(tokens.db, vault, ISSUER), token)


async def test_memory_for_verified_tokens_is_bounded(
    tokens: Tokens, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens_module, "MOST_KEPT", 5)
    made = [(await system.token(tokens, NOON)).access_token for _ in range(12)]
    assert all([await works(tokens, token) for token in made])
    assert len(tokens._kept) == 5


# Tokens of the demo.


async def test_the_demo_mints_tokens_for_every_role(tokens: Tokens) -> None:
    doctor = await demo.mint(tokens, DEMO, institution=SAKURA, role=Role.DOCTOR, person=4711, at=NOON)
    actor = await tokens.actor_of_token(doctor, at=NOON + timedelta(minutes=30))
    assert (actor.role, actor.institution, actor.purpose) == (Role.DOCTOR, SAKURA, Purpose.TREATMENT)
    assert (actor.person, actor.scopes) == (4711, ("user/*.cruds",)) and actor.licence
    again = await demo.mint(
        tokens, DEMO, institution=SAKURA, role=Role.DOCTOR, scope="user/Patient.rs", at=NOON
    )
    assert (await tokens.actor_of_token(again, at=NOON)).subject == actor.subject
    system = await demo.mint(
        tokens, DEMO, institution=MIDORI, role=Role.SYSTEM, purpose=Purpose.PAYMENT, at=NOON
    )
    assert (await tokens.actor_of_token(system, at=NOON)).scopes == ("system/*.cruds",)
    person = await demo.mint(tokens, DEMO, institution=setup.OPERATOR, role=Role.PERSON, person=4711, at=NOON)
    actor = await tokens.actor_of_token(person, at=NOON)
    assert (actor.person, actor.scopes) == (4711, ("patient/*.cruds",))


async def test_no_token_is_minted_outside_the_demo(tokens: Tokens) -> None:
    with pytest.raises(Refused):
        await demo.mint(tokens, Settings(), institution=SAKURA, role=Role.DOCTOR, at=NOON)


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": Role.INSURER}, {"role": Role.DOCTOR, "purpose": Purpose.AUDIT}, {"role": Role.PERSON},
        {"role": Role.DOCTOR, "scope": "system/*.rs"}, {"role": Role.SYSTEM, "scope": "user/*.rs"},
        {"role": Role.DOCTOR, "scope": "openid"},
    ],
)  # fmt: skip
async def test_the_demo_mints_nothing_that_makes_no_sense(tokens: Tokens, wrong: dict[str, object]) -> None:
    with pytest.raises(BadRequest):
        await demo.mint(tokens, DEMO, institution=SAKURA, at=NOON, **wrong)  # type: ignore[arg-type]


async def test_a_persons_token_dies_with_the_account(tokens: Tokens) -> None:
    minted = await demo.mint(tokens, DEMO, institution=SAKURA, role=Role.NURSE, at=NOON)
    actor = await tokens.actor_of_token(minted, at=NOON)
    await accounts.disable(tokens.db, actor.subject, by=OPERATOR, at=NOON)
    assert not await works(tokens, minted, NOON + SECOND)


async def test_a_token_without_scopes_is_never_signed(tokens: Tokens) -> None:
    """Scopes () would mean "as the role allows": that is for sessions only."""
    with pytest.raises(ValueError, match="scopes"):
        await tokens.sign(Actor("x", Role.SYSTEM, SAKURA, Purpose.TREATMENT), "x", at=NOON)


async def test_when_the_store_is_away_no_token_is_good(tokens: Tokens, system: System, db: Database) -> None:
    token = (await system.token(tokens, NOON)).access_token
    assert await works(tokens, token)
    await db.close()
    with pytest.raises(Unavailable):
        await works(tokens, token, NOON + SECOND)
