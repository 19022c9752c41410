"""Clients: systems that sign in with their own keys (SMART Backend Services), apps that people use (SMART App Launch),
and the assertions they used up."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from kakehashi.core.actors import Institution, InstitutionType, Purpose
from kakehashi.core.errors import Conflict
from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("clients")


@dataclass(frozen=True, slots=True)
class Client:
    """A registered system or app. Keys stand in `jwks` (JSON) or are published at `jwks_url`; the other is empty.

    `mtls`: its tokens are bound to a client certificate. `status` is "active" or "suspended". `proof`: "key", "secret"
    (its SHA-256 in `secret`) or "none" (a public app). An app has `redirects`; `launch_url` opens it from within a
    record, `origins` are where its pages come from.
    """

    id: str
    name: str
    institution: Institution
    scopes: tuple[str, ...]
    purposes: tuple[Purpose, ...]
    registered_at: datetime
    jwks: str = ""
    jwks_url: str = ""
    mtls: bool = False
    status: str = "active"
    proof: str = "key"
    secret: bytes | None = field(default=None, repr=False)
    redirects: tuple[str, ...] = ()
    launch_url: str = ""
    origins: tuple[str, ...] = ()


async def put(tx: Connection, client: Client) -> None:
    """Keep a new client. Raises Conflict when its id is taken."""
    try:
        await tx.execute(
            _SQL["client_put"],
            client.id,
            client.name,
            client.institution.key,
            client.jwks,
            client.jwks_url,
            list(client.scopes),
            [purpose.value for purpose in client.purposes],
            client.mtls,
            client.registered_at,
            client.proof,
            client.secret,
            list(client.redirects),
            client.launch_url,
            list(client.origins),
        )
    except asyncpg.UniqueViolationError:
        raise Conflict(
            "このクライアントIDは既に登録されています。",
            "This client id is registered already.",
            rule="oauth.client.unique",
        ) from None


async def by_id(tx: Connection, client: str) -> Client | None:
    """Return a client, or None."""
    row = await tx.fetchrow(_SQL["client_of"], client)
    return None if row is None else _client(row)


async def every(tx: Connection) -> list[Client]:
    """Return all clients, by id."""
    return [_client(row) for row in await tx.fetch(_SQL["client_all"])]


async def launchable(tx: Connection, institutions: Sequence[int]) -> list[Client]:
    """Return the active apps of these institutions that can be opened from within a record, by name."""
    return [_client(row) for row in await tx.fetch(_SQL["client_launchable"], list(institutions))]


async def origins(tx: Connection) -> frozenset[str]:
    """Return where the pages of active apps come from."""
    return frozenset(row["origin"] for row in await tx.fetch(_SQL["client_origins"]))


async def set_keys(tx: Connection, client: str, *, jwks: str, jwks_url: str) -> bool:
    """Replace a client's keys; say whether there is such a client."""
    return await tx.fetchval(_SQL["client_keys"], client, jwks, jwks_url) is not None


async def set_status(tx: Connection, client: str, status: str) -> bool:
    """Set "active" or "suspended"; say whether there is such a client."""
    return await tx.fetchval(_SQL["client_status"], client, status) is not None


async def take_assertion(tx: Connection, client: str, jti: bytes, expires_at: datetime) -> bool:
    """Use up an assertion's jti (hash); of two at once, one is told True."""
    return await tx.fetchval(_SQL["assertion_take"], client, jti, expires_at) is not None


async def tidy(tx: Connection, at: datetime) -> None:
    """Remove what has expired."""
    await tx.execute(_SQL["tidy_clients_assertions"], at)


def _client(row: asyncpg.Record) -> Client:
    place = Institution(row["key"], row["code"], row["institution_name"], InstitutionType(row["type"]))
    purposes = tuple(Purpose(purpose) for purpose in row["purposes"])
    return Client(
        row["id"],
        row["name"],
        place,
        tuple(row["scopes"]),
        purposes,
        row["registered_at"],
        row["jwks"],
        row["jwks_url"],
        row["mtls"],
        row["status"],
        row["proof"],
        row["secret"],
        tuple(row["redirects"]),
        row["launch_url"],
        tuple(row["origins"]),
    )
