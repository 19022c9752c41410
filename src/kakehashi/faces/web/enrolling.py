"""Giving a person their account, at a counter or by the operator: one act on two pages."""

from collections.abc import Awaitable, Callable

from starlette.responses import Response

from kakehashi.core.errors import Failure
from kakehashi.faces.web.visit import Visit
from kakehashi.trust.signin import person_accounts
from kakehashi.trust.signin.accounts import Enrolled

Shown = Callable[[Visit, Failure | None, Enrolled | None], Awaitable[Response]]


async def issue(visit: Visit, person: int, shown: Shown) -> Response:
    """Give the account that the form names, and return the page, with the password this once or what was wrong."""
    try:
        made = await person_accounts.issue(
            visit.house.db, person, visit.said("login"), visit.several("papers"), by=visit.actor, at=visit.at,
            request=visit.asked.request,
        )  # fmt: skip
    except Failure as failure:
        return await shown(visit, failure, None)
    return await shown(visit, None, made)
