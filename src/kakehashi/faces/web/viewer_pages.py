"""The viewer (C2): one person's record over institutions, as far as the window opens."""

from starlette.responses import Response

from kakehashi.core.errors import NotFound
from kakehashi.core.kinds import Flag, Kind
from kakehashi.engines.records import look
from kakehashi.faces.web.viewer_page import ALWAYS, Source, context_of, sources_of, tab_named
from kakehashi.faces.web.visit import Page, Visit
from kakehashi.fhir.parse import parse
from kakehashi.services.viewer.documents import documents_of, sections_of
from kakehashi.services.viewer.record import record_of
from kakehashi.services.viewer.sheet import Sheet
from kakehashi.store import institutions
from kakehashi.store.rows import Row
from kakehashi.trust.roles import Interaction

_DAYS = 30  # days of the time line on the first page
_MOST_DAYS = 4_000
# The time line's words: what is counted by the hundred a day stays in its own tab.
_TIMELINE_LIMIT = 3_000


async def viewer(visit: Visit) -> Response:
    """GET /viewer/{handle}?tab=…"""
    query = visit.request.query_params
    if query.get("tab") == "document":
        return await _document(visit, query.get("ref", ""))
    tab = tab_named(query.get("tab", ""))
    days = query.get("days", "")
    shown = min(int(days), _MOST_DAYS) if days.isascii() and days.isdigit() and len(days) < 6 else _DAYS
    person = await visit.person()
    window, rows = await look.record(
        visit.house, visit.asked, person, kinds=tab.kinds | ALWAYS, limit=_TIMELINE_LIMIT
    )
    record = record_of([_sheet(row) for row in rows], visit.at)
    sources = await _sources(visit, record.custodians)
    context = context_of(tab, record, sources, visit.at, shown_days=shown)
    return visit.page(f"viewer/{tab.name}.html", why=_why(window.because), **context)


async def _document(visit: Visit, ref: str) -> Response:
    person = await visit.person()
    kinds = ALWAYS | tab_named("documents").kinds
    window, rows = await look.record(visit.house, visit.asked, person, kinds=kinds)
    sheets = [_sheet(row) for row in rows]
    opened = next(
        (sheet for sheet in sheets if sheet.ref == ref and sheet.type in ("Bundle", "Composition")), None
    )
    if opened is None:
        raise NotFound
    record = record_of(sheets, visit.at)
    return visit.page(
        "viewer/document.html",
        why=_why(window.because),
        document=documents_of([opened])[0],
        sections=sections_of(opened),
        **context_of(
            tab_named("documents"), record, await _sources(visit, record.custodians), visit.at, shown_days=0
        ),
    )


async def _sources(visit: Visit, custodians: tuple[int, ...]) -> dict[int, Source]:
    async with visit.house.db.transaction() as db:
        known = {one.key: one for one in await institutions.every(db)}
    return sources_of(custodians, known)


def _sheet(row: Row) -> Sheet:
    tree = parse(row.body).tree
    return Sheet(row.type, row.id, Kind(row.kind), row.custodian, Flag(row.flags), row.at, tree)


def _why(because: str) -> dict[str, str]:
    """Say under what right the record is open, so that nobody takes a part for the whole."""
    if "emergency" in because:
        return {
            "ja": "救急時の閲覧として開いています。本人と監査担当者に通知されます。",
            "en": "Open for an emergency. The person and the auditor are told.",
        }
    if "consent" in because:
        return {
            "ja": "本人の同意により、他の施設の記録も表示しています。",
            "en": "Other institutions' records are shown by the person's consent.",
        }
    return {
        "ja": "自施設の記録だけを表示しています。他の施設の記録には本人の同意が必要です。",
        "en": "Only your own institution's records are shown. Others need the person's consent.",
    }


PAGES = (Page("/viewer/{handle}", "GET", viewer, Interaction.READ),)
