"""history of a resource, of a type, and of all. Source: https://hl7.org/fhir/R4/http.html#history"""

from datetime import UTC, datetime

from kakehashi.core.errors import BadSearchValue
from kakehashi.engines.records import look
from kakehashi.engines.records.asked import EVER
from kakehashi.faces.api import pages
from kakehashi.faces.api.answer import Answer
from kakehashi.faces.api.bundle import bundle, history_entry
from kakehashi.faces.api.call import Call
from kakehashi.search import measures
from kakehashi.search.refusals import bad_value, unsupported
from kakehashi.search.results import bad_cursor
from kakehashi.store.rows import Row

COUNT = 50  # versions a page where nothing is asked
MOST = 500  # versions a page
_KNOWN = frozenset({"_count", "_since", "_format", "_pretty"})


async def of_resource(call: Call) -> Answer:
    """GET [base]/[type]/[id]/_history."""
    kind, name = call.names["type"], call.names["id"]
    address = f"{call.api.base}/{kind}/{name}/_history"
    count, since, cursor = _asked(call, address)
    if cursor and not cursor.isdigit():
        raise bad_cursor()
    more = {"below": int(cursor)} if cursor else {}
    rows = await look.history(call.house, call.asked, kind, name, limit=count, **more)
    shown = [row for row in rows if row.changed_at >= since]
    last = str(rows[-1].version) if len(shown) == count and rows[-1].version > 1 else ""
    return _page(call, address, shown, last)


async def of_type(call: Call) -> Answer:
    """GET [base]/[type]/_history."""
    return await _changes(call, call.names["type"])


async def of_all(call: Call) -> Answer:
    """GET [base]/_history."""
    return await _changes(call, None)


async def _changes(call: Call, resource_type: str | None) -> Answer:
    address = "/".join(filter(None, (call.api.base, resource_type, "_history")))
    count, since, cursor = _asked(call, address)
    found = await look.changes(
        call.house, call.asked, resource_type, since=since, behind=_behind(cursor), limit=count
    )
    last = found.rows[-1] if found.next and found.rows else None
    return _page(
        call, address, found.rows, f"{last.person}/{last.type}/{last.id}/{last.version}" if last else ""
    )


def _behind(cursor: str) -> tuple[int, str, str, int] | None:
    if not cursor:
        return None
    try:
        person, kind, name, version = cursor.split("/")
        return int(person), kind, name, int(version)
    except ValueError:
        raise bad_cursor() from None  # sealed by an earlier version of this program


def _asked(call: Call, address: str) -> tuple[int, datetime, str]:
    """How many, since when, and behind what."""
    sealed, asked = pages.split(call.pairs)
    for name, _ in asked:
        if name not in _KNOWN:
            raise unsupported(name, "履歴では使えません。", "it cannot be used with history.")
    context = pages.context_of(call.caller, address, asked)
    return count_of(call), since_of(call), call.api.seals.open(sealed, context) if sealed else ""


def _page(call: Call, address: str, rows: list[Row], cursor: str) -> Answer:
    sealed, asked = pages.split(call.pairs)
    links = [("self", pages.link(address, asked, sealed))]
    if cursor:
        following = call.api.seals.seal(cursor, pages.context_of(call.caller, address, asked))
        links.append(("next", pages.link(address, asked, following)))
    return Answer(200, bundle("history", (history_entry(call.api.base, row) for row in rows), links=links))


def count_of(call: Call) -> int:
    """Return how many a page may have. Raises BadSearchValue."""
    text = call.parameter("_count")
    if not text:
        return COUNT
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text)):
        raise bad_value("_count", "number", example="50")
    return min(int(text), MOST)


def since_of(call: Call) -> datetime:
    """Return the moment of `_since`, else the beginning of time. Raises BadSearchValue."""
    text = call.parameter("_since")
    if not text:
        return EVER
    found = measures.date(text, now=0)
    if found is None or found.comparison != "eq":
        raise _bad_since()
    try:
        return datetime.fromtimestamp(found.low / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise _bad_since() from None


def _bad_since() -> BadSearchValue:
    return bad_value("_since", "date", example="2024-02-01T09:00:00+09:00")
