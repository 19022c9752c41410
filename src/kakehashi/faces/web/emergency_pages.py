"""Emergency access (救急閲覧): find, state the reason, see the summary on one screen."""

from starlette.responses import Response

from kakehashi.core.errors import Failure
from kakehashi.core.kinds import EVERY_KIND, KIND_NAMES, Kind
from kakehashi.core.window import Window
from kakehashi.engines.records import look
from kakehashi.faces.web.reception_pages import SEXES, wanted_of
from kakehashi.faces.web.viewer_page import ALWAYS, TABS
from kakehashi.faces.web.viewer_pages import named, sources_for
from kakehashi.faces.web.visit import Page, Visit, message_of
from kakehashi.people import find
from kakehashi.services.emergency.finding import identify
from kakehashi.services.emergency.summary import summary_of
from kakehashi.services.viewer.sheet import sheet_of
from kakehashi.trust import emergency
from kakehashi.trust.emergency import OPEN_FOR, REASONS, SHORTEST_REASON
from kakehashi.trust.roles import Interaction

_NEEDS = Interaction.EMERGENCY_OPEN
_MOST = 2_000  # rows: the window reaches three months back, for other institutions' rows


async def ask(visit: Visit) -> Response:
    """GET /emergency: four items, or the insurance number."""
    return visit.page("emergency/find.html", sexes=SEXES, way="four")


async def find_person(visit: Visit) -> Response:
    """POST /emergency: one person, or none."""
    wanted = wanted_of(visit)
    try:
        person = await identify(visit.house, visit.asked, wanted)
    except Failure as failure:
        messages = message_of(failure)
        return visit.page(
            "emergency/find.html", status=failure.status, messages=messages, sexes=SEXES, way=wanted.way
        )
    return visit.go(f"/emergency/{await visit.handle(person)}")


async def ask_reason(visit: Visit) -> Response:
    """GET /emergency/{handle}: is it this person, and why is it opened?"""
    return await _reason(visit)


async def open_access(visit: Visit) -> Response:
    """POST /emergency/{handle}"""
    person = await visit.person()
    try:
        async with visit.house.db.transaction() as db:
            await emergency.open_access(
                db,
                person,
                visit.said("code"),
                visit.said("reason"),
                by=visit.actor,
                at=visit.at,
                request=visit.asked.request,
            )
    except Failure as failure:
        return await _reason(visit, failure)
    return visit.go(f"/emergency/{visit.request.path_params['handle']}/summary")


async def summary(visit: Visit) -> Response:
    """GET /emergency/{handle}/summary: everything on one screen, while the opening lasts."""
    person, handle = await visit.person(), visit.request.path_params["handle"]
    window, rows, _ = await look.record(
        visit.house, visit.asked, person, kinds=EVERY_KIND, always=ALWAYS | Kind.PROCEDURE.bit, limit=_MOST
    )
    if not is_open(window):
        return visit.go(f"/emergency/{handle}")
    made = summary_of([sheet_of(row) for row in rows], visit.at)
    return visit.page(
        "emergency/summary.html",
        record=await named(visit, person, made),
        sources=await sources_for(visit, made.custodians),
        kind_names=KIND_NAMES,
        handle=handle,
        tabs=TABS,
        until=window.until,
        now=visit.at,
    )


def is_open(window: Window) -> bool:
    """Say whether an emergency opening is part of this window."""
    return any(part.startswith("emergency:") for part in window.because.split("+"))


async def _reason(visit: Visit, failure: Failure | None = None) -> Response:
    person = await visit.person()
    who = await find.describe(visit.house.db, person, institution=visit.actor.institution.key)
    return visit.page(
        "emergency/reason.html",
        status=failure.status if failure else 200,
        messages=message_of(failure) if failure else [],
        who=who,
        sex=SEXES.get(who.sex, ("不明", "unknown")),
        handle=visit.request.path_params["handle"],
        reasons=REASONS,
        shortest=SHORTEST_REASON,
        minutes=int(OPEN_FOR.total_seconds() // 60),
    )


PAGES = (
    Page("/emergency", "GET", ask, _NEEDS, step_up=True),
    Page("/emergency", "POST", find_person, _NEEDS, step_up=True),
    Page("/emergency/{handle}", "GET", ask_reason, _NEEDS),
    Page("/emergency/{handle}", "POST", open_access, _NEEDS, step_up=True),
    Page("/emergency/{handle}/summary", "GET", summary, _NEEDS),
)
