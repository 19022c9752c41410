"""The web's routes: each declared with who may come, and one place that opens the visit and answers failures."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, compile_path
from starlette.staticfiles import StaticFiles

from kakehashi.core.errors import Failure, NotFound, Refused, TooLarge, Unauthenticated
from kakehashi.faces.web import (
    account_pages,
    again,
    app_pages,
    audit_pages,
    authorize_pages,
    breakglass_pages,
    console_accounts_pages,
    console_apps_pages,
    console_institutions_pages,
    console_keys_pages,
    console_pages,
    console_people_pages,
    console_persons_acts,
    console_persons_pages,
    console_signing_pages,
    counter_pages,
    emergency_pages,
    home_pages,
    me_download_pages,
    me_log_pages,
    me_pages,
    me_rights_pages,
    openid_pages,
    openid_staff_pages,
    reception_pages,
    signin_pages,
    staff_pages,
    subscription_pages,
    viewer_pages,
)
from kakehashi.faces.web.visit import COOKIE, Desk, Page, Visit, message_of
from kakehashi.store import accounts_factors
from kakehashi.trust import roles
from kakehashi.trust.roles import Interaction
from kakehashi.trust.signin import sessions

PAGES: Sequence[Page] = (
    *home_pages.PAGES,
    *signin_pages.PAGES,
    *openid_pages.PAGES,
    *reception_pages.PAGES,
    *viewer_pages.PAGES,
    *emergency_pages.PAGES,
    *me_pages.PAGES,
    *me_log_pages.PAGES,
    *me_rights_pages.PAGES,
    *me_download_pages.PAGES,
    *account_pages.PAGES,
    *authorize_pages.PAGES,
    *app_pages.PAGES,
    *audit_pages.PAGES,
    *console_pages.PAGES,
    *console_institutions_pages.PAGES,
    *console_accounts_pages.PAGES,
    *console_keys_pages.PAGES,
    *console_apps_pages.PAGES,
    *console_people_pages.PAGES,
    *console_persons_pages.PAGES,
    *console_persons_acts.PAGES,
    *console_signing_pages.PAGES,
    *counter_pages.PAGES,
    *staff_pages.PAGES,
    *openid_staff_pages.PAGES,
    *subscription_pages.PAGES,
    *breakglass_pages.PAGES,
)
_OPENED = [compile_path(page.path)[0] for page in PAGES if page.method == "GET"]
_STATIC = Path(__file__).parent / "static"
_LARGEST_FORM = 256  # fields
_LARGEST_BODY = 262_144  # bytes: a key set or a certificate pasted is the most that anybody sends


class StepUp(Refused):
    """The page wants a second factor proven just now; `failure`: what was wrong with one that came."""

    def __init__(self, failure: Failure | None = None) -> None:
        super().__init__(rule="signin.step-up")
        self.failure = failure


def routes(desk: Desk) -> list[BaseRoute]:
    """Return the routes of all pages, and of the style sheet and scripts."""
    made: list[BaseRoute] = [Route(page.path, _endpoint(page, desk), methods=[page.method]) for page in PAGES]
    lost = Route(
        "/{path:path}", _endpoint(Page("/{path:path}", "GET", _lost, None), desk), methods=["GET", "POST"]
    )
    return [*made, Mount("/static", StaticFiles(directory=_STATIC), name="static"), lost]


async def _lost(visit: Visit) -> Response:
    """Any other address: say so on a page of ours; one that only has a slash too many leads on."""
    shorter = visit.request.url.path.rstrip("/")
    if shorter != visit.request.url.path and shorter == signin_pages.onward_from(shorter):
        return visit.go(shorter)
    raise NotFound(
        "このページはありません。アドレスを確かめてください。",
        "There is no such page. Check the address.",
        rule="web.path",
    )


def _endpoint(page: Page, desk: Desk) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        visit = Visit(request, desk, desk.house.clock())
        try:
            await _enter(visit, page)
            answer = await page.handler(visit)
        except Unauthenticated as failure:
            answer = await _sign_in_first(visit, failure, visit.request.url.path if page.back else "/")
        except StepUp as wanted:
            answer = await _step_up(visit, wanted.failure)
        except Failure as failure:
            answer = visit.page("failure.html", status=failure.status, messages=message_of(failure))
        return answer if "set-cookie" in answer.headers else visit.with_cookie(answer, visit.renewed)

    return endpoint


async def _step_up(visit: Visit, failure: Failure | None) -> Response:
    """A form keeps what was typed and asks for the factor itself; where there is none yet, one is enrolled first."""
    back = _page_of(visit.request.url.path)
    if visit.request.method == "POST" and await _has_second(visit):
        return again.ask(visit, back, failure)
    return visit.go(f"/stepup?next={quote(back)}")


async def _sign_in_first(visit: Visit, failure: Unauthenticated, onward: str) -> Response:
    onward = signin_pages.onward_from(onward)
    if visit.token and visit.signed is None:
        try:
            await sessions.require_not_shut_out(visit.house.db, visit.token)
        except Refused as why:
            return _told_once(visit, why)
    if visit.request.method == "GET" and visit.signed is None:
        return visit.go("/signin" + (f"?next={quote(onward)}" if onward != "/" else ""))
    if visit.signed is not None and visit.signed.needs:
        return visit.go(signin_pages.step_to(visit.signed.needs, onward))
    return visit.page("failure.html", status=401, messages=message_of(failure))


def _told_once(visit: Visit, why: Refused) -> Response:
    """Say why the session is over; the way on from there is to sign in."""
    answer = visit.page("failure.html", status=why.status, messages=message_of(why))
    answer.delete_cookie(COOKIE, path="/")
    return answer


async def _enter(visit: Visit, page: Page) -> None:
    """Open the session, and let in only who may come. A form counts only if it came from our own page."""
    if any("\x00" in str(value) for value in visit.request.path_params.values()):
        raise NotFound
    if visit.token:
        with suppress(Unauthenticated):
            house = visit.house
            visit.signed = await sessions.open_session(
                house.db, visit.token, at=visit.at, policy=visit.desk.policy
            )
    if page.method == "POST":
        await _take_form(visit, from_anywhere=page.from_anywhere)
    if isinstance(page.needs, Interaction):
        roles.require(visit.may, page.needs)
        if not roles.permits(
            visit.actor, page.needs
        ):  # what a second factor would permit leads to proving one
            await _prove_again(visit)
            roles.require(visit.actor, page.needs)
    elif page.needs == "actor":
        _ = visit.actor
    elif page.needs == "manager":
        if not visit.manages:
            raise Refused(rule="web.manager")
    elif page.needs == "session":
        _ = visit.session
    if page.step_up and not _recent(visit) and not (page.demo_spares and await _spared(visit)):
        await _prove_again(visit)


async def _prove_again(visit: Visit) -> None:
    try:
        proven = await again.prove(visit)
    except Failure as failure:
        raise StepUp(failure) from failure
    if not (proven and _recent(visit)):
        raise StepUp


async def _spared(visit: Visit) -> bool:
    """Whether this is the sample region, and an account that never enrolled a second factor."""
    return visit.house.settings.demo and not await _has_second(visit)


async def _has_second(visit: Visit) -> bool:
    async with visit.house.db.transaction() as db:
        return await accounts_factors.has_second(db, visit.session.account)


def _page_of(path: str) -> str:
    """Return the nearest page that can be opened: where a form is sent to, often none can."""
    while path and not any(one.fullmatch(path) for one in _OPENED):
        path = path.rpartition("/")[0]
    return path or "/"


def _recent(visit: Visit) -> bool:
    """Whether a second factor was proven just now; forms already open may still be sent."""
    try:
        sessions.require_recent(visit.session, at=visit.at, policy=visit.desk.policy)
    except Refused:
        return False
    return True


async def _take_form(visit: Visit, *, from_anywhere: bool = False) -> None:
    site = visit.request.headers.get("sec-fetch-site", "same-origin")
    if site not in ("same-origin", "none") and not from_anywhere:
        raise Refused(rule="web.site")
    length = visit.request.headers.get("content-length", "")
    if not (length.isascii() and length.isdigit() and int(length) <= _LARGEST_BODY):
        raise TooLarge(rule="web.form.size")
    visit.form = await visit.request.form(max_files=1, max_fields=_LARGEST_FORM)
    if visit.signed is not None and not from_anywhere:
        sessions.require_csrf(visit.signed, visit.said("csrf"))
