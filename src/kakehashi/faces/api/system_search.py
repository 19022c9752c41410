"""A search over several types, [base]?_type=…. Source: https://hl7.org/fhir/R4/http.html#search

The types are gone through one after the other, in the order in which they are named; a page may end within one.
"""

from dataclasses import replace

from kakehashi.core.errors import BadSearchValue
from kakehashi.engines.records.search import search
from kakehashi.faces.api import pages
from kakehashi.faces.api.answer import Answer
from kakehashi.faces.api.bundle import bundle
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.pages import Pairs
from kakehashi.faces.api.searches import entries_of, form_of
from kakehashi.fhir.types import NUMBER
from kakehashi.search.parse import parse_query
from kakehashi.search.plan import Query
from kakehashi.search.refusals import bad_value, unsupported
from kakehashi.search.results import bad_cursor, encode_cursor

MOST = 20  # types in one search


async def by_get(call: Call) -> Answer:
    """GET [base]?_type=Observation,Condition&…"""
    return await _answer(call, call.pairs)


async def by_post(call: Call) -> Answer:
    """POST [base]/_search with a form."""
    return await _answer(call, [*call.pairs, *await form_of(call)])


async def _answer(call: Call, pairs: Pairs) -> Answer:
    sealed, asked = pages.split(pairs)
    types = _types(asked)
    context = pages.context_of(call.caller, call.api.base, asked)
    begin, behind = _place(call.api.seals.open(sealed, context) if sealed else "0:", len(types))
    queries = [
        _query(call, kind, asked, behind if number == begin else "") for number, kind in enumerate(types)
    ]
    done, following = await _page(call, queries, begin)
    links = [("self", pages.link(call.api.base, asked, sealed))]
    if following:
        links.append(("next", pages.link(call.api.base, asked, call.api.seals.seal(following, context))))
    return Answer(200, bundle("searchset", done, links=links, total=await _total(call, queries)))


async def _page(call: Call, queries: list[Query], begin: int) -> tuple[list[bytes], str]:
    """Return the entries of a page, and where the next one begins ("" for nowhere)."""
    done: list[bytes] = []
    left = 0 if queries[0].summary == "count" else queries[0].count
    for number, query in enumerate(queries[begin:] if left else (), begin):
        found = await search(call.house, call.asked, replace(query, count=left, total="none"))
        done += entries_of(call, query, found)
        left -= len(found.rows)
        if found.next is not None:
            return done, f"{number}:{encode_cursor(found.next)}"
        if not left:
            return done, f"{number + 1}:" if number + 1 < len(queries) else ""
    return done, ""


async def _total(call: Call, queries: list[Query]) -> int | None:
    """The total over all types, where it was asked for."""
    if queries[0].total == "none" and queries[0].summary != "count":
        return None
    total = 0
    for query in queries:
        alone = replace(query, count=0, cursor=None, total="accurate", include=(), revinclude=())
        total += (await search(call.house, call.asked, alone)).total or 0
    return total


def _query(call: Call, kind: str, asked: Pairs, behind: str) -> Query:
    """Read the search for one type. A parameter that it does not have is refused: else all of it would be found."""
    rest = [pair for pair in asked if pair[0] != "_type"]
    cursor = [(pages.CURSOR, behind)] if behind else []
    query = parse_query(kind, [*rest, *cursor], strict=True, at=call.at, base_url=call.api.base)
    if query.sort:
        raise unsupported("_sort", "複数の型の検索では使えません。", "it cannot be used with several types.")
    return query


def _types(asked: Pairs) -> list[str]:
    said = [one for name, value in asked if name == "_type" for one in value.split(",") if one]
    if not said or len(said) > MOST or any(one not in NUMBER for one in said):
        raise _no_types()
    return list(dict.fromkeys(said))


def _place(cursor: str, types: int) -> tuple[int, str]:
    number, _, behind = cursor.partition(":")
    if not number.isdigit() or int(number) >= types:
        raise bad_cursor()
    return int(number), behind


def _no_types() -> BadSearchValue:
    return bad_value("_type", "token", example=f"Observation,Condition ({MOST})")
