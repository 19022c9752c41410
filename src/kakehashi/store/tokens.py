"""What is known of access tokens: those void before they expire, and how their subjects stand now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from kakehashi.core.actors import Institution, InstitutionType, Role
from kakehashi.store import app_grants, subscriptions
from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("tokens")

Struck = Literal["jti", "subject", "institution", "certificate"]
LATELY = timedelta(minutes=10)  # no access token of an app lives as long


@dataclass(frozen=True, slots=True)
class Standing:
    """How a token's subject stands now."""

    institution: Institution
    licence: str = ""
    emergency_right: bool = False
    person: int | None = None  # of Role.PERSON: the key of their own record


async def revoke(tx: Connection, kind: Struck, value: str, at: datetime, expires_at: datetime) -> None:
    """Make void one token, all of a subject or institution that were issued until `at`, or all of a certificate.

    What the subject or institution subscribed to stops too, and what was allowed to apps by or of it ends.
    """
    await tx.execute(_SQL["revocation_put"], kind, value, at, expires_at)
    if kind == "subject":
        await subscriptions.halt(tx, subject=value)
        await app_grants.end_of_subject(tx, value, at)
    elif kind == "institution":
        await subscriptions.halt(tx, institution=int(value))
        await app_grants.end_at_institution(tx, int(value), at)


async def revocations(tx: Connection, at: datetime) -> dict[tuple[str, str], datetime]:
    """Return the revocations in force: (kind, value) to the moment until which tokens are struck.

    Of the kind "grant": what people allowed to apps and is over, by itself or with the session that it leaned on.
    """
    rows = await tx.fetch(_SQL["revocations"], at, at - LATELY, at + LATELY)
    return {(row["kind"], row["value"]): row["at"] for row in rows}


async def tidy(tx: Connection, at: datetime) -> None:
    """Remove what strikes nothing any more."""
    await tx.execute(_SQL["tidy_tokens_revocations"], at)


async def of_client(tx: Connection, client: str) -> Standing | None:
    """Return how a client stands; None when it is unknown or suspended."""
    row = await tx.fetchrow(_SQL["standing_client"], client)
    if row is None or row["status"] != "active":
        return None
    return Standing(Institution(row["key"], row["code"], row["name"], InstitutionType(row["type"])))


async def of_account(tx: Connection, account: str, institution: int, role: Role) -> Standing | None:
    """Return how a person stands at an institution in a role; None when disabled, unknown or not there."""
    row = await tx.fetchrow(_SQL["standing_account"], account, institution, role.value)
    if row is None:
        return None
    place = Institution(row["key"], row["code"], row["name"], InstitutionType(row["type"]))
    return Standing(place, row["licence"], row["emergency_right"], row["person"])
