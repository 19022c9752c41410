"""Client certificates between institutions, and the key files of this server."""

import base64
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from oauth_systems import MIDORI, NOON, OPERATOR, SAKURA

from kakehashi.core.actors import Role
from kakehashi.core.errors import Conflict, Invalid, NotFound, Refused, Unauthenticated
from kakehashi.core.settings import Settings
from kakehashi.trust.keys import Authority, KeyTrouble, Vault, secret_file
from kakehashi.trust.oauth import certificates
from kakehashi.trust.oauth.certificates import from_proxy, is_of, thumbprint_of
from kakehashi.trust.oauth.tokens import Tokens

SECRET = "s" * 32


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.make("見本認証局", at=NOON)


def der(pem: bytes) -> bytes:
    return x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)


async def test_a_registered_certificate_speaks_for_its_institution(
    tokens: Tokens, authority: Authority
) -> None:
    mine = authority.client("桜台総合病院", at=NOON).certificate
    kept = await certificates.register(tokens.db, mine, SAKURA, by=OPERATOR, at=NOON)
    assert await is_of(tokens.db, thumbprint_of(mine), SAKURA, at=NOON)
    assert await is_of(tokens.db, thumbprint_of(der(mine)), SAKURA, at=NOON)
    assert not await is_of(tokens.db, thumbprint_of(mine), MIDORI, at=NOON)
    assert thumbprint_of(mine) == base64.urlsafe_b64encode(kept.thumbprint).rstrip(b"=").decode()
    assert [one.thumbprint for one in await certificates.registered(tokens.db, SAKURA.key, by=OPERATOR)] == [
        kept.thumbprint
    ]
    with pytest.raises(Conflict):  # nor for a second one
        await certificates.register(tokens.db, mine, MIDORI, by=OPERATOR, at=NOON)


async def test_all_others_are_refused(tokens: Tokens, authority: Authority) -> None:
    """Same name, same authority, even the same key: what is not registered is nobody's."""
    mine = authority.client("桜台総合病院", at=NOON).certificate
    kept = await certificates.register(tokens.db, mine, SAKURA, by=OPERATOR, at=NOON)
    twin = authority.client("桜台総合病院", at=NOON).certificate
    for other, at in (
        (twin, NOON), (authority.issued.certificate, NOON), (mine, NOON + timedelta(days=365)),
        (mine, NOON - timedelta(hours=1)),
    ):  # fmt: skip
        assert not await is_of(tokens.db, thumbprint_of(other), SAKURA, at=at)
    for none in (b"", b"\x30\x82", b"x" * 20_000):
        with pytest.raises(Invalid):
            thumbprint_of(none)
    await certificates.revoke(tokens.db, kept.thumbprint, by=OPERATOR, at=NOON)
    assert not await is_of(tokens.db, thumbprint_of(mine), SAKURA, at=NOON)
    with pytest.raises(NotFound):
        await certificates.revoke(tokens.db, kept.thumbprint, by=OPERATOR, at=NOON)


def weak(*, bits: int = 2048, use: x509.ObjectIdentifier = ExtendedKeyUsageOID.CLIENT_AUTH, ca: bool = False,
         hashed: hashes.HashAlgorithm | None = None, constraints: bool = True) -> bytes:  # fmt: skip
    key = rsa.generate_private_key(65_537, bits)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "weak")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 7, NOON, NOON + timedelta(days=9))
    made = made.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
    if constraints:
        made = made.add_extension(x509.BasicConstraints(ca, None), critical=True)
    return made.sign(key, hashed or hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


async def test_weak_and_wrong_certificates_are_not_registered(tokens: Tokens, authority: Authority) -> None:
    async def faults(certificate: bytes, days: int = 0) -> set[str]:
        with pytest.raises(Invalid) as told:
            at = NOON + timedelta(days=days)
            await certificates.register(tokens.db, certificate, SAKURA, by=OPERATOR, at=at)
        return {problem.rule.rpartition(".")[2] for problem in told.value.problems}

    assert await faults(weak(bits=1024)) == {"key"}
    assert await faults(weak(use=ExtendedKeyUsageOID.SERVER_AUTH)) == {"use"}
    assert await faults(weak(ca=True)) == {"use"}
    assert await faults(weak(constraints=False)) == {"use"}
    assert await faults(authority.server(["kakehashi.example"], at=NOON).certificate) == {"use"}
    assert await faults(authority.issued.certificate) == {"use"}
    assert await faults(weak(), days=10) == {"validity"}
    assert await faults(b"-----BEGIN nonsense") == {"read"}
    with pytest.raises(Refused):
        doctor = replace(OPERATOR, role=Role.DOCTOR)
        await certificates.register(tokens.db, weak(), SAKURA, by=doctor, at=NOON)
    assert await certificates.register(tokens.db, weak(), SAKURA, by=OPERATOR, at=NOON)


def test_a_certificate_is_taken_from_a_trusted_proxy_only(authority: Authority) -> None:
    """Who is one, tests/trust/test_peers.py says."""
    pem = authority.client("桜台総合病院", at=NOON).certificate
    rfc9440 = f":{base64.b64encode(der(pem)).decode()}:"
    settings = Settings(proxy_secret=SECRET, proxies="10.0.0.5")
    for header in (rfc9440, quote(pem.decode())):
        for peer in ("127.0.0.1", "::1", "10.0.0.5"):
            assert from_proxy(header, peer=peer, secret=SECRET, settings=settings) == der(pem)
    for peer, secret in (("127.0.0.1", "x" * 32), ("10.0.0.6", SECRET)):
        with pytest.raises(Refused):
            from_proxy(rfc9440, peer=peer, secret=secret, settings=settings)
    for header in ("", "::", ":!!:", "(null)", quote(pem.decode())[:200], "é", ":" + "A" * 100_000 + ":"):
        with pytest.raises(Unauthenticated):
            from_proxy(header, peer="127.0.0.1", secret=SECRET, settings=settings)


def test_the_small_authority_issues_what_verifiers_take(authority: Authority, tmp_path: Path) -> None:
    """Held against the verifier of `cryptography`: path, name and use fit."""
    server = authority.server(["kakehashi.example", "127.0.0.1"], at=NOON)
    root, leaf = (
        x509.load_pem_x509_certificate(one) for one in (authority.issued.certificate, server.certificate)
    )
    rules = PolicyBuilder().store(Store([root])).time(NOON.replace(tzinfo=None))
    rules.build_server_verifier(x509.DNSName("kakehashi.example")).verify(leaf, [])
    with pytest.raises(VerificationError):
        rules.build_server_verifier(x509.DNSName("evil.example")).verify(leaf, [])
    client = x509.load_pem_x509_certificate(authority.client("x", at=NOON).certificate)
    with pytest.raises(VerificationError):  # a client's certificate is no server's
        rules.build_server_verifier(x509.DNSName("x")).verify(client, [])
    server.write(tmp_path, "server")
    assert (tmp_path / "server.key").stat().st_mode & 0o777 == 0o600


def test_the_key_file_is_private_and_stays_the_same(tmp_path: Path) -> None:
    first, again = Vault.at(tmp_path), Vault.at(tmp_path)
    assert again.open(first.seal(b"secret", "totp"), "totp") == b"secret"
    file = tmp_path / "keys" / "seal.key"
    assert file.stat().st_mode & 0o777 == 0o600 and file.parent.stat().st_mode & 0o777 == 0o700
    assert [one.name for one in file.parent.iterdir()] == ["seal.key"]
    file.chmod(0o640)
    with pytest.raises(KeyTrouble):
        Vault.at(tmp_path)
    file.chmod(0o600)
    file.write_bytes(b"short")
    with pytest.raises(KeyTrouble):
        secret_file(file)


def test_what_is_sealed_for_one_purpose_or_changed_does_not_open(tmp_path: Path) -> None:
    vault = Vault.at(tmp_path)
    sealed = vault.seal(b"secret", "totp")
    assert sealed != vault.seal(b"secret", "totp")
    for broken in (sealed[:-1], sealed[:5], b"", bytes([sealed[0] ^ 1]) + sealed[1:]):
        with pytest.raises(KeyTrouble):
            vault.open(broken, "totp")
    with pytest.raises(KeyTrouble):
        vault.open(sealed, "signing-key:x")
