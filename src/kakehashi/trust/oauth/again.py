"""Who asked for a job may act no longer while it runs: the actor as they stand now, asked before each of its steps."""

from dataclasses import replace
from datetime import datetime

from kakehashi.core.actors import Actor, Role
from kakehashi.core.errors import Refused
from kakehashi.store import tokens
from kakehashi.store.database import Database


async def acting_again(db: Database, actor: Actor, *, since: datetime, at: datetime) -> Actor:
    """Return the actor of a token that was good at `since`, as they stand at `at`. One short transaction.

    Raises Refused where they may act no more: client suspended or its keys replaced, institution in quarantine,
    account disabled or gone from there, tokens struck after `since`.
    """
    async with db.transaction() as tx:
        if actor.role is Role.SYSTEM:
            found = await tokens.of_client(tx, actor.subject)
        else:
            found = await tokens.of_account(tx, actor.subject, actor.institution.key, actor.role)
        struck = await tokens.revocations(tx, at)
    if found is None or found.institution.key != actor.institution.key:
        raise Refused(rule="oauth.again.standing")
    if actor.role is Role.PERSON and found.person != actor.person:
        raise Refused(rule="oauth.again.person")
    for what in (("subject", actor.subject), ("institution", str(actor.institution.key))):
        if what in struck and since <= struck[what]:
            raise Refused(rule="oauth.again.struck")
    return replace(
        actor, institution=found.institution, licence=found.licence, emergency_right=found.emergency_right
    )
