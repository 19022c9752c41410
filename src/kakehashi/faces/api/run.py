"""Run one call: find its route, who asks and which format, and turn any failure into its answer."""

from kakehashi.core.errors import BadRequest, Failure, Unauthenticated
from kakehashi.faces.api.answer import FHIR, Answer, of_failure
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.certificate import thumbprint
from kakehashi.faces.api.failures import NotAllowed
from kakehashi.faces.api.nowhere import no_address, no_operation
from kakehashi.faces.api.route import Route, Routes

_SCHEME = "bearer "


async def answered(call: Call) -> Answer:
    """Return the answer to a call that is part of another: its failure is its own."""
    try:
        answer = await run(call, find(ROUTES, call))
        if answer.file is not None or answer.media != FHIR:
            raise BadRequest(
                "FHIR のリソースでない答え（ファイル、GraphQL）は batch では受け取れません。単独で送ってください。",
                "What no FHIR resource answers (a file, GraphQL) cannot be asked in a batch; ask it by itself.",
                rule="bulk.batch",
            )
        return answer
    except Failure as failure:
        return of_failure(failure)


async def run(call: Call, route: Route) -> Answer:
    """Return the answer. Raises Failure."""
    if not route.open and call.signed is None:
        await sign_in(call)
    if route.types and call.names.get("type") not in route.types:
        raise no_operation(route.types)
    if route.fhir and not (route.native and call.names.get("type") == "Binary"):
        _ = call.wish  # a wish that cannot be met is refused before anything is done
    return await route.handler(call)


def find(routes: Routes, call: Call) -> Route:
    """Return the route of a call and fill in its names. Raises NotFound, NotAllowed."""
    template, names = routes.shape(call.path)
    call.names = names
    here = routes.at(template)
    if not here:
        raise no_address(call.path)
    route = here.get("GET" if call.method == "HEAD" else call.method)
    if route is None:
        raise NotAllowed(here)
    return route


async def sign_in(call: Call) -> None:
    """Find out who asks, by the bearer token. A session's cookie counts for pages only. Raises Unauthenticated."""
    given = call.header("authorization")
    if given[: len(_SCHEME)].lower() != _SCHEME:
        raise Unauthenticated(
            "アクセストークンが必要です (Authorization: Bearer …)。",
            "An access token is needed (Authorization: Bearer …).",
        )
    call.signed = await call.api.tokens.actor_of_token(
        given[len(_SCHEME) :].strip(), at=call.at, client_cert_thumbprint=thumbprint(call)
    )


ROUTES = Routes()
"""All routes of the API; table.py fills it in. Entries of a batch find theirs here."""
