"""Accounts: one for each natural person, with memberships (institution and role), licences, duties and
rights.

Nobody changes their own; nobody gives rights at another institution than their own, the operator
excepted; and whoever leaves is out at once: sessions end, tokens are void. Source: 安全管理ガイドライン
6.0 運用編14.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from kakehashi.core.actors import Actor, Institution, Role
from kakehashi.core.errors import Conflict, Invalid, NotFound, Problem, Refused
from kakehashi.core.ids import new_id
from kakehashi.store import accounts as store
from kakehashi.store import accounts_factors, openid, sessions, tokens
from kakehashi.store.accounts import Account
from kakehashi.store.database import Connection, Database
from kakehashi.trust import log_note, roles
from kakehashi.trust.signin import authority, hashing
from kakehashi.trust.signin.codes import new_initial_password

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{2,63}", re.ASCII)
_LICENCE = re.compile(r"[A-Za-z0-9-]{1,20}", re.ASCII)
TOKENS_LIVE = timedelta(days=1)  # no token outlives this, so no revocation needs to


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A person to be given an account. `person`: for Role.PERSON, the key of their own record."""

    login: str
    name: str
    institution: Institution
    role: Role
    kana: str = ""
    birth_date: date | None = None
    licence: str = ""
    person: int | None = None


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A new account, and the password for its first sign-in, to be handed over once."""

    account: str
    initial_password: str = field(repr=False)


async def enrol(db: Database, new: NewAccount, *, by: Actor, at: datetime) -> Enrolled:
    """Give a person an account and a first membership. Raises Invalid, Refused, Conflict (login, person, licence)."""
    require_sound(new)
    password = new_initial_password()
    hashed = await hashing.hashed(password)
    async with db.transaction() as tx:
        await authority.require_manager(tx, by, new.institution.key)
        _require_may_give(by, new.role)
        account = await put(tx, new, hashed, at=at)
        await _note(tx, "account.enrolled", account, by, at, f"{new.role.value} at {new.institution.key}")
    return Enrolled(account, password)


async def join(
    db: Database,
    login: str,
    institution: Institution,
    role: Role,
    *,
    licence: str = "",
    by: Actor,
    at: datetime,
) -> None:
    """Let somebody who has an account work at one more institution, or in one more role."""
    _require_fitting(institution, role, licence)
    async with db.transaction() as tx:
        await authority.require_manager(tx, by, institution.key)
        _require_may_give(by, role)
        held = await store.by_login(tx, login.strip().lower())
        if held is None or role is Role.PERSON:
            raise NotFound
        _require_other(by, held.id)
        await _join(tx, held.id, institution, role, licence, at)
        await _note(tx, "account.joined", held.id, by, at, f"{role.value} at {institution.key}")


async def leave(db: Database, account: str, institution: int, role: Role, *, by: Actor, at: datetime) -> None:
    """End a membership: sessions end and tokens are void at once. Raises NotFound when there is none."""
    async with db.transaction() as tx:
        await authority.require_manager(tx, by, institution)
        _require_other(by, account)
        if not await store.end_membership(tx, account, institution, role, at):
            raise NotFound
        await cast_out(tx, account, at, "left")
        await _note(tx, "account.left", account, by, at, f"{role.value} at {institution}")


async def give_rights(
    db: Database, account: str, institution: int, role: Role, *, manages: bool, emergency_right: bool,
    by: Actor, at: datetime,
) -> None:  # fmt: skip
    """Give or take the duty to manage accounts and the right of emergency access (救急時医療情報閲覧).

    Raises Refused for oneself, and for a right that the role can never use.
    """
    async with db.transaction() as tx:
        await authority.require_manager(tx, by, institution)
        _require_other(by, account)
        if emergency_right and roles.Interaction.EMERGENCY_OPEN not in roles.MAY[role]:
            raise Refused(rule="signin.emergency-right")
        if not await store.set_rights(
            tx, account, institution, role, manages=manages, emergency_right=emergency_right
        ):
            raise NotFound
        if not (manages and emergency_right):
            await cast_out(tx, account, at, "rights changed")
        given = [name for name, on in (("manages", manages), ("emergency", emergency_right)) if on]
        await _note(tx, "account.rights", account, by, at, f"{'+'.join(given) or 'none'} at {institution}")


async def reset(db: Database, account: str, *, by: Actor, at: datetime) -> Enrolled:
    """Begin anew after a lost telephone or password: every factor ends, an initial password is handed over.

    At an institution only for people who work there and nowhere else; else it is for the operator: whoever
    resets could sign in as that person.
    """
    password = new_initial_password()
    hashed = await hashing.hashed(password)
    async with db.transaction() as tx:
        await require_manages_all_of(tx, by, account)
        await cast_out(tx, account, at, "reset")
        await forget_factors(tx, account, hashed, at)
        await _note(tx, "account.reset", account, by, at)
    return Enrolled(account, password)


async def disable(db: Database, account: str, *, by: Actor, at: datetime) -> None:
    """Disable an account at once, everywhere."""
    async with db.transaction() as tx:
        await require_manages_all_of(tx, by, account)
        await store.set_disabled(tx, account, at)
        await cast_out(tx, account, at, "disabled")
        await _note(tx, "account.disabled", account, by, at)


async def enable(db: Database, account: str, *, by: Actor, at: datetime) -> None:
    """Let a disabled account sign in again, with the factors it had."""
    async with db.transaction() as tx:
        await require_manages_all_of(tx, by, account)
        await store.set_disabled(tx, account, None)
        await _note(tx, "account.enabled", account, by, at)


async def unused(db: Database, *, days: int = 90, by: Actor, at: datetime) -> list[Account]:
    """Return the accounts that nobody used for so long, for the operator's review."""
    if not authority.is_operator(by):
        raise Refused(rule="signin.manager")
    async with db.transaction() as tx:
        return await store.unused_since(tx, at - timedelta(days=days))


async def put(tx: Connection, new: NewAccount, hashed: str, *, at: datetime, initial: bool = True) -> str:
    """Keep an account with its first membership and password (hash); return its id. Checks no rights."""
    account = Account(
        new_id(), new.login.strip().lower(), new.name, new.kana, new.birth_date, new.person, created_at=at
    )
    await store.put(tx, account)
    await _join(tx, account.id, new.institution, new.role, new.licence, at)
    await accounts_factors.put_password(tx, account.id, hashed, at, initial=initial)
    return account.id


async def forget_factors(tx: Connection, account: str, hashed: str, at: datetime) -> None:
    """End every factor and link of an account; an initial password (hash) takes their place. Checks no rights."""
    await accounts_factors.drop_totp(tx, account)
    await accounts_factors.put_recovery(tx, account, [])
    await accounts_factors.suspend_passkeys(tx, account, at)
    await openid.unlink(tx, account)
    await accounts_factors.put_password(tx, account, hashed, at, initial=True)


async def cast_out(tx: Connection, account: str, at: datetime, because: str) -> None:
    """End every session of an account and make its tokens void."""
    await sessions.end_all(tx, account, at, because)
    await tokens.revoke(tx, "subject", account, at, at + TOKENS_LIVE)


async def _note(tx: Connection, action: str, account: str, by: Actor, at: datetime, what: str = "") -> None:
    await log_note.record(tx, action, f"Account/{account}", person=0, by=by, at=at, reason=what)


async def _join(
    tx: Connection, account: str, institution: Institution, role: Role, licence: str, at: datetime
) -> None:
    if licence:
        await store.put_licence(tx, account, role, licence)
    await store.put_membership(tx, account, institution.key, role, at)


async def require_manages_all_of(tx: Connection, by: Actor, account: str) -> None:
    """Raise Refused unless `by` manages every place where this account works; NotFound. Locks the account."""
    if await store.by_id(tx, account, lock=True) is None:
        raise NotFound
    _require_other(by, account)
    if authority.is_operator(by):
        return
    await authority.require_manager(tx, by, by.institution.key)
    held = await store.memberships(tx, account)
    if not held or any(
        one.institution.key != by.institution.key or one.role in authority.OPERATOR_GIVES for one in held
    ):
        raise Refused(rule="signin.manager.elsewhere")


def _require_other(by: Actor, account: str) -> None:
    if by.subject == account:
        raise Refused(
            "自分の権限は自分では変えられません。",
            "Nobody changes their own rights.",
            rule="signin.own-rights",
        )


def _require_may_give(by: Actor, role: Role) -> None:
    if role in authority.OPERATOR_GIVES and not authority.is_operator(by):
        raise Refused(rule="signin.role")


def require_name(name: str, place: str) -> Problem | None:
    """Return what is wrong with a name to be shown, or None."""
    if 1 <= len(name.strip()) <= 100 and not any(unicodedata.category(one).startswith("C") for one in name):
        return None
    return Problem(
        "signin.account.name",
        place,
        "1〜100文字で、制御文字なしで入れてください。",
        "1 to 100 characters, no controls.",
    )


def require_sound(new: NewAccount) -> None:
    """Raise Invalid or Conflict unless login, name, role, licence and record fit each other."""
    _require_fitting(new.institution, new.role, new.licence)
    problems = [problem for problem in (require_name(new.name, "name"),) if problem]
    if not _LOGIN.fullmatch(new.login.strip().lower()):
        problems.append(
            Problem(
                "signin.account.login",
                "login",
                "半角英小文字・数字・._@- の3〜64文字にしてください。",
                "Use 3 to 64 of: small letters, digits, . _ @ -",
            )
        )
    if (new.person is not None) is not (new.role is Role.PERSON):
        problems.append(
            Problem(
                "signin.account.person",
                "person",
                "本人の口座には本人の記録を1つ結びます。他の口座には結びません。",
                "An account of a person has one record of their own; other accounts have none.",
            )
        )
    if problems:
        raise Invalid(problems=problems)


def _require_fitting(institution: Institution, role: Role, licence: str) -> None:
    """Role and institution fit each other, and licensed roles have a licence."""
    if role is Role.SYSTEM or institution.type not in roles.TYPES[role]:
        raise Conflict(
            "この役割はこの種類の機関にありません。", "There is no such role at this type of institution.",
            rule="signin.membership.role", place="role",
        )  # fmt: skip
    if role in roles.LICENSED and not _LICENCE.fullmatch(licence):
        raise Conflict(
            "資格番号 (英数字20字以内) が必要です。", "A licence number is needed (20 letters and digits at most).",
            rule="signin.membership.licence", place="licence",
        )  # fmt: skip
