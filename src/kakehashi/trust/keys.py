"""Keys that this server makes: the key file that seals secrets in the database, and a small CA for the demo.

The key file lies in `home/keys`, readable by its owner only; a database without it opens nothing.
An operator with an HSM or a CA of their own puts their files in the same places.
"""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kakehashi.core.errors import Failure

_KEY_BYTES = 32
_NONCE_BYTES = 12
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KeyTrouble(Failure):
    """A key file that is missing, damaged or open to others, or something sealed by another key."""

    code = "security"


class Vault:
    """Seals and opens small secrets (AES-256-GCM). Sealed for one purpose, it does not open for another."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    @classmethod
    def at(cls, home: Path) -> Self:
        """Return the vault of this home folder, making its key file the first time. Raises KeyTrouble."""
        return cls(secret_file(home / "keys" / "seal.key"))

    def seal(self, secret: bytes, purpose: str) -> bytes:
        """Return the secret sealed: nonce, then ciphertext with tag."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """Return the secret. Raises KeyTrouble when it was sealed by another key or for another purpose."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose.encode())
        except (InvalidTag, ValueError):
            raise KeyTrouble(
                "封印された秘密を開けません。keys/seal.key がこのデータベースのものか確かめてください。",
                "A sealed secret does not open. Check that keys/seal.key belongs to this database.",
                rule="keys.sealed",
            ) from None


def secret_file(path: Path) -> bytes:
    """Return the 32 random bytes kept in a file (mode 0600), making it the first time.

    Raises KeyTrouble when the file is open to others or has another length.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    if not path.exists():
        write_private(draft, os.urandom(_KEY_BYTES))
        try:
            os.link(draft, path)  # of two servers that start at once, one makes the file, whole
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    if path.stat().st_mode & _OTHERS:
        raise KeyTrouble(
            f"{path} が他の利用者から読めます。chmod 600 を行い、鍵を替えてください。",
            f"{path} can be read by others. Run chmod 600 on it, and consider the key known.",
            rule="keys.mode",
        )
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise KeyTrouble(
            f"{path} が壊れています。控えから戻してください。",
            f"{path} is damaged. Restore it from your backup.",
            rule="keys.length",
        )
    return key


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its private key, both PEM."""

    certificate: bytes
    key: bytes = field(repr=False)

    def write(self, folder: Path, name: str) -> None:
        """Write `name.crt` and, readable by its owner only, `name.key`."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.crt").write_bytes(self.certificate)
        (folder / f"{name}.key").unlink(missing_ok=True)
        write_private(folder / f"{name}.key", self.key)


class Authority:
    """A small certificate authority on P-256, for the demo and for tests; a real region brings its own."""

    def __init__(self, issued: Issued) -> None:
        self.issued = issued
        self._certificate = x509.load_pem_x509_certificate(issued.certificate)
        key = serialization.load_pem_private_key(issued.key, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise KeyTrouble(
                "認証局の鍵はP-256です。", "The authority's key must be on P-256.", rule="keys.authority"
            )
        self._key = key

    @classmethod
    def make(cls, name: str, *, at: datetime, days: int = 3650) -> Self:
        """Make an authority that issues end-entity certificates only."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(name)
        builder = (
            _builder(subject, subject, key.public_key(), at, days)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
        )
        return cls(_issued(builder, key, key))

    def server(self, hosts: Sequence[str], *, at: datetime, days: int = 365) -> Issued:
        """Issue a server certificate for these host names and addresses."""
        names = x509.SubjectAlternativeName([_host(host) for host in hosts])
        return self._issue(hosts[0], ExtendedKeyUsageOID.SERVER_AUTH, at, days, names)

    def client(self, name: str, *, at: datetime, days: int = 365) -> Issued:
        """Issue a client certificate for an institution."""
        return self._issue(name, ExtendedKeyUsageOID.CLIENT_AUTH, at, days, None)

    def _issue(
        self,
        name: str,
        use: x509.ObjectIdentifier,
        at: datetime,
        days: int,
        names: x509.SubjectAlternativeName | None,
    ) -> Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(_name(name), self._certificate.subject, key.public_key(), at, days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
        )
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        return _issued(builder, key, self._key)


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner can read. Raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, at: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(minutes=5))
        .not_valid_after(at + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _issued(
    builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, issuer: ec.EllipticCurvePrivateKey
) -> Issued:
    pem = serialization.Encoding.PEM
    certificate = builder.sign(issuer, hashes.SHA256()).public_bytes(pem)
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Issued(certificate, private)
