"""Registering systems: which institution they act for, their keys, scopes and purposes; and taking them
out.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from kakehashi.core.actors import Actor, Institution, Purpose, Role
from kakehashi.core.errors import Invalid, NotFound, Problem
from kakehashi.store import clients as store
from kakehashi.store import tokens
from kakehashi.store.clients import Client
from kakehashi.store.database import Connection, Database
from kakehashi.trust import log_note, roles
from kakehashi.trust.oauth import jwks as keys
from kakehashi.trust.oauth import scopes

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,63}", re.ASCII)
TOKENS_LIVE = timedelta(days=1)  # no token outlives this


async def register(
    db: Database, client_id: str, name: str, institution: Institution, *, scope: Sequence[str],
    purposes: Sequence[Purpose] = (Purpose.TREATMENT,), jwks: str = "", jwks_url: str = "", mtls: bool = False,
    by: Actor, at: datetime,
) -> Client:  # fmt: skip
    """Register a system with its public keys, inline or by address. Raises Refused, Invalid, Conflict."""
    roles.require(by, roles.Interaction.CONSOLE_KEYS)
    weighed = scopes.weighed(scope, scope, context="system")
    granted = weighed.scopes
    problems = [*naming(client_id, name), *weighed.misread, *_rights(institution, granted, purposes)]
    if problems:
        raise Invalid(problems=problems)
    require_keys(jwks, jwks_url)
    client = Client(client_id, name, institution, granted, tuple(purposes), at, jwks, jwks_url, mtls)
    async with db.transaction() as tx:
        await store.put(tx, client)
        await _note(tx, "client.registered", client_id, by, at)
    return client


async def set_keys(
    db: Database, client_id: str, *, jwks: str = "", jwks_url: str = "", by: Actor, at: datetime
) -> None:
    """Replace a client's keys; tokens it was given before are void. Raises NotFound for one that has no keys."""
    roles.require(by, roles.Interaction.CONSOLE_KEYS)
    require_keys(jwks, jwks_url)
    async with db.transaction() as tx:
        if not await store.set_keys(tx, client_id, jwks=jwks, jwks_url=jwks_url):
            raise NotFound
        await tokens.revoke(tx, "subject", client_id, at, at + TOKENS_LIVE)
        await _note(tx, "client.keys", client_id, by, at)


async def suspend(db: Database, client_id: str, *, by: Actor, at: datetime) -> None:
    """Give a system no more tokens, and make those it has void, at once."""
    await _set_status(db, client_id, "suspended", by, at)


async def resume(db: Database, client_id: str, *, by: Actor, at: datetime) -> None:
    """Let a suspended system have tokens again."""
    await _set_status(db, client_id, "active", by, at)


async def every(db: Database, *, by: Actor) -> list[Client]:
    """Return all systems, for the console."""
    roles.require(by, roles.Interaction.CONSOLE_KEYS)
    async with db.transaction() as tx:
        return await store.every(tx)


async def _set_status(db: Database, client_id: str, status: str, by: Actor, at: datetime) -> None:
    roles.require(by, roles.Interaction.CONSOLE_KEYS)
    async with db.transaction() as tx:
        if not await store.set_status(tx, client_id, status):
            raise NotFound
        await tokens.revoke(tx, "subject", client_id, at, at + TOKENS_LIVE)
        await _note(tx, f"client.{status}", client_id, by, at)


async def _note(tx: Connection, action: str, client_id: str, by: Actor, at: datetime) -> None:
    await log_note.record(tx, action, f"Client/{client_id}", person=0, by=by, at=at)


def naming(client_id: str, name: str) -> list[Problem]:
    """Say what is wrong with the id and name of a client."""
    problems = []
    if not _ID.fullmatch(client_id):
        ja, en = (
            "半角英数字・._- の3〜64文字にしてください。",
            "Use 3 to 64 letters, digits, dots, underscores, dashes.",
        )
        problems.append(Problem("oauth.client.id", "client_id", ja, en))
    if not 1 <= len(name.strip()) <= 100:
        problems.append(
            Problem("oauth.client.name", "name", "1〜100文字にしてください。", "Use 1 to 100 characters.")
        )
    return problems


def _rights(institution: Institution, granted: Sequence[str], purposes: Sequence[Purpose]) -> list[Problem]:
    problems = []
    if not granted or len(granted) > scopes.MOST_SCOPES:
        ja, en = "system/… のスコープを1つ以上入れてください。", "Give at least one system/… scope."
        problems.append(Problem("oauth.client.scope", "scope", ja, en))
    if not purposes or not set(purposes) <= roles.PURPOSES[Role.SYSTEM]:
        ja, en = "システムに許された利用目的を入れてください。", "Give purposes that a system may have."
        problems.append(Problem("oauth.client.purpose", "purposes", ja, en))
    if institution.type not in roles.TYPES[Role.SYSTEM]:
        ja, en = (
            "この種類の機関はシステムを登録できません。",
            "This type of institution registers no systems.",
        )
        problems.append(Problem("oauth.client.institution", "institution", ja, en))
    return problems


def require_keys(jwks: str, jwks_url: str) -> None:
    """Raise Invalid unless there are keys, inline or at an address, and they are good."""
    if bool(jwks) is bool(jwks_url):
        ja, en = "jwks か jwks_url のどちらか一方を入れてください。", "Give either jwks or jwks_url."
        raise Invalid(problems=[Problem("oauth.jwks", "jwks", ja, en)])
    if jwks:
        keys.read(jwks)
    else:
        keys.require_address(jwks_url)
