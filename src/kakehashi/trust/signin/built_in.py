"""Built-in sign-in where an OpenID provider stands in its stead (`openid_only`): what of it still counts.

Operators who are linked to no identity there are the reserve: they get in while the provider does not answer. For
everybody else a password leads to an emergency code (緊急コード) and nowhere else.
"""

from collections.abc import Collection

from kakehashi.core.errors import Refused
from kakehashi.store import openid
from kakehashi.store.database import Connection
from kakehashi.trust.signin.policy import Policy

_ALWAYS = frozenset({"openid", "openid-two", "break-glass"})


async def counts(tx: Connection, account: str, proven: Collection[str], policy: Policy) -> bool:
    """Say whether a session of this account, by what it has proven, may go on."""
    return not policy.openid_only or not _ALWAYS.isdisjoint(proven) or await openid.is_reserve(tx, account)


async def require(tx: Connection, account: str, proven: Collection[str], policy: Policy) -> None:
    """Raise Refused where neither our own second factors nor passkeys count."""
    if not await counts(tx, account, proven, policy):
        raise Refused(
            "この利用者IDでは、プロバイダーでサインインしてください。ここで使えるのは緊急コードだけです。",
            "Please sign in by the provider. Only an emergency code counts here.",
            rule="signin.openid.only",
        )
