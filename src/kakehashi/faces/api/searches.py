"""search, by GET and POST. Source: https://hl7.org/fhir/R4/search.html, https://hl7.org/fhir/R4/http.html#search"""

from dataclasses import replace

from kakehashi.core.errors import BadRequest, Problem
from kakehashi.core.ids import FHIR_ID
from kakehashi.engines.records.search import search
from kakehashi.faces.api import pages
from kakehashi.faces.api.answer import Answer
from kakehashi.faces.api.bundle import bundle, entry, outcome_entry
from kakehashi.faces.api.call import Call, read_pairs
from kakehashi.faces.api.failures import UnsupportedMedia, outcome_of
from kakehashi.faces.api.headers import media_of
from kakehashi.faces.api.pages import Pairs
from kakehashi.faces.api.subset import Subset
from kakehashi.fhir.definitions import load
from kakehashi.fhir.parse import parse
from kakehashi.search.parse import parse_query
from kakehashi.search.plan import And, Condition, HasId, Or, Query
from kakehashi.search.results import encode_cursor
from kakehashi.search.scores import score, texts_in, words_of
from kakehashi.store.read_search import Found
from kakehashi.store.rows import Row


async def by_get(call: Call) -> Answer:
    """GET [base]/[type]?…"""
    return await _answer(call, call.pairs)


async def of_member(call: Call) -> Answer:
    """GET [base]/[compartment]/[id]/[type]?…: what of a type belongs to a patient, an encounter, …"""
    return await _answer(call, call.pairs)


async def by_post(call: Call) -> Answer:
    """POST [base]/[type]/_search with a form; parameters of the address count too."""
    return await _answer(call, [*call.pairs, *await form_of(call)])


async def form_of(call: Call) -> Pairs:
    """Return the parameters of a form. Raises UnsupportedMedia, BadRequest."""
    if media_of(call.header("content-type")) != "application/x-www-form-urlencoded":
        raise UnsupportedMedia(
            "_search は application/x-www-form-urlencoded で送ってください。",
            "Send _search as application/x-www-form-urlencoded.",
            rule="http.content-type",
        )
    form = await call.body_of()
    pairs = read_pairs(form.decode("utf-8", "surrogateescape"))
    call.wish_also(pairs)
    return pairs


async def _answer(call: Call, pairs: Pairs) -> Answer:
    resource_type, address = call.names.get("member") or call.names["type"], _address(call)
    sealed, asked = pages.split(pairs)
    context = pages.context_of(call.caller, address, asked)
    cursor = [(pages.CURSOR, call.api.seals.open(sealed, context))] if sealed else []
    query = parse_query(
        resource_type, [*asked, *cursor], strict=call.prefer.strict, at=call.at, base_url=call.api.base
    )
    if "member" in call.names:
        query = replace(query, where=And((_membership(call), query.where)))
    found = await search(call.house, call.asked, query)
    understood = [pair for pair in asked if pair[0] not in query.ignored]
    links = [("self", pages.link(address, understood, sealed))]
    if found.next is not None:
        following = call.api.seals.seal(encode_cursor(found.next), context)
        links.append(("next", pages.link(address, asked, following)))
    return Answer(
        200, bundle("searchset", entries_of(call, query, found), links=links, total=_total(query, found))
    )


def _address(call: Call) -> str:
    """The address of a search, without `_search`."""
    parts = (call.api.base, *(call.names.get(name) for name in ("type", "id", "member")))
    return "/".join(filter(None, parts))


def _membership(call: Call) -> Condition:
    """What puts a resource into the compartment that the address names. Raises BadRequest where R4 has no such."""
    owner, name, kind = (call.names[one] for one in ("type", "id", "member"))
    compartment = load().compartments.get(owner)
    codes = compartment.members.get(kind, ()) if compartment else ()
    if not codes or not FHIR_ID.fullmatch(name):
        raise BadRequest(
            f"{owner} のコンパートメントに {kind} はありません。",
            f"There is no {kind} in the compartment of {owner}.",
            rule="http.compartment",
        )
    parts = (
        HasId((name,)) if code == "{def}"
        else parse_query(kind, [(code, f"{owner}/{name}")], strict=True, base_url=call.api.base).where
        for code in codes
    )  # fmt: skip
    return Or(tuple(parts))


def _total(query: Query, found: Found) -> int | None:
    """The total, where it was asked for, or where the one page shows that it is all."""
    if found.total is not None or query.cursor or found.next or not query.count:
        return found.total
    return len(found.rows)


def entries_of(call: Call, query: Query, found: Found) -> list[bytes]:
    """Return what was found as entries, and what was not understood."""
    if query.summary == "count":
        return []
    subset = Subset(query.summary, query.elements)
    around = replace(
        subset, elements=()
    )  # `_elements` is said of the type searched for, not of what comes with it
    base = call.api.base
    words = words_of(query.where)
    entries = [
        entry(base, row.type, row.id, subset.of(row.type, row.body), "match", _score(words, row))
        for row in found.rows
    ]
    entries += [
        entry(base, row.type, row.id, around.of(row.type, row.body), "include") for row in found.included
    ]
    if query.ignored:
        entries.append(outcome_entry(outcome_of([_ignored(name, query.type) for name in query.ignored])))
    return entries


def _score(words: tuple[str, ...], row: Row) -> float | None:
    return score(words, texts_in(parse(row.body))) if words else None


def _ignored(name: str, resource_type: str) -> Problem:
    shown = name[:64]
    return Problem(
        "search.parameter", shown,
        f"{resource_type} に検索パラメータ {shown} はないため、無視しました。",
        f"{resource_type} has no search parameter {shown}; it was ignored.",
        "not-supported", "warning",
    )  # fmt: skip
