"""The first operator of a new installation, and the sample accounts of the demo: the two ways in without a
manager.
"""

from datetime import datetime

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.errors import Conflict, Refused
from kakehashi.core.settings import Settings
from kakehashi.store import accounts as store
from kakehashi.store import institutions
from kakehashi.store.database import Database
from kakehashi.trust import log_note
from kakehashi.trust.signin import accounts, hashing
from kakehashi.trust.signin.accounts import Enrolled, NewAccount
from kakehashi.trust.signin.codes import new_initial_password

OPERATOR = Institution(0, "0000000000", "架け橋 運用", InstitutionType.OPERATOR)
KNOWN = "signin.setup"  # rule: there is an operator already


async def first_operator(db: Database, login: str, name: str, *, at: datetime) -> Enrolled:
    """Make the first operator's account, with an initial password to be shown once.

    Raises Conflict when there is an operator already: further accounts are made by them.
    """
    password = new_initial_password()
    hashed = await hashing.hashed(password)
    async with db.transaction() as tx:
        if await store.operator_exists(tx):
            raise Conflict(
                "運用担当者は既にいます。追加は管理画面から行います。",
                "There is an operator already. They add others from the console.",
                rule=KNOWN,
            )
        await institutions.put(tx, OPERATOR)
        new = NewAccount(login, name, OPERATOR, Role.OPERATOR)
        account = await accounts.put(tx, new, hashed, at=at)
        by = Actor("init", Role.OPERATOR, OPERATOR, Purpose.OPERATIONS)
        await log_note.record(tx, "installation.begun", f"Account/{account}", person=0, by=by, at=at)
        return Enrolled(account, password)


async def demo_account(
    db: Database, new: NewAccount, password: str, *, settings: Settings, emergency_right: bool = False,
    manages: bool = False, at: datetime,
) -> str:  # fmt: skip
    """Make a sample account whose password is printed; return its id. Raises Refused outside the demo."""
    if not settings.demo:
        raise Refused(rule="signin.demo")
    hashed = await hashing.hashed(password)
    async with db.transaction() as tx:
        account = await accounts.put(tx, new, hashed, at=at, initial=False)
        await store.set_rights(
            tx, account, new.institution.key, new.role, manages=manages, emergency_right=emergency_right
        )
    return account


def demo_operator(settings: Settings) -> Actor:
    """Return the actor that sets up the sample region. Raises Refused outside the demo."""
    if not settings.demo:
        raise Refused(rule="signin.demo")
    return Actor("setup", Role.OPERATOR, OPERATOR, Purpose.OPERATIONS, factors=2)
