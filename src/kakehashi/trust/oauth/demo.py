"""Tokens for the demo: whoever runs the sample region on their own machine may try every role. Else
refused.
"""

import secrets
from datetime import datetime
from hashlib import sha256

import orjson
from joserfc.jwk import ECKey

from kakehashi.core.actors import Actor, Institution, Purpose, Role
from kakehashi.core.errors import BadRequest, Refused
from kakehashi.core.settings import Settings
from kakehashi.store import accounts as account_store
from kakehashi.store import clients as client_store
from kakehashi.store.clients import Client
from kakehashi.store.database import Connection
from kakehashi.trust import roles
from kakehashi.trust.oauth import scopes
from kakehashi.trust.oauth.tokens import Tokens
from kakehashi.trust.signin import accounts, setup
from kakehashi.trust.signin.accounts import NewAccount

HOUR = 3_600  # seconds
_CONTEXT = {Role.SYSTEM: "system", Role.PERSON: "patient"}


async def mint(
    tokens: Tokens, settings: Settings, *, institution: Institution, role: Role, purpose: Purpose | None = None,
    scope: str = "", person: int | None = None, factors: int = 1, lives: int = HOUR, at: datetime,
) -> str:  # fmt: skip
    """Return a token for a role at an institution, making a sample account or client that nobody can sign in to.

    `purpose`: default the role's first. `scope`: default everything of the role's context. `person`: for
    Role.PERSON whose record, for others the launch context. Raises Refused outside the demo, BadRequest.
    """
    if not settings.demo:
        raise Refused(
            "トークンの発行はデモ設定でだけできます。",
            "Tokens are minted in the demo set-up only.",
            rule="oauth.demo",
        )
    _require_fitting(institution, role, purpose, person)
    context = _CONTEXT.get(role, "user")
    granted = scopes.granted((scope or f"{context}/*.cruds").split(), [f"{context}/*.cruds"], context=context)
    if not granted:
        raise _bad(
            "scope", f"スコープは {context}/… の形です。", f"Scopes look like {context}/Observation.rs here."
        )
    async with tokens.db.transaction() as tx:
        if role is Role.SYSTEM:
            subject = await _client(tx, institution, at)
        else:
            subject = await _account(tx, institution, role, person, at)
    why = purpose or min(roles.PURPOSES[role], key=list(Purpose).index)
    actor = Actor(subject, role, institution, why, person=person, factors=factors, scopes=granted)
    return await tokens.sign(actor, subject if role is Role.SYSTEM else "demo", at=at, lives=lives)


async def _client(tx: Connection, institution: Institution, at: datetime) -> str:
    name = f"demo-{institution.code}"
    if await client_store.by_id(tx, name) is None:
        thrown_away = ECKey.generate_key("P-256").as_dict(private=False)
        jwks = orjson.dumps({"keys": [{**thrown_away, "kid": "demo"}]}).decode()
        scope, why = ("system/*.cruds",), tuple(sorted(roles.PURPOSES[Role.SYSTEM]))
        await client_store.put(
            tx, Client(name, f"{institution.name} (demo)", institution, scope, why, at, jwks)
        )
    return name


async def _account(
    tx: Connection, institution: Institution, role: Role, person: int | None, at: datetime
) -> str:
    if role is Role.PERSON and person is not None:
        held = await account_store.by_person(tx, person)
        login = f"demo-person-{sha256(str(person).encode()).hexdigest()[:16]}"
    else:
        login = f"demo-{institution.code}-{role.value}"
        held = await account_store.by_login(tx, login)
    if held is not None:
        return held.id
    licence = secrets.token_hex(5) if role in roles.LICENSED else ""
    own = person if role is Role.PERSON else None
    new = NewAccount(login, f"見本 {role.value} (sample)", institution, role, licence=licence, person=own)
    return await accounts.put(tx, new, "!", at=at)  # no password has this hash


def _require_fitting(
    institution: Institution, role: Role, purpose: Purpose | None, person: int | None
) -> None:
    if institution.type not in roles.TYPES[role]:
        raise _bad(
            "role",
            "この役割はこの種類の機関にありません。",
            "There is no such role at this type of institution.",
        )
    if purpose is not None and purpose not in roles.PURPOSES[role]:
        allowed = ", ".join(sorted(roles.PURPOSES[role]))
        raise _bad("purpose", f"この役割の利用目的は {allowed} です。", f"Purposes of this role: {allowed}.")
    if role is Role.PERSON and (person is None or institution.key != setup.OPERATOR.key):
        raise _bad("person", "本人の役割には --person が必要です。", "The role of a person needs --person.")


def _bad(place: str, ja: str, en: str) -> BadRequest:
    return BadRequest(ja, en, rule=f"oauth.demo.{place}", place=place)
