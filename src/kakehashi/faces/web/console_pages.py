"""The operator's console: where it begins, loads and refusals, the log's proof, retention."""

from datetime import timedelta

from starlette.responses import Response

from kakehashi.core.errors import NotFound
from kakehashi.core.kinds import KIND_NAMES
from kakehashi.faces.web.audit_pages import proof_page
from kakehashi.faces.web.console_loads import loads, refusals
from kakehashi.faces.web.visit import Page, Visit
from kakehashi.services.audit import checks, proof
from kakehashi.services.audit.search import mark_of
from kakehashi.store import desk, desk_console, desk_log, institutions, retention, retention_job
from kakehashi.store.accounts import Account
from kakehashi.trust import legal_holds, quarantine
from kakehashi.trust.decide import WHOLE
from kakehashi.trust.roles import Interaction
from kakehashi.trust.signin import accounts

_LISTED = 200  # removals, merges
_AHEAD = timedelta(days=90)  # what falls due next


async def start(visit: Visit) -> Response:
    """GET /console"""
    unused: list[Account] = await accounts.unused(visit.house.db, by=visit.actor, at=visit.at)
    shut_out = await quarantine.every(visit.house.db, by=visit.actor)
    async with visit.house.db.transaction() as db:
        places = await institutions.every(db)
    found = loads(visit.house.settings.home)
    return visit.page(
        "console/start.html", places=len(places), shut_out=len(shut_out), unused=unused,
        loaded=len(found), refused=sum(one.refused for one in found), state=await proof.state(visit.house, visit.asked),
    )  # fmt: skip


async def show_loads(visit: Visit) -> Response:
    """GET /console/loads"""
    return visit.page("console/loads.html", found=loads(visit.house.settings.home))


async def show_refusals(visit: Visit) -> Response:
    """GET /console/loads/{key}: what was refused of one file, and why."""
    home, key = visit.house.settings.home, visit.request.path_params["key"]
    load = next((one for one in loads(home) if one.key == key), None)
    if load is None:
        raise NotFound
    lines, rules = refusals(home, key)
    return visit.page("console/refusals.html", load=load, lines=lines[:200], rules=rules.most_common(30))


async def show_log(visit: Visit) -> Response:
    """GET /console/log: the proof, not the content."""
    return await proof_page(visit, "console/log.html")


async def prove(visit: Visit) -> Response:
    """POST /console/log: have the whole log checked; the page shows how far it is."""
    await checks.ask(visit.house, visit.asked)
    return visit.go("/console/log?done=checking")


async def show_retention(visit: Visit) -> Response:
    """GET /console/retention: the classes with their law, what was removed, what falls due next, what is held."""
    async with visit.house.db.transaction() as db:
        removed = await desk_console.removals(db, _LISTED)
        holds = await legal_holds.live(db, by=visit.actor)
        people = await desk_log.account_names(db, {one.placed_by for one in holds})
        handles = {one.person: await desk.put(db, visit.session.id, one.person, at=visit.at) for one in holds}
    until = visit.at + _AHEAD
    return visit.page(
        "console/retention.html", classes=retention.CLASSES, removed=removed, holds=holds, people=people,
        handles=handles, ahead=await retention_job.ahead(visit.house.db, until=until), until=until,
        names={one.name: one.ja for one in retention.CLASSES}, mark_of=mark_of, kind_names=KIND_NAMES, whole=WHOLE,
    )  # fmt: skip


PAGES = (
    Page("/console", "GET", start, Interaction.CONSOLE_INSTITUTIONS),
    Page("/console/loads", "GET", show_loads, Interaction.CONSOLE_LOADS),
    Page("/console/loads/{key}", "GET", show_refusals, Interaction.CONSOLE_LOADS),
    Page("/console/log", "GET", show_log, Interaction.CONSOLE_LOG),
    Page("/console/log", "POST", prove, Interaction.CONSOLE_LOG),
    Page("/console/retention", "GET", show_retention, Interaction.CONSOLE_RETENTION),
)
