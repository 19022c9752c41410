"""One's own record to take home: one archive with FHIR for machines and a page for the eye."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from starlette.responses import Response

from kakehashi.core.kinds import KIND_NAMES, PERSONAL_KINDS
from kakehashi.engines.records import look
from kakehashi.faces.web.me_pages import me_page, own_person
from kakehashi.faces.web.rendering import JAPAN, page, render
from kakehashi.faces.web.viewer_pages import sources_for
from kakehashi.faces.web.visit import Page, Visit
from kakehashi.services.person.download import archive
from kakehashi.services.viewer.documents import Document, Section, sections_of
from kakehashi.services.viewer.record import Record, record_of
from kakehashi.services.viewer.sheet import Sheet, sheet_of
from kakehashi.trust.roles import Interaction

_EVERYTHING = 1_000_000  # rows: who asks for the own record gets all of it
_STYLE = Path(__file__).parent / "static" / "style.css"


async def ask(visit: Visit) -> Response:
    """GET /me/download"""
    return await me_page(visit, "me/download.html")


async def take(visit: Visit) -> Response:
    """POST /me/download: everything that the person may see, logged as an export: as files, or as a page to print."""
    _, rows, _ = await look.record(
        visit.house, visit.asked, own_person(visit), kinds=PERSONAL_KINDS, action="export", limit=_EVERYTHING
    )
    sheets = [sheet_of(row) for row in rows]
    record = record_of(sheets, visit.at)
    values: dict[str, Any] = {
        "record": record,
        "documents": _documents(record, sheets),
        "sources": await sources_for(visit, record.custodians),
        "kind_names": KIND_NAMES,
        "now": visit.at,
    }
    if visit.said("as") == "page":
        return page("me/record_file.html", style="/static/style.css", script="/static/print.js", **values)
    text = render("me/record_file.html", style="style.css", script="", **values)
    body = archive(rows, text.encode(), _STYLE.read_bytes(), visit.at)
    return visit.download(body, f"kakehashi-{visit.at.astimezone(JAPAN):%Y%m%d}.zip", "application/zip")


def _documents(record: Record, sheets: Sequence[Sheet]) -> list[tuple[Document, tuple[Section, ...]]]:
    by_ref = {sheet.ref: sheet for sheet in sheets}
    return [(one, sections_of(by_ref[one.ref])) for one in record.documents]


PAGES = (
    Page("/me/download", "GET", ask, Interaction.EXPORT),
    Page("/me/download", "POST", take, Interaction.EXPORT),
)
