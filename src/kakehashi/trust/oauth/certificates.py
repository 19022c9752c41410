"""Client certificates between institutions (mutual TLS): registered by thumbprint, each for one
institution.

A certificate is known by its own SHA-256, not by who issued it, so no other authority can speak for it.
When a proxy ends the TLS, its header is believed only where the proxy is (trust/peers.py).
Sources: RFC 8705, RFC 9440; 安全管理ガイドライン 6.0 (TLS client authentication).
"""

import base64
import binascii
from datetime import datetime
from hashlib import sha256
from urllib.parse import unquote

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from kakehashi.core.actors import Actor, Institution
from kakehashi.core.errors import Invalid, NotFound, Problem, Refused, Unauthenticated
from kakehashi.core.settings import Settings
from kakehashi.store import clients_certificates as store
from kakehashi.store import tokens
from kakehashi.store.clients_certificates import Certificate
from kakehashi.store.database import Database
from kakehashi.trust import log_note, peers, roles
from kakehashi.trust.oauth.clients import TOKENS_LIVE

MOST_BYTES = 16_384
SMALLEST_RSA = 2048  # bits (CRYPTREC)
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


async def register(
    db: Database, certificate: bytes, institution: Institution, *, by: Actor, at: datetime
) -> Certificate:
    """Register a client certificate (PEM or DER) of an institution. Raises Refused, Invalid, Conflict."""
    roles.require(by, roles.Interaction.CONSOLE_KEYS)
    read = _read(certificate)
    if problems := _faults(read, at):
        raise Invalid(problems=problems)
    kept = Certificate(
        read.fingerprint(hashes.SHA256()), read.subject.rfc4514_string()[:500], read.not_valid_before_utc,
        read.not_valid_after_utc, at,
    )  # fmt: skip
    async with db.transaction() as tx:
        await store.put(tx, institution.key, kept)
        await log_note.record(tx, "certificate.registered", _item(kept.thumbprint), person=0, by=by, at=at)
    return kept


async def revoke(db: Database, thumbprint: bytes, *, by: Actor, at: datetime) -> None:
    """Take a certificate out of use for good, with every token that is bound to it, at once. Raises NotFound when it is
    not in use."""
    roles.require(by, roles.Interaction.CONSOLE_KEYS)
    async with db.transaction() as tx:
        if not await store.revoke(tx, thumbprint, at):
            raise NotFound
        await tokens.revoke(tx, "certificate", _bound(thumbprint), at, at + TOKENS_LIVE)
        await log_note.record(tx, "certificate.revoked", _item(thumbprint), person=0, by=by, at=at)


async def registered(db: Database, institution: int, *, by: Actor) -> list[Certificate]:
    """Return the certificates of an institution, for the console."""
    roles.require(by, roles.Interaction.CONSOLE_KEYS)
    async with db.transaction() as tx:
        return await store.at_institution(tx, institution)


async def is_of(db: Database, thumbprint: str, institution: Institution, *, at: datetime) -> bool:
    """Say whether a certificate (base64url SHA-256) is registered for the institution, in use and valid at `at`."""
    async with db.transaction() as tx:
        found = await store.institution_of(tx, base64.urlsafe_b64decode(thumbprint + "="), at)
    return found is not None and found.key == institution.key


async def is_revoked(db: Database, thumbprint: str) -> bool:
    """Say whether a certificate (base64url SHA-256) was registered once and is taken out of use."""
    async with db.transaction() as tx:
        return await store.is_revoked(tx, base64.urlsafe_b64decode(thumbprint + "="))


def thumbprint_of(certificate: bytes) -> str:
    """Return the base64url SHA-256 of a certificate (PEM or DER), as tokens are bound to it. Raises Invalid."""
    der = _read(certificate).public_bytes(Encoding.DER)
    return _bound(sha256(der).digest())


def from_proxy(header: str, *, peer: str, secret: str, settings: Settings) -> bytes:
    """Return the certificate (DER) that a proxy passes on, as `:base64:` (RFC 9440) or URL-encoded PEM.

    Raises Refused unless the proxy is a trusted one (trust/peers.py), Unauthenticated for a header that holds none.
    """
    if not peers.is_proxy(peer, secret, settings):
        raise Refused(rule="oauth.certificate.proxy")
    try:
        if len(header) > 2 * MOST_BYTES:
            raise ValueError
        if header.startswith(":") and header.endswith(":"):
            raw = base64.b64decode(header[1:-1], validate=True)
        else:
            raw = unquote(header).encode("ascii")
        return _read(raw).public_bytes(Encoding.DER)
    except (ValueError, binascii.Error, Invalid):
        raise Unauthenticated(rule="oauth.certificate") from None


def _bound(thumbprint: bytes) -> str:
    return base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode()


def _item(thumbprint: bytes) -> str:
    return f"Certificate/{thumbprint.hex()}"


def _read(certificate: bytes) -> x509.Certificate:
    try:
        if len(certificate) > MOST_BYTES:
            raise ValueError
        if certificate.lstrip().startswith(b"-----BEGIN"):
            return x509.load_pem_x509_certificate(certificate)
        return x509.load_der_x509_certificate(certificate)
    except (ValueError, UnsupportedAlgorithm):
        raise Invalid(
            problems=[
                _problem(
                    "read",
                    "証明書を読めません (PEMまたはDER)。",
                    "This is no readable certificate (PEM or DER).",
                )
            ]
        ) from None


def _faults(read: x509.Certificate, at: datetime) -> list[Problem]:
    faults = []
    if not read.not_valid_before_utc <= at < read.not_valid_after_utc:
        faults.append(_problem("validity", "有効期間の外です。", "It is outside its period of validity."))
    if not _for_clients(read):
        faults.append(
            _problem("use", "クライアント認証用ではありません。", "It is not for client authentication.")
        )
    if not isinstance(read.signature_hash_algorithm, _HASHES):
        faults.append(
            _problem("hash", "SHA-256以上の署名が必要です。", "It must be signed with SHA-256 or better.")
        )
    if not _strong(read):
        faults.append(
            _problem(
                "key", "鍵が短すぎます (RSA 2048, P-256以上)。", "Its key is too small (RSA 2048, P-256)."
            )
        )
    return faults


def _for_clients(read: x509.Certificate) -> bool:
    try:
        uses = read.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        limits = read.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
    return ExtendedKeyUsageOID.CLIENT_AUTH in uses and not limits.ca


def _strong(read: x509.Certificate) -> bool:
    try:
        key = read.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return False
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= SMALLEST_RSA
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1)


def _problem(rule: str, ja: str, en: str) -> Problem:
    return Problem(f"oauth.certificate.{rule}", "certificate", ja, en)
