"""Emergency codes (緊急コード): asked for at sign-in, approved by a second person, ended, and reviewed afterwards."""

from starlette.responses import Response

from kakehashi.core.errors import BadRequest, Conflict, Failure, Refused
from kakehashi.faces.web.visit import Page, Visit, guarded, message_of
from kakehashi.store import accounts, desk_log, institutions
from kakehashi.store.sessions_break_glass import BreakGlass
from kakehashi.trust.roles import Interaction
from kakehashi.trust.signin import breakglass

_ASK = "/signin/break-glass"
_STAFF = "/staff/break-glass"
_AUDIT = "/audit/break-glass"


async def show_ask(visit: Visit) -> Response:
    """GET /signin/break-glass: for who proved the password and lacks the telephone or card."""
    return await _ask(visit)


async def ask(visit: Visit) -> Response:
    """POST /signin/break-glass"""
    hours, place = visit.said("hours"), visit.said("institution")
    try:
        if not (hours.isdecimal() and hours.isascii() and place.isdecimal() and place.isascii()):
            raise BadRequest(
                "施設と時間を選んでください。", "Choose the institution and the hours.",
                rule="signin.break-glass.request",
            )  # fmt: skip
        await breakglass.ask(
            visit.house.db, visit.token, int(place[:9]), visit.said("reason"), int(hours[:4]), at=visit.at,
            policy=visit.desk.policy,
        )  # fmt: skip
    except Refused:
        raise
    except Failure as failure:
        return await _ask(visit, failure)
    return visit.go(f"{_ASK}?done=asked")


async def show_staff(visit: Visit) -> Response:
    """GET /staff/break-glass: what waits for a second person, and what was approved of late."""
    return await _staff(visit)


async def approve(visit: Visit) -> Response:
    """POST /staff/break-glass/approve: the code is shown on this answer, once."""
    try:
        code = await breakglass.approve(visit.house.db, visit.said("which"), by=visit.actor, at=visit.at)
    except Conflict as failure:
        return await _staff(visit, failure)
    return await _staff(visit, code=code)


async def revoke(visit: Visit) -> Response:
    """POST /staff/break-glass/revoke: the code and what was opened with it end at once."""
    await breakglass.revoke(visit.house.db, visit.said("which"), by=visit.actor, at=visit.at)
    return visit.go(f"{_STAFF}?done=revoked")


async def show_review(visit: Visit) -> Response:
    """GET /audit/break-glass: what was approved and nobody has reviewed."""
    return await _review(visit)


async def review(visit: Visit) -> Response:
    """POST /audit/break-glass: a verdict on one."""
    try:
        await breakglass.review(
            visit.house.db, visit.said("which"), visit.said("verdict"), visit.said("remark"), by=visit.actor,
            at=visit.at, request=visit.asked.request,
        )  # fmt: skip
    except BadRequest as failure:
        return await _review(visit, failure)
    return visit.go(f"{_AUDIT}?done=reviewed")


async def _ask(visit: Visit, failure: Failure | None = None) -> Response:
    held = await breakglass.mine(visit.house.db, visit.token, at=visit.at, policy=visit.desk.policy)
    async with visit.house.db.transaction() as db:
        works = await accounts.memberships(db, visit.session.account)
    places = {one.institution.key: one.institution.name for one in works}
    return _page(
        visit, "signin/break-glass.html", failure, held=held, places=list(places.items()), names=places,
        longest=breakglass.LONGEST,
    )  # fmt: skip


async def _staff(visit: Visit, failure: Failure | None = None, code: str = "") -> Response:
    db = visit.house.db
    waiting = await breakglass.waiting(db, by=visit.actor, at=visit.at)
    late = await breakglass.of_late(db, by=visit.actor, at=visit.at)
    return _page(
        visit, "staff/break-glass.html", failure, waiting=waiting, late=late, code=code, own=visit.actor.subject,
        **await _names(visit, [*waiting, *late]),
    )  # fmt: skip


async def _review(visit: Visit, failure: Failure | None = None) -> Response:
    async with visit.house.db.transaction() as db:
        queue = await breakglass.to_review(db, by=visit.actor)
    return _page(visit, "audit/break-glass.html", failure, queue=queue, **await _names(visit, queue))


async def _names(visit: Visit, shown: list[BreakGlass]) -> dict[str, dict[str, str] | dict[int, str]]:
    async with visit.house.db.transaction() as db:
        people = {one.account for one in shown} | {one.approved_by for one in shown if one.approved_by}
        return {
            "people": await desk_log.account_names(db, people),
            "names": {one.key: one.name for one in await institutions.every(db)},
        }


def _page(visit: Visit, template: str, failure: Failure | None, **values: object) -> Response:
    return visit.page(
        template, status=failure.status if failure else 200, messages=message_of(failure) if failure else [],
        now=visit.at, **values,
    )  # fmt: skip


PAGES = (
    Page(_ASK, "GET", show_ask, "session"),
    Page(_ASK, "POST", ask, "session"),
    Page(_STAFF, "GET", show_staff, "manager"),
    guarded(f"{_STAFF}/approve", approve, "manager"),
    guarded(f"{_STAFF}/revoke", revoke, "manager"),
    Page(_AUDIT, "GET", show_review, Interaction.BREAK_GLASS_REVIEW),
    Page(_AUDIT, "POST", review, Interaction.BREAK_GLASS_REVIEW),
)
