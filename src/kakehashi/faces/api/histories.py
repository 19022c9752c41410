"""history of a resource, of a type, and of all. Source: https://hl7.org/fhir/R4/http.html#history"""

from datetime import UTC, datetime

from kakehashi.engines.records import look
from kakehashi.engines.records.asked import EVER
from kakehashi.faces.api import pages
from kakehashi.faces.api.answer import Answer
from kakehashi.faces.api.bundle import bundle, history_entry
from kakehashi.faces.api.call import Call
from kakehashi.search import measures
from kakehashi.search.refusals import bad_value, unsupported
from kakehashi.search.results import bad_cursor
from kakehashi.store.read import Period
from kakehashi.store.rows import Row

COUNT = 50  # versions a page where nothing is asked
MOST = 500  # versions a page
_KNOWN = frozenset({"_count", "_since", "_at", "_sort", "_format", "_pretty"})
_ORDERS = ("", "none", "-_lastUpdated")  # newest first is the order that R4 gives a history


async def of_resource(call: Call) -> Answer:
    """GET [base]/[type]/[id]/_history."""
    kind, name = call.names["type"], call.names["id"]
    address = f"{call.api.base}/{kind}/{name}/_history"
    count, cursor = _asked(call, address)
    if cursor and not cursor.isdigit():
        raise bad_cursor()
    more = {"below": int(cursor)} if cursor else {}
    rows = await look.history(
        call.house, call.asked, kind, name, limit=count, since=since_of(call), during=period_of(call), **more
    )
    last = str(rows[-1].version) if len(rows) == count and rows[-1].version > 1 else ""
    return _page(call, address, rows, last)


async def of_type(call: Call) -> Answer:
    """GET [base]/[type]/_history."""
    return await _changes(call, call.names["type"])


async def of_all(call: Call) -> Answer:
    """GET [base]/_history."""
    return await _changes(call, None)


async def _changes(call: Call, resource_type: str | None) -> Answer:
    address = "/".join(filter(None, (call.api.base, resource_type, "_history")))
    count, cursor = _asked(call, address)
    found = await look.changes(
        call.house, call.asked, resource_type,
        since=since_of(call), during=period_of(call), behind=_behind(cursor), limit=count,
    )  # fmt: skip
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


def _asked(call: Call, address: str) -> tuple[int, str]:
    """How many, and behind what."""
    sealed, asked = pages.split(call.pairs)
    for name, _ in asked:
        if name not in _KNOWN:
            raise unsupported(name, "履歴では使えません。", "it cannot be used with history.")
    if call.parameter("_sort") not in _ORDERS:
        raise bad_value("_sort", "token", example="-_lastUpdated")
    context = pages.context_of(call.caller, address, asked)
    return count_of(call), call.api.seals.open(sealed, context) if sealed else ""


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
    found = period_said(call, "_since")
    return found[0] if found else EVER


def period_of(call: Call) -> Period | None:
    """Return the period that `_at` means: a moment, a day, a month or a year. Raises BadSearchValue."""
    return period_said(call, "_at")


def period_said(call: Call, name: str) -> Period | None:
    """Return the period that a parameter names by a date or a moment, None without it. Raises BadSearchValue."""
    text = call.parameter(name)
    if not text:
        return None
    found = measures.date(text, now=0)
    try:
        if found is None or found.comparison != "eq":
            raise ValueError
        return datetime.fromtimestamp(found.low / 1000, UTC), datetime.fromtimestamp(found.high / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise bad_value(name, "date", example="2024-02-01T09:00:00+09:00") from None
