"""The viewer (C2): one person's record over institutions, as far as the window opens."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from starlette.responses import Response

from kakehashi.core.actors import Role
from kakehashi.core.errors import NotFound
from kakehashi.engines.records import look
from kakehashi.engines.records.look import Looked
from kakehashi.faces.web.rendering import HEADERS
from kakehashi.faces.web.viewer_choice import Choice, Chosen, choice_of, chosen
from kakehashi.faces.web.viewer_page import ALWAYS, Source, context_of, sources_of, tab_named
from kakehashi.faces.web.viewer_why import Why, why_of
from kakehashi.faces.web.visit import Page, Visit
from kakehashi.people import find
from kakehashi.services.emergency.summary import Summary
from kakehashi.services.viewer.attachments import attachments_of, content_of
from kakehashi.services.viewer.documents import documents_of, sections_of
from kakehashi.services.viewer.record import Record, record_of
from kakehashi.services.viewer.sheet import Sheet, sheet_of
from kakehashi.store import institutions
from kakehashi.trust import roles
from kakehashi.trust.roles import Interaction

# A picture or PDF by itself: the browser's own viewer brings its styles, and nothing is fetched or run.
_SHOWN_ALONE = (
    "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; img-src 'self'; frame-ancestors 'none'"
)
_VALUES = 30  # results of one item on the page, the newest; the link beside them shows all

Shown = TypeVar("Shown", Record, Summary)


async def viewer(visit: Visit) -> Response:
    """GET /viewer/{handle}?tab=…"""
    if visit.asked_for("tab") == "document":
        return await _document(visit, visit.asked_for("ref"))
    tab = tab_named(visit.asked_for("tab"))
    choice = choice_of(tab.name, {name: visit.asked_for(name) for name in visit.request.query_params})
    wanted = choice.kind.bit if choice.kind and tab.name == "timeline" else tab.kinds
    person = await visit.person()
    looked = await look.record(
        visit.house,
        visit.asked,
        person,
        kinds=wanted | ALWAYS,
        always=ALWAYS,
        since=choice.since(visit.at),
        before=choice.until(),
        limit=choice.limit,
    )
    part = chosen(looked.rows, choice, visit.at, wanted=wanted, always=ALWAYS)
    record = await named(visit, person, _record(part, choice, visit.at))
    sources = await sources_for(visit, sorted({*record.custodians, *part.places}))
    context = context_of(tab, record, sources, visit.at, choice)
    return visit.page(
        f"viewer/{tab.name}.html", why=_why(visit, looked), part=part, launches=_launches(visit), **context
    )


async def _document(visit: Visit, ref: str) -> Response:
    person = await visit.person()
    tab = tab_named("documents")
    looked, opened = await _opened(visit, person, ref, always=ALWAYS)
    standing = [sheet_of(row) for row in looked.rows if ALWAYS >> row.kind & 1]
    record = await named(visit, person, record_of([opened], visit.at, standing=standing))
    sources = await sources_for(visit, record.custodians)
    context: dict[str, Any] = context_of(tab, record, sources, visit.at, choice_of(tab.name, {}))
    return visit.page(
        "viewer/document.html",
        why=_why(visit, looked),
        document=documents_of([opened])[0],
        sections=sections_of(opened),
        attachments=attachments_of(opened),
        part=None,
        launches=_launches(visit),
        **context,
    )


def _launches(visit: Visit) -> bool:
    """Whether apps can be opened from the record: by staff who find people, not from the person's own pages."""
    return visit.actor.role is not Role.PERSON and roles.permits(visit.actor, Interaction.PERSON_FIND)


async def attachment(visit: Visit) -> Response:
    """GET /viewer/{handle}/attachment?ref=…&n=…: shown by the browser where nothing in it can run, else downloaded."""
    number = visit.asked_for("n")
    _, opened = await _opened(visit, await visit.person(), visit.asked_for("ref"))
    found = content_of(opened, int(number)) if number.isascii() and number.isdigit() else None
    if found is None:
        raise NotFound
    kind, body = found
    if kind:
        return Response(body, media_type=kind, headers={**HEADERS, "content-security-policy": _SHOWN_ALONE})
    return visit.download(body, "attachment.bin", "application/octet-stream")


async def _opened(visit: Visit, person: int, ref: str, *, always: int = 0) -> tuple[Looked, Sheet]:
    """Return what was read, and the document of that name in it. Raises NotFound."""
    kinds = tab_named("documents").kinds
    looked = await look.record(visit.house, visit.asked, person, kinds=kinds | always)
    for row in looked.rows:
        if row.type in ("Bundle", "Composition") and f"{row.type}/{row.id}" == ref:
            return looked, sheet_of(row)
    raise NotFound


def _record(part: Chosen, choice: Choice, at: datetime) -> Record:
    """Read the bodies of what is shown, each once, and put the record together."""
    sheets = {(row.type, row.id): sheet_of(row) for row in (*part.standing, *part.shown)}
    return record_of(
        [sheets[row.type, row.id] for row in part.shown],
        at,
        standing=[sheets[row.type, row.id] for row in part.standing],
        values=None if choice.item else _VALUES,
    )


async def sources_for(visit: Visit, custodians: Sequence[int]) -> dict[int, Source]:
    """Return the legend of these institutions."""
    async with visit.house.db.connection() as db:
        return sources_of(custodians, await institutions.some(db, custodians))


async def named(visit: Visit, person: int, record: Shown) -> Shown:
    """Return the record with a banner that names the person: where no Patient may be seen, by the register's word.

    Only for who may look people up; a banner without a name is a danger to two patients. Staff read no address here:
    care does not need it, and a violent relative must not learn it (R-A10); reception shows it where it may be shown.
    """
    banner = record.banner
    if visit.actor.role is not Role.PERSON:
        banner = replace(banner, address="")
    if not banner.name and roles.permits(visit.actor, Interaction.PERSON_FIND):
        with suppress(NotFound):
            who = await find.describe(visit.house.db, person, institution=visit.actor.institution.key)
            banner = banner.described(who.name, who.kana, who.birth, who.sex, visit.at)
    return replace(record, banner=banner)


def _why(visit: Visit, looked: Looked) -> Why:
    """Say under what right the record is open, so that nobody takes a part for the whole."""
    actor = visit.actor
    seen = looked.consented & roles.kinds_of(actor, Interaction.READ)
    return why_of(looked.window, seen, own=actor.role is Role.PERSON, proxy=bool(actor.acts_for))


PAGES = (
    Page("/viewer/{handle}", "GET", viewer, Interaction.READ),
    Page("/viewer/{handle}/attachment", "GET", attachment, Interaction.READ),
)
