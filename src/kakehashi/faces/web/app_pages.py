"""Apps: opening one from a record, the list of those that one allowed (連携アプリ), and their end."""

from contextlib import suppress

from starlette.responses import RedirectResponse, Response

from kakehashi.core.errors import NotFound
from kakehashi.faces.web.app_words import words_of
from kakehashi.faces.web.authorize_pages import may_lead_to
from kakehashi.faces.web.rendering import HEADERS
from kakehashi.faces.web.visit import Page, Visit
from kakehashi.people import find
from kakehashi.people.find import Description
from kakehashi.trust.oauth import allowing, apps, redirects
from kakehashi.trust.roles import Interaction


async def show(visit: Visit) -> Response:
    """GET /apps: what one allowed and still stands."""
    allowed = await allowing.mine(
        visit.house.db, visit.session.account, at=visit.at, policy=visit.desk.policy
    )
    return visit.page(
        "apps/mine.html",
        allowed=[(one, [words_of(scope) for scope in allowing.askable(one.scopes)]) for one in allowed],
    )


async def end(visit: Visit) -> Response:
    """POST /apps/end: one of them ends, at once."""
    await allowing.end(visit.house.db, visit.said("grant"), by=visit.actor, at=visit.at)
    return visit.go("/apps?done=app-ended")


async def choose(visit: Visit) -> Response:
    """GET /launch/{handle}: the apps that can be opened for this person."""
    person = await visit.person()
    async with visit.house.db.transaction() as tx:
        found = await apps.launchable(tx, visit.actor)
    answer = visit.page(
        "apps/launch.html", apps=found, handle=visit.request.path_params["handle"],
        who=await _described(visit, person),
    )  # fmt: skip
    return may_lead_to(answer, *(one.launch_url for one in found)) if found else answer


async def launch(visit: Visit) -> Response:
    """POST /launch/{handle}: open an app with a token that is good once, in this session."""
    person = await visit.person()
    async with visit.house.db.transaction() as tx:
        found = {one.id: one for one in await apps.launchable(tx, visit.actor)}
        if (client := found.get(visit.said("app"))) is None:
            raise NotFound
        token = await allowing.launch(tx, client, person, session=visit.session, at=visit.at)
    base = f"{visit.house.settings.public_url}/fhir"
    return RedirectResponse(
        redirects.with_query(client.launch_url, iss=base, launch=token), 303,
        headers={**HEADERS, "referrer-policy": "no-referrer"},
    )  # fmt: skip


async def _described(visit: Visit, person: int) -> Description | None:
    with suppress(NotFound):
        return await find.describe(visit.house.db, person, institution=visit.actor.institution.key)
    return None


PAGES = (
    Page("/apps", "GET", show, "actor"),
    Page("/apps/end", "POST", end, "actor"),
    Page("/launch/{handle}", "GET", choose, Interaction.PERSON_FIND),
    Page("/launch/{handle}", "POST", launch, Interaction.PERSON_FIND),
)
