"""One page of an export: the window as it is now, what it shows, and the lines that come of it.

Every page is a look of its own: its window is opened for it, and it stands in the log before a line of it is written.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from kakehashi.engines.house import House
from kakehashi.engines.records.asked import Asked, Scene, bound, scene_of, scene_on
from kakehashi.engines.records.search import require_scope, search, search_in
from kakehashi.engines.terminology.searching import resolved
from kakehashi.engines.transfer.files import Line
from kakehashi.engines.transfer.filters import query_of
from kakehashi.engines.transfer.wanted import Export, Place, Step
from kakehashi.search.plan import And, Changed, Cursor, Or, Query
from kakehashi.store.read import reading
from kakehashi.store.rows import Row

PAGE = 1_000  # resources
MOST = 4 << 20  # bytes of a page as stored, which is packed
MATCHES = 200  # resources of a page of matches
LARGE = frozenset({"Binary", "Bundle"})  # types whose resources may be as large as a request
LARGE_MATCHES = 10
Cut = Callable[[str, tuple[str, ...], bytes], bytes]  # type, elements, body


@dataclass(frozen=True, slots=True)
class Page:
    """What a look brought, and where the next one begins (None: the step is done)."""

    rows: list[Row]
    after: tuple[int, int] | None = None
    cursor: str = ""

    def place(self, now: Place) -> Place:
        """Return how far the job is with this page."""
        count = now.count + sum(not row.deleted for row in self.rows)
        if self.after is None and not self.cursor:
            return Place(now.step + 1, count=count)
        return Place(now.step, self.after, self.cursor, count)


async def page_of(
    house: House, asked: Asked, export: Export, step: Step, place: Place, began: datetime
) -> Page:
    """Read one page. Raises Refused, NotSupported, TooCostly, Unavailable."""
    span = export.span(began)
    if step.kind == "matches":
        return await _matches(house, asked, export, step, place.cursor, span)
    after = place.after or export.first
    scene = await _scene(house, asked, step)
    what = step.types[0] if len(step.types) == 1 else "$export"
    async with reading(house.db, scene.window, asked.note("export", what, scene.window), at=asked.at) as look:
        if step.kind == "deleted":
            rows = await look.deleted(step.types, after, persons=scene.persons, span=span, limit=PAGE)
            more = len(rows) == PAGE
        else:
            rows, more = await look.every_in(
                step.types, after, persons=scene.persons, span=span, limit=PAGE, most=MOST
            )
    return Page(rows, (rows[-1].person, rows[-1].rid) if more else None)


def lines_of(export: Export, rows: Iterable[Row], cut: Cut) -> Iterator[Line]:
    """Return the lines of a page: the served bytes of each resource, or one Bundle of what was deleted."""
    gone: list[Row] = []
    for row in rows:
        if row.deleted:
            gone.append(row)
        else:
            elements = export.elements_of(row.type)
            yield "output", row.type, cut(row.type, elements, row.body) if elements else row.body
    if gone:
        yield "deleted", "Bundle", _deletions(gone)


def _deletions(rows: Iterable[Row]) -> bytes:
    entries = [{"request": {"method": "DELETE", "url": f"{row.type}/{row.id}"}} for row in rows]
    return msgspec.json.encode({"resourceType": "Bundle", "type": "transaction", "entry": entries})


async def _scene(house: House, asked: Asked, step: Step) -> Scene:
    """Return whom a step looks at: the named patients, whom the actor is bound to, or whatever is their own."""
    if step.patients is None and asked.actor.person is not None:
        return (await scene_of(house, asked, asked.actor.person)).exporting()
    return (await scene_on(house, asked, step.patients or ())).exporting()


async def _matches(
    house: House, asked: Asked, export: Export, step: Step, cursor: str, span: tuple[datetime, datetime]
) -> Page:
    [kind] = step.types
    base = f"{house.settings.public_url}/fhir"
    filters = [query_of(kind, text, at=asked.at, base_url=base) for text in export.filters[kind]]
    query = _query(filters, cursor, span, LARGE_MATCHES if kind in LARGE else MATCHES)
    if step.patients is None and not bound(asked.actor):
        found = await search(house, asked, query, export=True)
    else:
        require_scope(asked, query)
        scene = await _scene(house, asked, step)
        found = await search_in(house, asked, await resolved(house, asked, query), scene, sure=True)
    rows = [row for row in found.rows if export.level == "system" or row.person]
    return Page(rows, cursor="" if found.next is None else str(found.next.rid))


def _query(filters: Sequence[Query], cursor: str, span: tuple[datetime, datetime], count: int) -> Query:
    """Return the query of what one of the filters finds, stored within the span."""
    low, high = (moment.timestamp() * 1000 for moment in span)
    stored = And((Changed("ge", low, low), Changed("lt", high, high)))
    return replace(
        filters[0],
        where=And((Or(tuple(one.where for one in filters)), stored)),
        count=count,
        cursor=Cursor((), int(cursor)) if cursor else None,
        used=tuple(pair for one in filters for pair in one.used),
    )
