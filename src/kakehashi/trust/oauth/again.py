"""Who asked for something that goes on may act no longer while it does: the actor as they stand now, each time."""

from dataclasses import dataclass
from datetime import datetime

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.errors import Refused
from kakehashi.store import app_grants, clients, tokens
from kakehashi.store.database import Connection, Database
from kakehashi.trust.oauth.scopes import granted


@dataclass(frozen=True, slots=True)
class Token:
    """What a token said of its actor, as it is kept with what goes on. The fields are those of Actor."""

    subject: str
    role: Role
    institution: int  # its key
    purpose: Purpose
    person: int | None
    scopes: tuple[str, ...]
    factors: int = 1
    acts_for: str = ""
    app: str = ""

    @classmethod
    def of(cls, actor: Actor) -> "Token":
        """Return what the token of an actor said."""
        return cls(
            actor.subject, actor.role, actor.institution.key, actor.purpose, actor.person, actor.scopes, actor.factors,
            actor.acts_for, actor.app,
        )  # fmt: skip


async def as_they_stand(tx: Connection, token: Token, *, at: datetime) -> Actor | None:
    """Return the actor of a token as they stand at `at`, None where they may act no more.

    A client that was suspended, whose institution is in quarantine, whose purpose or scopes were taken away; an account
    that was disabled, left, or became another person's; an app that is allowed no more: all end it here.
    """
    if token.role is Role.SYSTEM:
        return await _client(tx, token)
    found = await tokens.of_account(tx, token.subject, token.institution, token.role)
    if found is None or not token.scopes:
        return None
    if token.role is Role.PERSON and not token.acts_for and found.person != token.person:
        return None
    if token.app:
        grant = await app_grants.by_id(tx, token.app)
        if grant is None or grant.ended_at is not None or at >= grant.ends_at:
            return None
    return Actor(
        token.subject, token.role, found.institution, token.purpose, person=token.person, factors=token.factors,
        scopes=token.scopes, licence=found.licence, emergency_right=found.emergency_right, acts_for=token.acts_for,
        app=token.app,
    )  # fmt: skip


async def acting_again(db: Database, actor: Actor, *, since: datetime, at: datetime) -> Actor:
    """Return the actor of a token that was good at `since`, as they stand at `at`. One short transaction.

    Raises Refused where they may act no more, also when tokens of theirs were struck after `since`.
    """
    async with db.transaction() as tx:
        found = await as_they_stand(tx, Token.of(actor), at=at)
        struck = await tokens.revocations(tx, at)
    if found is None:
        raise Refused(rule="oauth.again.standing")
    whose = (("subject", actor.subject), ("institution", str(actor.institution.key)), ("grant", actor.app))
    for what in whose:
        if what in struck and since <= struck[what]:
            raise Refused(rule="oauth.again.struck")
    return found


async def _client(tx: Connection, token: Token) -> Actor | None:
    client = await clients.by_id(tx, token.subject)
    if client is None or client.status != "active" or client.institution.key != token.institution:
        return None
    scopes = granted(token.scopes, client.scopes, context="system")
    if not scopes or token.purpose not in client.purposes:
        return None
    return Actor(
        token.subject, token.role, client.institution, token.purpose, person=token.person, factors=token.factors,
        scopes=scopes,
    )  # fmt: skip
