"""The first page: where each role begins."""

from starlette.responses import Response

from kakehashi.faces.web.visit import MENU, Page, Visit, offer_recovery
from kakehashi.store import accounts_factors
from kakehashi.trust import roles


async def home(visit: Visit) -> Response:
    """GET /: to the role's own first page, or to sign-in; who has an app but no recovery codes is offered them."""
    async with visit.house.db.transaction() as db:
        app = await accounts_factors.totp(db, visit.session.account)
        stranded = app is not None and not await accounts_factors.recovery_left(db, visit.session.account)
    return visit.page(
        "home.html",
        messages=offer_recovery() if stranded else [],
        choices=[link for link in MENU if roles.permits(visit.may, link.interaction)],
    )


PAGES = (Page("/", "GET", home, "session"),)
