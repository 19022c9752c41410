"""The console's apps: those that people use (SMART App Launch), registered for an institution or the operator."""

from starlette.responses import Response

from kakehashi.core.actors import Institution
from kakehashi.core.errors import BadRequest, Failure, NotFound
from kakehashi.faces.web.visit import Page, Visit, guarded, message_of
from kakehashi.store import institutions
from kakehashi.trust.oauth import apps, clients
from kakehashi.trust.oauth.apps import NewApp, Registered
from kakehashi.trust.roles import Interaction

_HERE = "/console/apps"
# offered in the form
USUAL = "launch launch/patient openid fhirUser online_access offline_access patient/*.rs user/*.rs"


async def show(visit: Visit) -> Response:
    """GET /console/apps"""
    return await _apps(visit)


async def add(visit: Visit) -> Response:
    """POST /console/apps: register an app; its secret, where it has one, is shown on this answer, once."""
    try:
        new = NewApp(
            visit.said("client"), visit.said("name"), await _place(visit), tuple(visit.said("redirects").split()),
            tuple(visit.said("scope").split()), visit.said("proof"), visit.said("launch_url"),
            tuple(visit.said("origins").split()), visit.said("jwks"), visit.said("jwks_url"),
        )  # fmt: skip
        made = await apps.register(visit.house.db, new, by=visit.actor, at=visit.at)
    except Failure as failure:
        return await _apps(visit, failure)
    return await _apps(visit, made=made)


async def set_state(visit: Visit) -> Response:
    """POST /console/apps/{client}/state: suspend at once, or resume; what people allowed it is over."""
    named = visit.request.path_params["client"]
    if named not in {one.id for one in await clients.every(visit.house.db, by=visit.actor) if one.redirects}:
        raise NotFound
    change = clients.resume if visit.said("state") == "resume" else clients.suspend
    await change(visit.house.db, named, by=visit.actor, at=visit.at)
    return visit.go(f"{_HERE}?done=saved")


async def _apps(visit: Visit, failure: Failure | None = None, made: Registered | None = None) -> Response:
    async with visit.house.db.transaction() as db:
        places = await institutions.every(db)
    every = await clients.every(visit.house.db, by=visit.actor)
    return visit.page(
        "console/apps.html", status=failure.status if failure else 200,
        messages=message_of(failure) if failure else [], apps=[one for one in every if one.redirects], made=made,
        places=[(one.key, one.name) for one in places], usual=USUAL,
    )  # fmt: skip


async def _place(visit: Visit) -> Institution:
    async with visit.house.db.transaction() as db:
        for one in await institutions.every(db):
            if str(one.key) == visit.said("institution"):
                return one
    raise BadRequest(
        "施設を選んでください。", "Choose an institution.", rule="console.institution", place="institution"
    )


_NEEDS = Interaction.CONSOLE_KEYS
PAGES = (
    Page(_HERE, "GET", show, _NEEDS),
    guarded(_HERE, add, _NEEDS),
    guarded(f"{_HERE}/{{client}}/state", set_state, _NEEDS),
)
