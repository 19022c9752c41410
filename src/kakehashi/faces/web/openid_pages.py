"""Signing in by the operator's OpenID provider: leaving for it, coming back, being linked, and being signed out by it.

The provider's answer comes from another site, and our session's cookie does not come along (SameSite=Strict). So the
page that takes it holds no session: it hands over a handle and leads on to a page of ours, where the cookie is there.
"""

from starlette.responses import JSONResponse, RedirectResponse, Response

from kakehashi.core.errors import BadRequest, Failure, Refused
from kakehashi.faces.web import signin_pages
from kakehashi.faces.web.rendering import HEADERS
from kakehashi.faces.web.visit import Page, Visit, message_of
from kakehashi.trust.signin.openid import arriving, asking, leaving
from kakehashi.trust.signin.openid.arriving import Answer, Unlinked
from kakehashi.trust.signin.openid.line import NoAnswer

_ASKED, _ARRIVED = "kakehashi-openid", "kakehashi-arrived"
_HERE = "/signin/openid"
_FINISH = f"{_HERE}/finish"


async def leave(visit: Visit) -> Response:
    """GET /signin/openid?next=…: to the provider; `again=1`: to prove two factors there anew."""
    provider = visit.desk.provider
    if provider is None:
        return visit.go("/signin")
    try:
        said = await provider.metadata(at=visit.at)
    except NoAnswer as failure:
        return _down(visit, failure)
    onward = signin_pages.onward_from(visit.asked_for("next"))
    asked = asking.new(onward, again=visit.asked_for("again") == "1", at=visit.at)
    answer = RedirectResponse(asking.address(provider, said, asked), 303, headers=HEADERS)
    _hold(visit, answer, _ASKED, asking.sealed(asked, visit.desk.vault), "lax")
    return answer


async def come_back(visit: Visit) -> Response:
    """GET /signin/openid/return: the provider's answer, once."""
    provider = visit.desk.provider
    if provider is None:
        return visit.go("/signin")
    said = Answer(*(visit.asked_for(name) for name in ("state", "code", "iss", "error")))
    held = visit.request.cookies.get(_ASKED, "")
    try:
        handle = await arriving.answered(
            visit.house.db, visit.desk.vault, provider, said, held, at=visit.at, address=visit.address
        )
    except NoAnswer as failure:
        return _down(visit, failure)
    except Failure as failure:
        return _failed(visit, failure)
    answer = visit.page("signin/openid-onward.html", onward=_FINISH)
    answer.delete_cookie(_ASKED, path=_HERE)
    _hold(visit, answer, _ARRIVED, handle, "strict")
    return answer


async def finish(visit: Visit) -> Response:
    """GET /signin/openid/finish: the handle becomes a session, or the page says who can link the person."""
    handle = visit.request.cookies.get(_ARRIVED, "")
    if not handle:
        return visit.go("/signin")
    try:
        ticket, onward = await arriving.signed_in(
            visit.house.db, visit.desk.vault, handle, token=visit.token, at=visit.at, address=visit.address,
            policy=visit.desk.policy,
        )  # fmt: skip
    except Unlinked as failure:
        return _ask_code(visit, failure)
    except Failure as failure:
        return _failed(visit, failure)
    return await signin_pages.go_on(visit, ticket, onward)


async def link(visit: Visit) -> Response:
    """POST /signin/openid/link: the code that a manager handed over."""
    handle = visit.request.cookies.get(_ARRIVED, "")
    if not handle:
        return visit.go("/signin")
    try:
        ticket, onward = await arriving.linked_by_code(
            visit.house.db, visit.desk.vault, handle, visit.said("code"), at=visit.at, address=visit.address,
            policy=visit.desk.policy,
        )  # fmt: skip
    except Failure as failure:
        return _ask_code(visit, failure)
    return await signin_pages.go_on(visit, ticket, onward)


async def signed_out_there(visit: Visit) -> Response:
    """POST /signin/openid/logout: from the provider's server (back-channel), 200 or 400. No person reads this."""
    provider = visit.desk.provider
    try:
        if provider is None:
            raise BadRequest(rule="signin.openid.logout")
        await leaving.ended_there(
            visit.house.db, provider, visit.said("logout_token"), at=visit.at, address=visit.address,
            policy=visit.desk.policy,
        )  # fmt: skip
    except Failure as failure:
        error = "invalid_request" if failure.status == BadRequest.status else "temporarily_unavailable"
        return JSONResponse({"error": error}, failure.status, headers=HEADERS)
    return Response(b"", headers=HEADERS)


def _ask_code(visit: Visit, failure: Failure) -> Response:
    return visit.page("signin/openid-link.html", status=failure.status, messages=message_of(failure))


def _failed(visit: Visit, failure: Failure) -> Response:
    """Say what was wrong where one can begin again; what this browser held is of no more use."""
    if isinstance(failure, Refused):
        raise failure
    answer = signin_pages.password_page(visit, failure)
    for name in (_ASKED, _ARRIVED):
        answer.delete_cookie(name, path=_HERE)
    return answer


def _down(visit: Visit, failure: NoAnswer) -> Response:
    return visit.page(
        "signin/openid-down.html",
        status=failure.status,
        messages=message_of(failure),
        only=visit.desk.policy.openid_only,
    )


def _hold(visit: Visit, answer: Response, name: str, value: str, site: str) -> None:
    """Have the browser hold something for a few minutes, for these pages alone."""
    answer.set_cookie(
        name, value, max_age=int(asking.LASTS.total_seconds()), httponly=True, path=_HERE,
        secure=visit.house.settings.public_url.startswith("https:"), samesite="lax" if site == "lax" else "strict",
    )  # fmt: skip


PAGES = (
    Page(_HERE, "GET", leave, None),
    Page(f"{_HERE}/return", "GET", come_back, None),
    Page(_FINISH, "GET", finish, None),
    Page(f"{_HERE}/link", "POST", link, None),
    Page(f"{_HERE}/logout", "POST", signed_out_there, None),
)
