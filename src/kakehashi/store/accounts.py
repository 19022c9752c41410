"""Accounts of natural persons, their licences and memberships (who works where, in what role)."""

from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from kakehashi.core.actors import Institution, InstitutionType, Role
from kakehashi.core.errors import Conflict
from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("accounts")


@dataclass(frozen=True, slots=True)
class Account:
    """One natural person who can sign in. `id` is random and stable; `login` is kept in lower case."""

    id: str
    login: str
    name: str
    kana: str
    birth_date: date | None
    person: int | None  # of Role.PERSON: the key of their own record
    created_at: datetime
    used_at: datetime | None = None
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """A role at an institution. `manages`: may manage the accounts of this institution."""

    institution: Institution
    role: Role
    licence: str
    manages: bool
    emergency_right: bool


async def put(tx: Connection, account: Account) -> None:
    """Keep a new account. Raises Conflict when the login, or the person's account, is there already."""
    try:
        await tx.execute(
            _SQL["account_put"],
            account.id,
            account.login,
            account.name,
            account.kana,
            account.birth_date,
            account.person,
            account.created_at,
        )
    except asyncpg.UniqueViolationError:
        raise Conflict(
            "このログイン名または本人の口座は既に登録されています。",
            "This login, or this person's account, is registered already.",
            rule="signin.account.unique",
        ) from None


async def by_login(tx: Connection, login: str) -> Account | None:
    """Return the account with this login (in lower case), or None."""
    return _account(await tx.fetchrow(_SQL["account_by_login"], login))


async def by_person(tx: Connection, person: int) -> Account | None:
    """Return the account of a person themself, or None."""
    return _account(await tx.fetchrow(_SQL["account_by_person"], person))


async def by_id(tx: Connection, account: str, *, lock: bool = False) -> Account | None:
    """Return the account, or None; `lock` holds it against other changes until the transaction ends."""
    return _account(await tx.fetchrow(_SQL["account_lock" if lock else "account_by_id"], account))


async def used(tx: Connection, account: str, at: datetime) -> None:
    """Note a use of the account."""
    await tx.execute(_SQL["account_used"], account, at)


async def set_disabled(tx: Connection, account: str, at: datetime | None) -> None:
    """Disable an account, or with None enable it."""
    await tx.execute(_SQL["account_disable"], account, at)


async def unused_since(tx: Connection, since: datetime) -> list[Account]:
    """Return the accounts that are open but were not used since then."""
    return [account for row in await tx.fetch(_SQL["account_unused"], since) if (account := _account(row))]


async def operator_exists(tx: Connection) -> bool:
    """Say whether anybody is an operator; held against another first operator until the transaction ends."""
    await tx.execute(_SQL["setup_lock"])
    return bool(await tx.fetchval(_SQL["operator_exists"]))


async def put_licence(tx: Connection, account: str, role: Role, number: str) -> None:
    """Register a licence. Raises Conflict when another account has it, or this account has another one."""
    try:
        held = await tx.fetchval(_SQL["licence_put"], role.value, number, account)
    except asyncpg.UniqueViolationError:
        held = None
    if held is None:
        raise Conflict(
            "この資格番号は別の口座に、またはこの口座に別の番号が登録されています。口座は1人に1つです。",
            "This licence is registered for another account, or this account has another number. One person, "
            "one account.",
            rule="signin.licence.unique",
        )


async def put_membership(tx: Connection, account: str, institution: int, role: Role, at: datetime) -> None:
    """Let a person work at an institution in a role; without duties or rights until they are given."""
    await tx.execute(_SQL["membership_put"], account, institution, role.value, at)


async def end_membership(tx: Connection, account: str, institution: int, role: Role, at: datetime) -> bool:
    """End it; say whether there was one."""
    return await tx.fetchval(_SQL["membership_end"], account, institution, role.value, at) is not None


async def set_rights(
    tx: Connection, account: str, institution: int, role: Role, *, manages: bool, emergency_right: bool
) -> bool:
    """Give or take duties and rights; say whether there is such a membership."""
    found = await tx.fetchval(
        _SQL["membership_rights"], account, institution, role.value, manages, emergency_right
    )
    return found is not None


async def memberships(tx: Connection, account: str) -> list[Membership]:
    """Return where a person works now, in which roles."""
    return [
        Membership(
            Institution(row["institution"], row["code"], row["name"], InstitutionType(row["type"])),
            Role(row["role"]),
            row["licence"],
            row["manages"],
            row["emergency_right"],
        )
        for row in await tx.fetch(_SQL["memberships"], account)
    ]


def _account(row: asyncpg.Record | None) -> Account | None:
    return None if row is None else Account(**dict(row))
