"""Accounts of persons (自分の記録の利用者): given after somebody checked who stands there, and bound to their record.

A counter (reception, municipality) gives a first account only; a lost telephone or password, locking and ending are
the operator's, so that no counter can take over an account that is in use. What was checked is kept, and the person
sees in their log who gave them the account. An ended account comes back under its login when it is given again.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from kakehashi.core.actors import Actor, Role
from kakehashi.core.errors import BadRequest, Conflict, NotFound
from kakehashi.people import find
from kakehashi.people.merging import resolve
from kakehashi.store import accounts as store
from kakehashi.store import accounts_proofs
from kakehashi.store.accounts import Account
from kakehashi.store.accounts_proofs import Proof
from kakehashi.store.database import Connection, Database
from kakehashi.trust import log_note, roles
from kakehashi.trust.roles import Interaction
from kakehashi.trust.signin import accounts, authority, hashing
from kakehashi.trust.signin.accounts import Enrolled, NewAccount
from kakehashi.trust.signin.codes import new_initial_password
from kakehashi.trust.signin.setup import OPERATOR

# What may be checked: one with a face, or two without (犯罪収益移転防止法施行規則7条に倣う, our choice of a model).
PAPERS: Mapping[str, tuple[str, str]] = {
    "my-number-card": ("マイナンバーカード", "My Number card"),
    "driving-licence": ("運転免許証・運転経歴証明書", "Driving licence"),
    "passport": ("旅券", "Passport"),
    "residence-card": ("在留カード・特別永住者証明書", "Residence card"),
    "disability-book": ("身体障害者手帳など（写真つき）", "Disability certificate with photograph"),
    "eligibility": ("資格確認書・保険の資格情報", "Certificate of insurance"),
    "pension-book": ("年金手帳・基礎年金番号通知書", "Pension book"),
    "birth": ("戸籍・住民票の写し", "Family or residence register"),
}
WITH_FACE = frozenset({"my-number-card", "driving-licence", "passport", "residence-card", "disability-book"})


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's account as the operator sees it. `ended`: no membership is left."""

    account: Account
    ended: bool
    proofs: list[Proof]


async def issue(
    db: Database, person: int, login: str, papers: Collection[str], *, by: Actor, at: datetime, request: str = ""
) -> Enrolled:  # fmt: skip
    """Give a person their account, or again after it was ended; the initial password is shown once.

    Raises Refused; BadRequest (papers, login); NotFound; Conflict when they have one, or the login is taken.
    """
    roles.require(by, Interaction.PERSON_ENROL)
    _require_papers(papers)
    password = new_initial_password()
    hashed = await hashing.hashed(password)
    async with db.transaction() as tx:
        held = await _of_human(tx, person)
        if held is None:
            account = await _first(tx, person, login, hashed, by, at)
        else:
            account = await _anew(tx, held, hashed, by, at)
        await _keep(tx, account, "issued", papers, by, at)
        await log_note.record(
            tx, "account.issued", f"Account/{account}", person=person, by=by, at=at, request=request
        )
    return Enrolled(account, password)


async def reset(
    db: Database, person: int, papers: Collection[str], *, by: Actor, at: datetime, request: str = ""
) -> Enrolled:  # fmt: skip
    """Begin anew after a lost telephone or password, for who was identified. Raises Refused, BadRequest, NotFound."""
    _require_papers(papers)
    password = new_initial_password()
    hashed = await hashing.hashed(password)
    async with _changing(db, person, "account.reset", by, at, request) as (tx, account):
        await accounts.forget_factors(tx, account, hashed, at)
        await accounts.cast_out(tx, account, at, "reset")
        await _keep(tx, account, "reset", papers, by, at)
    return Enrolled(account, password)


async def lock(db: Database, person: int, *, by: Actor, at: datetime, request: str = "") -> None:
    """Disable the person's account at once. Raises Refused, NotFound."""
    async with _changing(db, person, "account.disabled", by, at, request) as (tx, account):
        await store.set_disabled(tx, account, at)
        await accounts.cast_out(tx, account, at, "disabled")


async def unlock(db: Database, person: int, *, by: Actor, at: datetime, request: str = "") -> None:
    """Let the account sign in again, with the factors it had. Raises Refused, NotFound, Conflict (it was ended)."""
    async with _changing(db, person, "account.enabled", by, at, request) as (tx, account):
        if not await store.memberships(tx, account):
            raise Conflict(
                "終わった利用者IDです。もう一度登録してください。", "It was ended: give it again.",
                rule="account.person.ended",
            )  # fmt: skip
        await store.set_disabled(tx, account, None)


async def end(db: Database, person: int, *, by: Actor, at: datetime, request: str = "") -> None:
    """End the account (death, or the person gives it up): nobody signs in, sessions end. Raises Refused, NotFound."""
    async with _changing(db, person, "account.ended", by, at, request) as (tx, account):
        if not await store.end_membership(tx, account, OPERATOR.key, Role.PERSON, at):
            raise NotFound
        await store.set_disabled(tx, account, at)
        await accounts.cast_out(tx, account, at, "ended")


async def standing(db: Connection, person: int, *, by: Actor) -> Standing | None:
    """Return the person's account for the operator, None where there is none. Raises Refused."""
    roles.require(by, Interaction.CONSOLE_ACCOUNTS)
    held = await _of_human(db, person)
    if held is None:
        return None
    ended = not await store.memberships(db, held.id)
    return Standing(held, ended, await accounts_proofs.of_account(db, held.id))


async def has_one(db: Connection, person: int, *, by: Actor) -> bool:
    """Say to a counter whether the person has an account in use. Raises Refused."""
    roles.require(by, Interaction.PERSON_ENROL)
    held = await _of_human(db, person)
    return held is not None and bool(await store.memberships(db, held.id))


async def _first(tx: Connection, person: int, login: str, hashed: str, by: Actor, at: datetime) -> str:
    said = await find.describe(tx, person, institution=by.institution.key)
    new = NewAccount(
        login, said.name, OPERATOR, Role.PERSON, kana=said.kana, birth_date=said.birth, person=person
    )
    accounts.require_sound(new)
    return await accounts.put(tx, new, hashed, at=at)


async def _anew(tx: Connection, held: Account, hashed: str, by: Actor, at: datetime) -> str:
    if await store.memberships(tx, held.id):
        raise Conflict(
            "この人には既に利用者IDがあります。パスワードや電話をなくしたときは、運用担当者がやり直します。",
            "This person has an account. The operator begins it anew after a lost password or telephone.",
            rule="account.person.exists",
        )
    if not authority.is_operator(by):
        raise Conflict(
            "終わった利用者IDがあります。運用担当者に依頼してください。",
            "There is an ended account: ask the operator.",
            rule="account.person.ended",
        )
    await store.put_membership(tx, held.id, OPERATOR.key, Role.PERSON, at)
    await store.set_disabled(tx, held.id, None)
    await accounts.forget_factors(tx, held.id, hashed, at)
    return held.id


@asynccontextmanager
async def _changing(
    db: Database, person: int, action: str, by: Actor, at: datetime, request: str
) -> AsyncIterator[tuple[Connection, str]]:
    """One transaction around a change of a person's account by the operator, logged in the person's log."""
    roles.require(by, Interaction.CONSOLE_ACCOUNTS)
    async with db.transaction() as tx:
        held = await _of_human(tx, person)
        if held is None:
            raise NotFound
        await accounts.require_manages_all_of(tx, by, held.id)
        yield tx, held.id
        await log_note.record(tx, action, f"Account/{held.id}", person=person, by=by, at=at, request=request)


async def _of_human(tx: Connection, person: int) -> Account | None:
    """Return the account under any key of this human."""
    for key in sorted(await resolve(tx, person), key=lambda one: one != person):
        if held := await store.by_person(tx, key):
            return held
    return None


async def _keep(
    tx: Connection, account: str, what: str, papers: Collection[str], by: Actor, at: datetime
) -> None:
    await accounts_proofs.put(
        tx, account, what, sorted(papers), institution=by.institution.key, by=by.subject, at=at
    )


def _require_papers(papers: Collection[str]) -> None:
    shown = set(papers)
    if shown <= set(PAPERS) and (shown & WITH_FACE or len(shown) > 1):
        return
    raise BadRequest(
        "確かめた書類を選んでください（写真つき1点、なければ2点）。",
        "Choose the papers that were checked: one with a photograph, or two without.",
        rule="account.person.papers", place="papers",
    )  # fmt: skip
