"""The first page: where each role begins."""

from starlette.responses import Response

from kakehashi.faces.web.visit import MENU, Page, Visit
from kakehashi.trust import roles


async def home(visit: Visit) -> Response:
    """GET /: to the role's own first page, or to sign-in."""
    return visit.page(
        "home.html", choices=[link for link in MENU if roles.permits(visit.may, link.interaction)]
    )


PAGES = (Page("/", "GET", home, "session"),)
