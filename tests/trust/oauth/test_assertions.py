"""Systems prove themselves with their own key; the attack corpus T-S1 and T-S2 gets nothing."""

import asyncio
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc import jwe, jws
from joserfc.jwk import ECKey, OctKey, RSAKey
from oauth_systems import ENDPOINT, ISSUER, NOBODY_PUBLISHES, NOON, OPERATOR, SAKURA, System, b64, new_system

from kakehashi.core.actors import Purpose, Role
from kakehashi.core.errors import Conflict, Failure, Invalid, Refused, Unavailable
from kakehashi.store.clients import Client
from kakehashi.trust.oauth import assertions, clients, grants
from kakehashi.trust.oauth.failures import (
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    InvalidScope,
    UnsupportedGrant,
    oauth_error,
)
from kakehashi.trust.oauth.jose import NotGood, read_header, text_claim, verified
from kakehashi.trust.oauth.jwks import Fetched, Published
from kakehashi.trust.oauth.proving import Caller
from kakehashi.trust.oauth.tidying import tidy
from kakehashi.trust.oauth.tokens import Tokens


async def refused(system: System, tokens: Tokens, assertion: str) -> None:
    """Nothing is given, and why is not told."""
    with pytest.raises(InvalidClient) as told:
        await system.token(tokens, NOON, assertion)
    assert oauth_error(told.value) == "invalid_client"
    assert told.value.problems[0].en == InvalidClient.default_en


async def good(system: System, tokens: Tokens) -> None:
    """The honest system still gets its token: what was refused before it did no harm."""
    assert await system.token(tokens, NOON)


@pytest.mark.parametrize("algorithm", ["ES384", "RS384", "ES256"])
async def test_a_signed_assertion_gets_a_token_for_five_minutes(tokens: Tokens, algorithm: str) -> None:
    system = new_system("lab", algorithm)
    await clients.register(
        tokens.db, "lab", "検査", SAKURA, scope=["system/*.rs"], jwks=system.jwks(), by=OPERATOR, at=NOON
    )
    body = (await system.token(tokens, NOON)).body()
    assert (body["expires_in"], body["token_type"], body["scope"]) == (300, "bearer", "system/*.rs")
    actor = await tokens.actor_of_token(str(body["access_token"]), at=NOON)
    assert (actor.subject, actor.institution, actor.scopes) == ("lab", SAKURA, ("system/*.rs",))


async def test_unsigned_assertions(tokens: Tokens, system: System) -> None:
    payload = b64(json.dumps(system.claims(NOON)).encode())
    for alg in ("none", "None", "NONE", ""):
        header = b64(json.dumps({"alg": alg, "kid": "k1", "typ": "JWT"}).encode())
        for signature in ("", b64(b"x" * 96)):
            await refused(system, tokens, f"{header}.{payload}.{signature}")
    await good(system, tokens)


async def test_the_public_key_is_no_shared_secret(tokens: Tokens, system: System) -> None:
    """HS256 over what everybody knows (algorithm confusion)."""
    public = system.key.as_dict(private=False)
    for secret in (system.key.as_pem(), json.dumps(public).encode(), system.jwks().encode(), b""):
        for algorithm in ("HS256", "HS384"):
            head = b64(json.dumps({"alg": algorithm, "kid": "k1", "typ": "JWT"}).encode())
            text = f"{head}.{b64(json.dumps(system.claims(NOON)).encode())}"
            signature = hmac.new(secret, text.encode(), sha256).digest()
            await refused(system, tokens, f"{text}.{b64(signature)}")


async def test_keys_that_the_token_brings_along_are_not_used(tokens: Tokens, system: System) -> None:
    """Embedded `jwk`, and addresses of keys, in the header."""
    thief = System(system.id, ECKey.generate_key("P-384"), "ES384")
    mine = thief.key.as_dict(private=False)
    for header in (
        {"jwk": mine},
        {"jwk": mine, "kid": None},
        {"jku": "https://evil.example/jwks.json"},
        {"x5u": "https://evil.example/cert.pem"},
        {"x5c": ["MIIB"]},
        {"x5t#S256": "abc"},
    ):
        said = {"alg": "ES384", "kid": "k1", "typ": "JWT", **header}
        said = {name: value for name, value in said.items() if value is not None}
        text = f"{b64(json.dumps(said).encode())}.{b64(json.dumps(thief.claims(NOON)).encode())}"

        raw = thief.key.private_key.sign(text.encode(), ec.ECDSA(hashes.SHA384()))  # type: ignore[union-attr]
        r, s = decode_dss_signature(raw)
        await refused(system, tokens, f"{text}.{b64(r.to_bytes(48, 'big') + s.to_bytes(48, 'big'))}")
    await good(system, tokens)


async def test_an_honest_signature_with_a_strange_header_is_refused(tokens: Tokens, system: System) -> None:
    for header in (
        {"kid": "../../../../etc/passwd"},
        {"kid": "k1' OR '1'='1"},
        {"kid": "k1\x00"},
        {"kid": "k" * 300},
        {"kid": ""},
        {"typ": "at+jwt"},
        {"typ": "JOSE"},
        {"typ": ""},
        {"jku": "https://evil.example/jwks.json"},
    ):
        await refused(system, tokens, system.assertion(NOON, header))
    await good(system, tokens)


async def test_critical_extensions_are_refused(tokens: Tokens, system: System) -> None:
    for more in (
        {"crit": ["exp"], "exp": 1},
        {"crit": []},
        {"crit": ["b64"], "b64": False},
        {"b64": False},
        {"zip": "DEF"},
    ):
        head = b64(json.dumps({"alg": "ES384", "kid": "k1", "typ": "JWT", **more}).encode())
        await refused(
            system, tokens, f"{head}.{b64(json.dumps(system.claims(NOON)).encode())}.{b64(b'x' * 96)}"
        )


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "other"}, {"iss": None}, {"sub": "midori"}, {"sub": None}, {"sub": ["sakura-ehr"]},
        {"aud": ISSUER}, {"aud": ENDPOINT + "/"}, {"aud": [ENDPOINT]}, {"aud": None},
        {"exp": int(NOON.timestamp()) - 31}, {"exp": int(NOON.timestamp()) + 331}, {"exp": None}, {"exp": "soon"},
        {"exp": True}, {"exp": 1e400}, {"exp": -1}, {"exp": 10**30}, {"exp": int(NOON.timestamp()) + 300.5},
        {"iat": int(NOON.timestamp()) - 20_000}, {"iat": int(NOON.timestamp()) + 31},
        {"nbf": int(NOON.timestamp()) + 31}, {"nbf": "now"},
        {"jti": None}, {"jti": ""}, {"jti": 7}, {"jti": "x" * 5_000},
    ],
)  # fmt: skip
async def test_an_honest_signature_over_wrong_claims_is_refused(changed: dict[str, object]) -> None:
    """Pure: the claims are judged before anything is stored."""

    client = Client("sakura-ehr", "x", SAKURA, ("system/*.rs",), (), NOON)
    system = System("sakura-ehr", ECKey.generate_key("P-256"), "ES256")
    now = int(NOON.timestamp())
    assertions.require_claims(system.claims(NOON), client, ENDPOINT, now)
    with pytest.raises(NotGood):
        claims = system.claims(NOON, **changed)
        assertions.require_claims(claims, client, ENDPOINT, now)
        text_claim(claims, "jti")


async def test_wrong_claims_get_nothing_at_the_door_either(tokens: Tokens, system: System) -> None:
    now = int(NOON.timestamp())
    for changed in (
        {"aud": ISSUER},
        {"iss": "x"},
        {"exp": now - 40},
        {"exp": now + 3_600},
        {"nbf": now + 100},
    ):
        await refused(system, tokens, system.assertion(NOON, **changed))
    await good(system, tokens)


@pytest.mark.parametrize(
    "more",
    [{"jwk": {}}, {"x5u": "https://a.b/c"}, {"x5c": []}, {"crit": ["exp"]}, {"b64": False}, {"zip": "DEF"},
     {"cty": "JWT"}, {"enc": "A128GCM"}, {"kid": 7}, {"alg": None}, {"kid": "k" * 300}],
)  # fmt: skip
def test_a_header_says_what_we_know_and_nothing_else(more: dict[str, object]) -> None:
    """Our own wall, before the library sees the token."""
    said = {"alg": "ES384", "kid": "k1", "typ": "JWT"}
    assert read_header(b64(json.dumps(said).encode()) + ".e30.eA").kid == "k1"
    with pytest.raises(NotGood, match="header"):
        read_header(b64(json.dumps({**said, **more}).encode()) + ".e30.eA")


def test_a_key_has_one_algorithm_whatever_the_token_says() -> None:
    key = ECKey.generate_key("P-256")
    text = jws.serialize_compact({"alg": "ES256", "kid": "k", "typ": "JWT"}, b"{}", key, ["ES256"])
    assert verified(text, read_header(text), {"k": (key, "ES256")}, typ=("jwt",)) == {}
    with pytest.raises(NotGood, match="alg"):
        verified(text, read_header(text), {"k": (key, "ES384")}, typ=("jwt",))


@pytest.mark.parametrize(
    "payload", [b'{"a":1,"a":2}', b'{"a":NaN}', b'{"a":Infinity}', b"[]", b"7", b"\xff", b"", b"{"]
)
def test_what_is_signed_honestly_must_still_be_one_sound_object(payload: bytes) -> None:
    key = ECKey.generate_key("P-256")
    text = jws.serialize_compact({"alg": "ES256", "kid": "k", "typ": "JWT"}, payload, key, ["ES256"])
    with pytest.raises(NotGood, match="json"):
        verified(text, read_header(text), {"k": (key, "ES256")}, typ=("jwt",))


async def test_what_is_said_twice_or_is_no_json_is_refused(tokens: Tokens, system: System) -> None:
    head = b64(json.dumps({"alg": "ES384", "kid": "k1", "typ": "JWT"}).encode())
    twice_head = b64(b'{"alg":"none","alg":"ES384","kid":"k1","typ":"JWT"}')
    claims = json.dumps(system.claims(NOON))
    twice = claims[:-1] + ', "sub": "other"}'
    signature = b64(b"x" * 96)
    for text in (
        f"{twice_head}.{b64(claims.encode())}.{signature}",
        f"{head}.{b64(twice.encode())}.{signature}",
        f"{head}.{b64(claims.replace('300', 'NaN').encode())}.{signature}",
        f"{head}.{b64(b'[' * 5000)}.{signature}",
        f"{head}.{b64(bytes([0xFF, 0xFE]))}.{signature}",
        f"{head}.{b64(b'[1]')}.{signature}",
        f"{head}..{signature}",
        "...",
        "",
        "a.b.c",
        "a.b.c.d.e",
        f"{head}=.{b64(claims.encode())}.{signature}",
        "ｘ" * 50,
        "\ud800.a.b",
    ):
        with pytest.raises((InvalidClient, InvalidRequest)):
            await system.token(tokens, NOON, text or " ")


async def test_ten_megabytes_are_refused_before_they_are_read(tokens: Tokens, system: System) -> None:
    await refused(system, tokens, "a" * 5_000_000 + "." + "b" * 5_000_000 + ".c")
    with pytest.raises(NotGood, match="shape"):  # not "json": nothing was decoded
        read_header("a" * 5_000_000 + "." + "b" * 5_000_000 + ".c")
    padded = system.assertion(NOON, note="x" * 10_000)
    await refused(system, tokens, padded)


async def test_an_encrypted_token_is_no_signed_one(tokens: Tokens, system: System) -> None:
    sealed = jwe.encrypt_compact(
        {"alg": "dir", "enc": "A128CBC-HS256", "zip": "DEF"}, b"0" * 100_000, OctKey.generate_key(256)
    )
    await refused(system, tokens, sealed)


async def test_another_systems_key_does_not_do(tokens: Tokens, system: System) -> None:
    other = new_system("other-ehr")
    await clients.register(
        tokens.db, "other-ehr", "x", SAKURA, scope=["system/*.rs"], jwks=other.jwks(), by=OPERATOR, at=NOON
    )
    await refused(system, tokens, System(system.id, other.key, "ES384").assertion(NOON))
    await refused(system, tokens, System("nobody", other.key, "ES384").assertion(NOON))


async def test_an_assertion_is_good_once_even_for_two_at_the_same_moment(
    tokens: Tokens, system: System
) -> None:
    assertion = system.assertion(NOON)

    async def send() -> bool:
        try:
            await system.token(tokens, NOON, assertion)
        except InvalidClient:
            return False
        return True

    assert sorted(await asyncio.gather(*(send() for _ in range(4)))) == [False, False, False, True]
    same_jti = system.assertion(NOON, jti="once")
    await system.token(tokens, NOON, same_jti)
    await refused(system, tokens, system.assertion(NOON, jti="once"))


async def test_used_assertions_are_forgotten_only_when_expired(tokens: Tokens, system: System) -> None:

    assertion = system.assertion(NOON)
    await system.token(tokens, NOON, assertion)
    late = NOON + timedelta(seconds=329)
    await tidy(tokens.db, at=late)
    with pytest.raises(InvalidClient):
        await system.token(tokens, late, assertion)


async def test_an_access_token_is_no_assertion_and_an_assertion_no_access_token(
    tokens: Tokens, system: System
) -> None:
    granted = await system.token(tokens, NOON)
    await refused(system, tokens, granted.access_token)
    with pytest.raises(Failure):
        await tokens.actor_of_token(system.assertion(NOON), at=NOON)


async def test_a_suspended_system_gets_nothing_until_resumed(tokens: Tokens, system: System) -> None:
    await clients.suspend(tokens.db, system.id, by=OPERATOR, at=NOON)
    await refused(system, tokens, system.assertion(NOON))
    await clients.resume(tokens.db, system.id, by=OPERATOR, at=NOON)
    await good(system, tokens)


async def test_scopes_only_within_what_is_registered(tokens: Tokens, system: System) -> None:
    granted = await system.token(tokens, NOON, scope="system/Observation.cruds system/Patient.cruds openid")
    assert granted.scope == "system/Observation.cruds system/Patient.rs"
    for scope in (
        "",
        "user/*.rs",
        "patient/*.rs",
        "openid",
        "system/Patient.d",
        " ".join(["system/*.rs"] * 65),
        "x" * 5_000,
    ):
        with pytest.raises(InvalidScope):
            await system.token(tokens, NOON, scope=scope)


async def test_purposes_only_as_registered(tokens: Tokens, system: System) -> None:
    paid = await system.token(tokens, NOON, purpose="HPAYMT")
    assert (await tokens.actor_of_token(paid.access_token, at=NOON)).purpose == "HPAYMT"
    with pytest.raises(InvalidRequest):
        await system.token(tokens, NOON, purpose="ETREAT")


async def test_other_grants_and_missing_parameters(tokens: Tokens, system: System) -> None:
    for form, failure in (
        ({"grant_type": "password"}, UnsupportedGrant),
        ({"grant_type": "authorization_code"}, InvalidGrant),
        ({"client_assertion_type": "urn:x"}, InvalidRequest),
        ({"client_id": "another"}, InvalidClient),
    ):
        with pytest.raises(failure):
            await system.token(tokens, NOON, **form)
    with pytest.raises(UnsupportedGrant):
        await grants.token(tokens, NOBODY_PUBLISHES, Caller({}), at=NOON)


def private(system: System) -> str:
    return json.dumps({"keys": [{**system.key.as_dict(private=True), "kid": "k1"}]})


@pytest.mark.filterwarnings("ignore:Key size should be")  # of the small key that this test makes
async def test_which_keys_are_registered(tokens: Tokens) -> None:

    small = System("x", RSAKey.generate_key(1024), "RS384")
    ec = new_system("x")
    two = json.dumps({"keys": [*json.loads(ec.jwks())["keys"], *json.loads(ec.jwks())["keys"]]})
    shared = json.dumps({"keys": [{"kty": "oct", "k": b64(b"x" * 32), "kid": "k1"}]})
    for jwks in (
        private(ec), small.jwks(), two, shared, ec.jwks(kid=""), ec.jwks(use="enc"), ec.jwks(alg="HS256"),
        ec.jwks(alg="RS384"), ec.jwks(crv="P-521"), '{"keys":[]}', "[]", "{", '{"keys":[1]}', "x" * 70_000,
        System("x", ECKey.generate_key("secp256k1"), "ES256K").jwks(),
    ):  # fmt: skip
        with pytest.raises(Invalid):
            await clients.register(
                tokens.db, "sakura", "x", SAKURA, scope=["system/*.rs"], jwks=jwks, by=OPERATOR, at=NOON
            )


async def test_registering_is_for_the_operator_and_sound_systems(tokens: Tokens, system: System) -> None:
    jwks = new_system().jwks()

    async def register(
        client: str = "new", scope: str = "system/*.rs", by: object = OPERATOR, **keys: str
    ) -> None:
        await clients.register(
            tokens.db,
            client,
            "x",
            SAKURA,
            scope=[scope],
            by=by,
            at=NOON,
            **(keys or {"jwks": jwks}),  # type: ignore[arg-type]
        )

    doctor = replace(OPERATOR, role=Role.DOCTOR, institution=SAKURA, purpose=Purpose.TREATMENT)
    for wrong, failure in (
        ({"by": doctor}, Refused), ({"client": "a b"}, Invalid), ({"client": "x/../y"}, Invalid),
        ({"scope": "user/*.rs"}, Invalid), ({"scope": "openid"}, Invalid), ({"client": system.id}, Conflict),
        ({"jwks": jwks, "jwks_url": "https://a.example/jwks"}, Invalid), ({"jwks": ""}, Invalid),
        ({"jwks_url": "http://a.example/jwks"}, Invalid), ({"jwks_url": "https://127.0.0.1/jwks"}, Invalid),
        ({"jwks_url": "https://localhost/jwks"}, Invalid), ({"jwks_url": "https://u@a.example/jwks"}, Invalid),
        ({"jwks_url": "https://a.example:22/jwks"}, Invalid), ({"jwks_url": "file:///etc/passwd"}, Invalid),
    ):  # fmt: skip
        with pytest.raises(failure):
            await register(**wrong)  # type: ignore[arg-type]
    await register()


URL = "https://ehr.example/jwks.json"


async def test_published_keys_are_fetched_kept_and_changed(tokens: Tokens) -> None:
    """An unknown kid fetches anew, though not without end; a stale set is fetched anew; a fault refuses."""
    system, fetched = new_system("published"), []
    body = system.jwks().encode()

    async def fetch(url: str) -> Fetched:
        fetched.append(url)
        if body == b"down":
            raise Unavailable
        return Fetched(body, 120)

    published = Published(fetch)
    await clients.register(
        tokens.db, "published", "x", SAKURA, scope=["system/*.rs"], jwks_url=URL, by=OPERATOR, at=NOON
    )

    async def works(who: System, at: object = NOON, header: dict[str, object] | None = None) -> bool:
        form = {
            "grant_type": "client_credentials", "scope": "system/*.rs", "client_assertion_type": assertions.TYPE,
            "client_assertion": who.assertion(at, header or {}),  # type: ignore[arg-type]
        }  # fmt: skip
        try:
            return bool(await grants.token(tokens, published, Caller(form), at=at))  # type: ignore[arg-type]
        except InvalidClient:
            return False

    assert await works(system) and await works(system, header={"jku": URL})
    assert fetched == [URL]
    assert not await works(system, header={"jku": URL + "?x"})
    newer = System("published", ECKey.generate_key("P-384"), "ES384", kid="k2")
    body = newer.jwks().encode()
    assert not await works(newer)  # fetched just now: not again for every unknown kid
    assert len(fetched) == 1
    later = NOON + timedelta(seconds=31)
    assert await works(newer, later)
    assert not await works(system, later)  # the withdrawn key
    body = b"down"
    assert not await works(newer, NOON + timedelta(minutes=20))
