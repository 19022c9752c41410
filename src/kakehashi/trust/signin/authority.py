"""Who may manage accounts: the operator, and at an institution whoever has that duty there."""

from kakehashi.core.actors import Actor, Role
from kakehashi.core.errors import Refused
from kakehashi.store import accounts
from kakehashi.store.database import Connection
from kakehashi.trust import roles

# Roles that only the operator gives; SYSTEM is no person's.
OPERATOR_GIVES = frozenset({Role.OPERATOR, Role.AUDITOR, Role.PERSON})


def is_operator(actor: Actor) -> bool:
    """Say whether the actor may manage accounts everywhere."""
    return roles.permits(actor, roles.Interaction.CONSOLE_ACCOUNTS)


async def require_manager(tx: Connection, by: Actor, institution: int) -> None:
    """Raise Refused unless the actor is the operator or manages the accounts of this institution.

    The duty is read from the store, not from the session; a token's actor never has it.
    """
    if is_operator(by):
        return
    held = await accounts.memberships(tx, by.subject)
    here = any(one.manages and one.role is by.role and one.institution.key == institution for one in held)
    if by.scopes or not here or by.institution.key != institution:
        raise Refused(rule="signin.manager")
