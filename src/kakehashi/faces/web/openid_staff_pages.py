"""Who is who at the OpenID provider (プロバイダーとの連携), for whoever manages accounts: codes, names, links."""

from starlette.responses import Response

from kakehashi.core.errors import BadRequest, Conflict, Failure, NotFound
from kakehashi.faces.web.visit import Page, Visit, guarded, message_of
from kakehashi.store import institutions
from kakehashi.trust.signin import authority
from kakehashi.trust.signin.openid import links
from kakehashi.trust.signin.openid.provider import Provider

_HERE = "/staff/openid"


async def show(visit: Visit) -> Response:
    """GET /staff/openid?institution=…: the operator may look at any institution, others at their own."""
    return await _shown(visit, visit.asked_for("institution"))


async def change(visit: Visit) -> Response:
    """POST /staff/openid/{account}: a code is shown on this answer, once."""
    issuer, account = _provider(visit).us.issuer, visit.request.path_params["account"]
    db, by, at, place = visit.house.db, visit.actor, visit.at, visit.said("institution")
    code = ""
    try:
        match visit.said("way"):
            case "code":
                code = await links.invite(db, issuer, account, by=by, at=at)
            case "username":
                await links.expect(db, issuer, account, visit.said("username"), by=by, at=at)
            case "subject":
                await links.link(db, issuer, account, visit.said("subject"), by=by, at=at)
            case "unlink":
                await links.unlink(db, account, by=by, at=at)
            case _:
                raise BadRequest("操作を選んでください。", "Choose what to do.", rule="staff.openid.way")
    except (BadRequest, Conflict) as failure:
        return await _shown(visit, place, failure)
    if code:
        return await _shown(visit, place, code=code)
    return visit.go(f"{_HERE}?institution={place if place.isdigit() else ''}&done=saved")


async def _shown(visit: Visit, asked: str, failure: Failure | None = None, code: str = "") -> Response:
    own = visit.actor.institution
    async with visit.house.db.transaction() as db:
        places = await institutions.every(db) if authority.is_operator(visit.actor) else [own]
    place = next((one for one in places if str(one.key) == asked), own)
    roll = await links.roll(
        visit.house.db, _provider(visit).us.issuer, place.key, by=visit.actor, at=visit.at
    )
    return visit.page(
        "staff/openid.html", status=failure.status if failure else 200,
        messages=message_of(failure) if failure else [], places=places, place=place, roll=roll, code=code,
        code_for=visit.request.path_params.get("account", ""), own=visit.actor.subject,
    )  # fmt: skip


def _provider(visit: Visit) -> Provider:
    if visit.desk.provider is None:
        raise NotFound
    return visit.desk.provider


PAGES = (
    Page(_HERE, "GET", show, "manager"),
    guarded(f"{_HERE}/{{account}}", change, "manager"),
)
