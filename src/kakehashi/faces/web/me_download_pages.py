"""One's own record to take home: one archive with FHIR for machines and a page for the eye."""

from pathlib import Path

from starlette.responses import Response

from kakehashi.core.kinds import KIND_NAMES, PERSONAL_KINDS
from kakehashi.engines.records import look
from kakehashi.faces.web.me_pages import own_person
from kakehashi.faces.web.rendering import render
from kakehashi.faces.web.viewer_pages import sheet_of, sources_for
from kakehashi.faces.web.visit import Page, Visit
from kakehashi.services.person.download import archive
from kakehashi.services.viewer.record import record_of
from kakehashi.trust.roles import Interaction

_STYLE = Path(__file__).parent / "static" / "style.css"


async def ask(visit: Visit) -> Response:
    """GET /me/download"""
    return visit.page("me/download.html")


async def take(visit: Visit) -> Response:
    """POST /me/download: everything that the person may see, logged as an export."""
    _, rows = await look.record(
        visit.house, visit.asked, own_person(visit), kinds=PERSONAL_KINDS, action="export"
    )
    record = record_of([sheet_of(row) for row in rows], visit.at)
    page = render(
        "me/record_file.html",
        record=record,
        sources=await sources_for(visit, record.custodians),
        kind_names=KIND_NAMES,
        now=visit.at,
    )
    body = archive(rows, page.encode(), _STYLE.read_bytes(), visit.at)
    return visit.download(body, f"kakehashi-{visit.at:%Y%m%d}.zip", "application/zip")


PAGES = (
    Page("/me/download", "GET", ask, Interaction.EXPORT),
    Page("/me/download", "POST", take, Interaction.EXPORT),
)
