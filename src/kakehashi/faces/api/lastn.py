"""Observation/$lastn. Source: https://hl7.org/fhir/R4/observation-operation-lastn.html"""

from kakehashi.engines.records.lastn import lastn as last_of
from kakehashi.faces.api import pages
from kakehashi.faces.api.answer import Answer
from kakehashi.faces.api.bundle import bundle, entry
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.given import bad, given
from kakehashi.fhir.indexing.parameters import parameters
from kakehashi.search.parse import parse_query

_MOST = 100  # of one code
_OWN = frozenset({"max", "_format", "_pretty"})


async def lastn(call: Call) -> Answer:
    """[base]/Observation/$lastn?patient=…&category=…&max=…: what else R4 lets be searched for narrows it."""
    asked = await given(call, ("max", *parameters("Observation"), *_modified(call)))
    most = asked.number("max")
    if most is not None and not 0 < most <= _MOST:
        raise bad("max", "3")
    pairs = [(name, value) for name in asked.by_name if name not in _OWN for value in asked.texts(name)]
    if not any(name.partition(":")[0].partition(".")[0] in ("patient", "subject") for name, _ in pairs):
        raise bad("patient", "Patient/123")
    query = parse_query(
        "Observation", [*pairs, ("_sort", "-date")], strict=True, at=call.at, base_url=call.api.base
    )
    rows = await last_of(call.house, call.asked, query, most or 1)
    links = [("self", pages.link(f"{call.api.base}/Observation/$lastn", call.pairs))]
    entries = (entry(call.api.base, row.type, row.id, row.body, "match") for row in rows)
    return Answer(200, bundle("searchset", entries, links=links, total=len(rows)))


def _modified(call: Call) -> list[str]:
    """The names of the address that carry a modifier or a chain: the search itself judges them."""
    return [name for name, _ in call.pairs if ":" in name or "." in name]
