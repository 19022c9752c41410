"""The person's own pages: where they begin, whose record it is, and the words of their log."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from kakehashi.core.actors import Institution, Role
from kakehashi.core.errors import NotFound
from kakehashi.faces.web.signin_pages import PURPOSE_NAMES, ROLE_NAMES
from kakehashi.faces.web.visit import Page, Visit
from kakehashi.people import find
from kakehashi.store import accounts, institutions
from kakehashi.store.database import Connection
from kakehashi.trust import consents_referral, emergency, proxies
from kakehashi.trust import log as own_log
from kakehashi.trust.emergency import REASONS
from kakehashi.trust.log import Entry
from kakehashi.trust.roles import Interaction
from kakehashi.trust.signin import sessions

_PROVEN_WITHIN = timedelta(minutes=5)
_LOOKS = 5  # newest entries of the log on the first page
ACTIONS = {
    "view": ("記録を見た", "Looked at the record"),
    "read": ("記録を見た", "Looked at the record"),
    "vread": ("記録を見た", "Looked at the record"),
    "search": ("記録を検索した", "Searched the record"),
    "notify": ("変更が通知された", "Told of a change"),
    "history": ("変更の履歴を見た", "Looked at the history"),
    "export": ("記録を受け取った", "Took a copy of the record"),
    "create": ("記録を登録した", "Registered a record"),
    "update": ("記録を変更した", "Changed a record"),
    "delete": ("記録を取り消した", "Withdrew a record"),
    "transaction": ("記録を登録した", "Registered records"),
    "sharing.register": ("記録を登録した", "Registered records"),
    "sharing.withdraw": ("記録を取り消した", "Withdrew records"),
    "person.find": ("本人を探して確かめた", "Found and identified"),
    "eligibility": ("保険の資格を確かめた", "Checked the insurance"),
    "consent.given": ("同意が記録された", "A consent was recorded"),
    "consent.withdrawn": ("同意が撤回された", "A consent was withdrawn"),
    "withholding.set": ("見せない設定をした", "Withheld"),
    "withholding.released": ("見せない設定を解除した", "No longer withheld"),
    "referral.sent": ("紹介状が送られた", "A referral was sent"),
    "referral.agreed": ("紹介状の閲覧に同意した", "Agreed to a referral"),
    "emergency.opened": ("救急で記録が開かれた", "Opened in an emergency"),
    "emergency.reviewed": ("救急閲覧が確認された", "The emergency access was reviewed"),
    "proxy.granted": ("代理人が登録された", "A proxy was registered"),
    "proxy.withdrawn": ("代理人が外された", "A proxy was removed"),
    "log.read": ("この履歴を見た", "Read this log"),
    "person.identified": ("書類で本人を特定した", "Identified by papers"),
    "account.issued": ("利用者IDを登録した", "Gave an account"),
    "account.reset": ("利用者IDをやり直した", "Began the account anew"),
    "account.disabled": ("利用者IDを停止した", "Locked the account"),
    "account.enabled": ("利用者IDを再開した", "Unlocked the account"),
    "account.ended": ("利用者IDを終わりにした", "Ended the account"),
    "app.allowed": ("アプリを許可した", "Allowed an app"),
    "app.ended": ("アプリの許可を終わりにした", "Ended an app's permission"),
    "hold.placed": ("保存期間を止めた", "Held the records"),
    "hold.lifted": ("保存期間の停止を解いた", "Lifted the hold"),
    "disclosure.stopped": ("本人の画面を閉じた", "Shut the person's pages"),
    "disclosure.resumed": ("本人の画面を開いた", "Opened the person's pages"),
}
_OTHER = ("手続きの記録", "A procedure")


async def start(visit: Visit) -> Response:
    """GET /me: notices first, then the newest looks, then what can be done."""
    person = own_person(visit)
    async with visit.house.db.transaction() as db:
        entries = await own_log.log_of_person(db, person, by=visit.actor, at=visit.at)
        openings = await emergency.of_person(db, person, by=visit.actor, at=visit.at)
        sent = await consents_referral.of_person(db, person, by=visit.actor, at=visit.at)
        choices = await _whose(visit, db)
        names = await names_of(db)
    return await me_page(
        visit,
        "me/start.html",
        entries=_newest(entries),
        openings=openings,
        waiting=[one for one in sent if not one.way],
        choices=choices,
        names=names,
        reasons=REASONS,
        current=person,
        **words(visit),
    )


async def record(visit: Visit) -> Response:
    """GET /me/record: the viewer on the own record."""
    return visit.go(f"/viewer/{await visit.handle(own_person(visit))}")


async def choose(visit: Visit) -> Response:
    """POST /me/whose: act for somebody else, or for oneself again."""
    wanted, actor = visit.said("grant"), visit.actor
    person, basis = visit.session.own_person, ""
    if wanted:
        async with visit.house.db.transaction() as db:
            held = {one.id: one for one in await proxies.held_by(db, actor.subject, at=visit.at)}
        if wanted not in held:
            raise NotFound
        person, basis = held[wanted].person, held[wanted].basis
    ticket = await sessions.choose(
        visit.house.db, visit.token, actor.institution.key, actor.role, actor.purpose, at=visit.at,
        person=person, acts_for=basis, policy=visit.desk.policy,
    )  # fmt: skip
    return visit.go("/me", ticket)


async def me_page(visit: Visit, template: str, **values: Any) -> Response:
    """Return one of the person's own pages. Who acts for somebody else reads on each of them for whom."""
    acting_for = ""
    if visit.actor.acts_for:
        async with visit.house.db.transaction() as db:
            with suppress(NotFound):
                acting_for = (await find.describe(db, own_person(visit), institution=0)).name
    return visit.page(template, acting_for=acting_for, proxy=bool(visit.actor.acts_for), **values)


def own_person(visit: Visit) -> int:
    """Return whose record the session is about. Raises NotFound for an account that has none."""
    if visit.actor.person is None:
        raise NotFound
    return visit.actor.person


async def names_of(db: Connection) -> dict[int, str]:
    """Return the names of all institutions by key."""
    return {one.key: one.name for one in await institutions.every(db)}


async def care_places(db: Connection) -> list[Institution]:
    """Return the institutions that give care, by name."""
    found = [
        one for one in await institutions.every(db) if one.type.value in ("hospital", "clinic", "pharmacy")
    ]
    return sorted(found, key=lambda one: one.name)


def words(visit: Visit) -> dict[str, Any]:
    """Return what a page needs to put log entries into words. `proven_by`: older entries should have their proof."""
    proven_by = visit.at - _PROVEN_WITHIN
    return {
        "proven_by": proven_by,
        "own": not visit.actor.acts_for,
        "actions": ACTIONS,
        "other": _OTHER,
        "role_names": ROLE_NAMES,
        "purpose_names": PURPOSE_NAMES,
    }


def _newest(entries: Sequence[Entry]) -> list[Entry]:
    """Return what others did lately, each once a day: the whole log has every single act."""
    told = {
        (one.institution, one.action, one.at.date()): one
        for one in reversed(entries)
        if one.role is not Role.PERSON
    }
    return sorted(told.values(), key=lambda one: one.seq, reverse=True)[:_LOOKS]


async def _whose(visit: Visit, db: Connection) -> list[dict[str, object]]:
    """Return whose records this account may open: the own one, and those it was granted."""
    found: list[dict[str, object]] = []
    account = await accounts.by_id(db, visit.session.account)
    if account and account.person is not None:
        found.append({"grant": "", "name": account.name, "person": account.person, "until": None})
    for one in await proxies.held_by(db, visit.session.account, at=visit.at):
        try:
            who = (await find.describe(db, one.person, institution=0)).name
        except NotFound:
            continue
        found.append({"grant": one.id, "name": who, "person": one.person, "until": one.end})
    return found


PAGES = (
    Page("/me", "GET", start, Interaction.LOG_OWN),
    Page("/me/record", "GET", record, Interaction.LOG_OWN),
    Page("/me/whose", "POST", choose, Interaction.LOG_OWN),
)
