"""The console's keys: systems with their public keys (SMART Backend Services), and client certificates."""

from binascii import Error as Undecodable
from binascii import unhexlify

from starlette.responses import Response

from kakehashi.core.actors import Institution, Purpose, Role
from kakehashi.core.errors import BadRequest, Failure, NotFound
from kakehashi.faces.web.signin_pages import PURPOSE_NAMES
from kakehashi.faces.web.visit import Page, Visit, guarded, message_of
from kakehashi.store import institutions
from kakehashi.trust import roles
from kakehashi.trust.oauth import certificates, clients
from kakehashi.trust.roles import Interaction


async def show(visit: Visit) -> Response:
    """GET /console/keys?institution="""
    return await _keys(visit)


async def add_client(visit: Visit) -> Response:
    """POST /console/keys: register a system."""
    try:
        await clients.register(
            visit.house.db, visit.said("client"), visit.said("name"), await _place(visit),
            scope=visit.said("scope").split(), purposes=_purposes(visit.several("purposes")), jwks=visit.said("jwks"),
            jwks_url=visit.said("jwks_url"), mtls=visit.said("mtls") == "yes", by=visit.actor, at=visit.at,
        )  # fmt: skip
    except Failure as failure:
        return await _keys(visit, failure)
    return visit.go("/console/keys?done=saved")


async def set_keys(visit: Visit) -> Response:
    """POST /console/keys/{client}/keys: replace the keys; its tokens are void."""
    try:
        await clients.set_keys(
            visit.house.db, visit.request.path_params["client"], jwks=visit.said("jwks"),
            jwks_url=visit.said("jwks_url"), by=visit.actor, at=visit.at,
        )  # fmt: skip
    except NotFound:
        raise
    except Failure as failure:
        return await _keys(visit, failure)
    return visit.go("/console/keys?done=saved")


async def set_state(visit: Visit) -> Response:
    """POST /console/keys/{client}/state: suspend at once, or resume."""
    change = clients.resume if visit.said("state") == "resume" else clients.suspend
    await change(visit.house.db, visit.request.path_params["client"], by=visit.actor, at=visit.at)
    return visit.go("/console/keys?done=saved")


async def add_certificate(visit: Visit) -> Response:
    """POST /console/certificates: a client certificate (PEM) of an institution."""
    try:
        pem = visit.said("pem").encode("ascii", "replace")
        await certificates.register(visit.house.db, pem, await _place(visit), by=visit.actor, at=visit.at)
    except Failure as failure:
        return await _keys(visit, failure)
    return visit.go(f"/console/keys?institution={visit.said('institution')}&done=saved")


async def revoke_certificate(visit: Visit) -> Response:
    """POST /console/certificates/revoke"""
    try:
        thumbprint = unhexlify(visit.said("thumbprint"))
    except (Undecodable, ValueError):
        raise NotFound from None
    await certificates.revoke(visit.house.db, thumbprint, by=visit.actor, at=visit.at)
    return visit.go("/console/keys?done=removed")


async def _keys(visit: Visit, failure: Failure | None = None) -> Response:
    asked = visit.said("institution") or visit.asked_for("institution")
    async with visit.house.db.transaction() as db:
        places = await institutions.every(db)
    chosen = next((one for one in places if str(one.key) == asked), None)
    held = await certificates.registered(visit.house.db, chosen.key, by=visit.actor) if chosen else []
    systems = [one for one in await clients.every(visit.house.db, by=visit.actor) if not one.redirects]
    return visit.page(
        "console/keys.html", status=failure.status if failure else 200, now=visit.at,
        messages=message_of(failure) if failure else [], clients=systems,
        places=[(one.key, one.name) for one in places if one.type in roles.TYPES[Role.SYSTEM]], chosen=chosen,
        certificates=held, purposes=[(one.value, PURPOSE_NAMES[one]) for one in sorted(roles.PURPOSES[Role.SYSTEM])],
    )  # fmt: skip


async def _place(visit: Visit) -> Institution:
    async with visit.house.db.transaction() as db:
        for one in await institutions.every(db):
            if str(one.key) == visit.said("institution"):
                return one
    raise BadRequest(
        "施設を選んでください。", "Choose an institution.", rule="console.institution", place="institution"
    )


def _purposes(said: list[str]) -> list[Purpose]:
    return [one for one in Purpose if one.value in said]


_NEEDS = Interaction.CONSOLE_KEYS
PAGES = (
    Page("/console/keys", "GET", show, _NEEDS),
    guarded("/console/keys", add_client, _NEEDS),
    guarded("/console/keys/{client}/keys", set_keys, _NEEDS),
    guarded("/console/keys/{client}/state", set_state, _NEEDS),
    guarded("/console/certificates", add_certificate, _NEEDS),
    guarded("/console/certificates/revoke", revoke_certificate, _NEEDS),
)
