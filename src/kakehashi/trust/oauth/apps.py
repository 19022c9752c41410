"""Registering apps that people use: how they prove themselves, where they are answered, what they may ask for.

A system (SMART Backend Services) acts for its institution; an app acts for whoever allows it. One client is the one or
the other. Suspending, resuming and new keys are the same for both (clients.py).
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from kakehashi.core.actors import Actor, Institution
from kakehashi.core.errors import Invalid, Problem
from kakehashi.store import clients as store
from kakehashi.store.clients import Client
from kakehashi.store.database import Connection, Database
from kakehashi.trust import log_note, roles
from kakehashi.trust.oauth import clients, redirects, scopes

PROOFS = ("key", "secret", "none")
OF_PERSON = ("patient", "user")  # contexts of scopes that people can allow
# Words that open no record by themselves. Source: SMART App Launch 2.2, scopes and launch context.
WORDS = ("openid", "fhirUser", "profile", "launch", "launch/patient", "online_access", "offline_access")


@dataclass(frozen=True, slots=True)
class NewApp:
    """An app to be registered. `proof`: "key" (with `jwks` or `jwks_url`), "secret", or "none": a public app.

    `origins`: where its pages come from beside its redirects, for browsers.
    """

    id: str
    name: str
    institution: Institution
    redirects: tuple[str, ...]
    scopes: tuple[str, ...]
    proof: str = "none"
    launch_url: str = ""
    origins: tuple[str, ...] = ()
    jwks: str = ""
    jwks_url: str = ""


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered app, and its secret where it has one: shown this once."""

    client: Client
    secret: str = field(default="", repr=False)


async def register(db: Database, new: NewApp, *, by: Actor, at: datetime) -> Registered:
    """Register an app. Raises Refused, Invalid (every mistake named), Conflict (the id is taken)."""
    roles.require(by, roles.Interaction.CONSOLE_KEYS)
    allowed = granted(new.scopes, new.scopes)
    if problems := [
        *clients.naming(new.id, new.name),
        *_addresses(new),
        *_scopes(new, allowed),
        *_proof(new),
    ]:
        raise Invalid(problems=problems)
    if new.proof == "key":
        clients.require_keys(new.jwks, new.jwks_url)
    secret = secrets.token_urlsafe(32) if new.proof == "secret" else ""
    client = Client(
        new.id, new.name, new.institution, allowed, (), at, new.jwks, new.jwks_url, proof=new.proof,
        secret=secret_hash(secret) if secret else None, redirects=new.redirects, launch_url=new.launch_url,
        origins=_origins(new),
    )  # fmt: skip
    async with db.transaction() as tx:
        await store.put(tx, client)
        await log_note.record(tx, "client.registered", f"Client/{new.id}", person=0, by=by, at=at)
    return Registered(client, secret)


async def launchable(tx: Connection, actor: Actor) -> list[Client]:
    """Return the apps that the actor may open from within a record: their institution's and the operator's."""
    return await store.launchable(tx, sorted({actor.institution.key, 0}))


def granted(asked: Sequence[str], allowed: Sequence[str]) -> tuple[str, ...]:
    """Return what is asked for and allowed, of records and of words; records first, in version 2 form."""
    records = [one for context in OF_PERSON for one in scopes.granted(asked, allowed, context=context)]
    return (*records, *(word for word in WORDS if word in asked and word in allowed))


def secret_hash(secret: str) -> bytes:
    """Return what the store knows a secret, code or token by; each is 256 random bits that we made."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _origins(new: NewApp) -> tuple[str, ...]:
    found = {redirects.origin_of(one) for one in (*new.redirects, *new.origins)}
    return tuple(sorted(found - {""}))


def _addresses(new: NewApp) -> list[Problem]:
    problems: list[Problem] = []
    if not 1 <= len(new.redirects) <= redirects.MOST or len(new.origins) > redirects.MOST:
        ja = f"リダイレクト先を1つ以上 {redirects.MOST} 個まで入れてください。"
        problems.append(
            Problem("oauth.app.redirects", "redirects", ja, f"Give 1 to {redirects.MOST} redirect addresses.")
        )
    for place, urls in (("redirects", new.redirects), ("origins", new.origins)):
        problems += [wrong for url in urls for wrong in redirects.problems_of(url, place)]
    if new.launch_url:
        problems += redirects.problems_of(new.launch_url, "launch_url")
    return problems


def _scopes(new: NewApp, allowed: Sequence[str]) -> list[Problem]:
    unknown = [one for one in new.scopes if not granted((one,), (one,))]
    if allowed and not unknown and len(new.scopes) <= scopes.MOST_SCOPES:
        return []
    ja, en = (
        f"patient/… か user/… のスコープと {' '.join(WORDS)} だけを入れてください。",
        f"Give scopes patient/…, user/… and {' '.join(WORDS)} only.",
    )
    return [Problem("oauth.app.scope", "scope", ja, en)]


def _proof(new: NewApp) -> list[Problem]:
    if new.proof in PROOFS and (new.proof == "key" or not (new.jwks or new.jwks_url)):
        return []
    ja, en = (
        "確かめ方は key（公開鍵）、secret、none のいずれかです。",
        "The proof is key (with keys), secret or none (without keys).",
    )
    return [Problem("oauth.app.proof", "proof", ja, en)]
