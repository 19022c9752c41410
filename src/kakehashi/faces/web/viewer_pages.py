"""The viewer (C2): one person's record over institutions, as far as the window opens."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

import orjson
from starlette.responses import Response

from kakehashi.core.actors import Role
from kakehashi.core.errors import NotFound
from kakehashi.core.kinds import Flag, Kind
from kakehashi.core.window import Window
from kakehashi.engines.records import look
from kakehashi.faces.web.viewer_page import ALWAYS, Source, context_of, sources_of, tab_named
from kakehashi.faces.web.viewer_why import Why, why_of
from kakehashi.faces.web.visit import Page, Visit
from kakehashi.people import find
from kakehashi.services.emergency.summary import Summary
from kakehashi.services.viewer.documents import documents_of, sections_of
from kakehashi.services.viewer.record import Record, record_of
from kakehashi.services.viewer.sheet import Sheet
from kakehashi.store import institutions
from kakehashi.store.rows import Row
from kakehashi.trust import consents, roles
from kakehashi.trust.roles import Interaction

_DAYS = 30  # days of the time line on the first page
_MOST_DAYS = 4_000
_VALUES = 30  # results of one item on the page, the newest; the link beside them shows all
_MOST_ROWS = 3_000  # on one page: a long stay in hospital has that many


Shown = TypeVar("Shown", Record, Summary)


async def viewer(visit: Visit) -> Response:
    """GET /viewer/{handle}?tab=…"""
    if visit.asked_for("tab") == "document":
        return await _document(visit, visit.asked_for("ref"))
    tab = tab_named(visit.asked_for("tab"))
    days = visit.asked_for("days")
    shown = min(int(days), _MOST_DAYS) if days.isascii() and days.isdigit() and len(days) < 6 else _DAYS
    person = await visit.person()
    window, rows = await look.record(
        visit.house, visit.asked, person, kinds=tab.kinds | ALWAYS, limit=_MOST_ROWS
    )
    values = None if visit.asked_for("values") == "all" else _VALUES
    made = record_of([sheet_of(row) for row in rows], visit.at, days=shown, values=values)
    record = await named(visit, person, made)
    sources = await sources_for(visit, record.custodians)
    context = context_of(tab, record, sources, visit.at, shown_days=shown)
    return visit.page(
        f"viewer/{tab.name}.html",
        why=await _why(visit, person, window),
        cut=_MOST_ROWS if len(rows) == _MOST_ROWS else 0,
        **context,
    )


async def _document(visit: Visit, ref: str) -> Response:
    person = await visit.person()
    tab = tab_named("documents")
    window, rows = await look.record(visit.house, visit.asked, person, kinds=ALWAYS | tab.kinds)
    sheets = [sheet_of(row) for row in rows]
    opened = next(
        (sheet for sheet in sheets if sheet.ref == ref and sheet.type in ("Bundle", "Composition")), None
    )
    if opened is None:
        raise NotFound
    record = await named(visit, person, record_of(sheets, visit.at))
    sources = await sources_for(visit, record.custodians)
    context: dict[str, Any] = context_of(tab, record, sources, visit.at, shown_days=0)
    return visit.page(
        "viewer/document.html",
        why=await _why(visit, person, window),
        document=documents_of([opened])[0],
        sections=sections_of(opened),
        cut=0,
        **context,
    )


async def sources_for(visit: Visit, custodians: Sequence[int]) -> dict[int, Source]:
    """Return the legend of these institutions."""
    async with visit.house.db.transaction() as db:
        known = {one.key: one for one in await institutions.every(db)}
    return sources_of(custodians, known)


async def named(visit: Visit, person: int, record: Shown) -> Shown:
    """Return the record with a banner that names the person: where no Patient may be seen, by the register's word.

    Only for who may look people up; a banner without a name is a danger to two patients.
    """
    if record.banner.name or not roles.permits(visit.actor, Interaction.PERSON_FIND):
        return record
    try:
        who = await find.describe(visit.house.db, person, institution=visit.actor.institution.key)
    except NotFound:
        return record
    banner = record.banner.described(who.name, who.kana, who.birth, who.sex, who.address, visit.at)
    return replace(record, banner=banner)


def sheet_of(row: Row) -> Sheet:
    """Return a row as the viewer reads it: it was parsed strictly when it came in."""
    tree = orjson.loads(row.body)
    return Sheet(row.type, row.id, Kind(row.kind), row.custodian, Flag(row.flags), row.at, tree)


async def _why(visit: Visit, person: int, window: Window) -> Why:
    """Say under what right the record is open, so that nobody takes a part for the whole."""
    actor = visit.actor
    given = 0
    if "consent:" in window.because:
        async with visit.house.db.transaction() as db:
            held = await consents.of_person(db, person, by=actor, at=visit.at)
        for one in held:
            given |= one.kinds if one.live(visit.at) else 0
    seen = given & roles.kinds_of(actor, Interaction.READ)
    return why_of(window, seen, own=actor.role is Role.PERSON, proxy=bool(actor.acts_for))


PAGES = (Page("/viewer/{handle}", "GET", viewer, Interaction.READ),)
