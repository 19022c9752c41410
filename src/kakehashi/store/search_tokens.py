"""Which tokens a condition asks for, and which marks narrow it: the search's side of fhir/indexing/entries.py."""

from collections.abc import Iterable

from kakehashi.core.hashing import hash64, row_key
from kakehashi.fhir.indexing import coarse, forms
from kakehashi.fhir.indexing.entries import salted
from kakehashi.search.plan import (
    Condition,
    HasToken,
    HasUri,
    Item,
    OfType,
    PointsTo,
    PointsToIdentifier,
    PointsToUrl,
    Range,
    Text,
)


def token(asked: Condition) -> int | None:
    """Return the one token that a row has exactly when the condition holds; None where no token says it."""
    match asked:
        case HasToken(p, system, code):
            return p.salt ^ forms.asked_token(system, code)
        case PointsTo(p, kind, key):
            return p.salt ^ row_key(kind, key)
        case PointsToUrl(p, url):
            return p.salt ^ hash64(url)
        case PointsToIdentifier(p, system, code):
            return salted(p.name + ":identifier") ^ forms.asked_token(system, code)
        case OfType(p, system, code, value):
            return salted(p.name + ":of-type") ^ hash64(f"{system}|{code}|{value}")
        case HasUri(p, uri, "equal"):
            return p.salt ^ hash64(uri)
        case HasUri(p, uri, "below"):
            return salted(p.name + ":below") ^ hash64(forms.uri_prefixes(uri)[0])
        case Text(p, text, "exact"):
            return salted(p.name + ":exact") ^ hash64(text)
        case Text(p, text, "starts") if len(text) <= forms.STARTS:
            return p.salt ^ forms.asked_start(text)
        case Item(p, (first, second)) if not isinstance(second, Range):
            return p.salt ^ forms.together(form(first), form(second))
        case _:
            return None


def form(test: Condition) -> int:
    """Return what is hashed for a token or reference component of a composite."""
    match test:
        case HasToken(_, system, code):
            return forms.asked_token(system, code)
        case PointsTo(_, kind, key):
            return row_key(kind, key)
        case PointsToUrl(_, url):
            return hash64(url)
    raise TypeError(type(test).__name__)


def above(asked: HasUri) -> list[int]:
    """Return the tokens one of which a URI above the asked one has."""
    wanted = dict.fromkeys(
        [asked.uri, *(f"{p}{end}" for p in forms.uri_prefixes(asked.uri) for end in ("", "/"))]
    )
    return [asked.parameter.salt ^ hash64(uri) for uri in wanted]


def narrowing(asked: Iterable[Range]) -> list[int] | None:
    """Return tokens one of which every row has for which all these ranges of one parameter hold; None: no help.

    A lower and an upper bound narrow together: a row with one value has it between them, and a row with several
    is marked "wide".
    """
    low, high = float("-inf"), float("inf")
    parameter = None
    for one in asked:
        parameter = one.parameter
        if one.comparison in ("eq", "ap", "gt", "ge", "sa"):
            low = max(low, one.low)
        if one.comparison in ("eq", "ap", "lt", "le", "eb"):
            high = min(high, one.high)
    if parameter is None or low >= high:
        return None
    found = coarse.cover_times(low, high) if parameter.kind == "date" else coarse.cover_sizes(low, high)
    return [parameter.salt ^ mark for mark in found] if found else None
