"""read and vread. Source: https://hl7.org/fhir/R4/http.html#read, #vread"""

from kakehashi.core.errors import NotFound
from kakehashi.engines.records import look
from kakehashi.faces.api import formats
from kakehashi.faces.api import headers as said
from kakehashi.faces.api.answer import Answer, version_headers
from kakehashi.faces.api.binary import native
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.subset import Subset
from kakehashi.search.parse import parse_query
from kakehashi.store.rows import Row


async def read(call: Call) -> Answer:
    """GET [base]/[type]/[id]."""
    row = await look.read(call.house, call.asked, call.names["type"], call.names["id"])
    return _shown(call, row)


async def vread(call: Call) -> Answer:
    """GET [base]/[type]/[id]/_history/[version]."""
    number = call.names["version"]
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise NotFound
    row = await look.version(call.house, call.asked, call.names["type"], call.names["id"], int(number))
    return _shown(call, row)


def _shown(call: Call, row: Row) -> Answer:
    headers = version_headers(row.version, row.changed_at)
    if _unchanged(call, row):
        return Answer(304, headers=headers)
    if row.type == "Binary" and formats.wants_native(call.header("accept"), call.parameter("_format")):
        return native(row.body, headers)
    return Answer(200, subset_of(call, row.type).of(row.type, row.body), headers)


def _unchanged(call: Call, row: Row) -> bool:
    if known := call.header("if-none-match"):
        return said.names_version(known, row.version)
    since = call.header("if-modified-since")
    return bool(since) and said.not_changed_since(since, row.changed_at)


def subset_of(call: Call, resource_type: str) -> Subset:
    """Return which part of a resource `_summary` and `_elements` ask for. Raises BadSearchValue."""
    if not call.query:
        return Subset()
    asked = [(name, value) for name, value in call.pairs if name in ("_summary", "_elements")]
    query = parse_query(resource_type, asked)
    return Subset(query.summary, query.elements)
