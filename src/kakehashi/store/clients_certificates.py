"""Client certificates of institutions, known by the SHA-256 of their DER."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from kakehashi.core.actors import Institution, InstitutionType
from kakehashi.core.errors import Conflict
from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("clients")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A registered certificate. `revoked_at` None: in use."""

    thumbprint: bytes
    subject: str
    not_before: datetime
    not_after: datetime
    added_at: datetime
    revoked_at: datetime | None = None


async def put(tx: Connection, institution: int, certificate: Certificate) -> None:
    """Keep a certificate. Raises Conflict when it is registered already."""
    try:
        await tx.execute(
            _SQL["certificate_put"],
            certificate.thumbprint,
            institution,
            certificate.subject,
            certificate.not_before,
            certificate.not_after,
            certificate.added_at,
        )
    except asyncpg.UniqueViolationError:
        raise Conflict(
            "この証明書は既に登録されています。",
            "This certificate is registered already.",
            rule="oauth.certificate.unique",
        ) from None


async def institution_of(tx: Connection, thumbprint: bytes, at: datetime) -> Institution | None:
    """Return whose certificate this is when it is registered, not revoked, and valid at `at`; else None."""
    row = await tx.fetchrow(_SQL["certificate_of"], thumbprint)
    if row is None or row["revoked_at"] is not None or not row["not_before"] <= at < row["not_after"]:
        return None
    return Institution(row["key"], row["code"], row["name"], InstitutionType(row["type"]))


async def is_revoked(tx: Connection, thumbprint: bytes) -> bool:
    """Say whether this certificate was registered and is taken out of use."""
    row = await tx.fetchrow(_SQL["certificate_of"], thumbprint)
    return row is not None and row["revoked_at"] is not None


async def at_institution(tx: Connection, institution: int) -> list[Certificate]:
    """Return the certificates of an institution, by end of validity."""
    return [_certificate(row) for row in await tx.fetch(_SQL["certificates_at"], institution)]


async def revoke(tx: Connection, thumbprint: bytes, at: datetime) -> bool:
    """Take a certificate out of use; say whether there was one in use."""
    return await tx.fetchval(_SQL["certificate_revoke"], thumbprint, at) is not None


def _certificate(row: asyncpg.Record) -> Certificate:
    return Certificate(**dict(row))
