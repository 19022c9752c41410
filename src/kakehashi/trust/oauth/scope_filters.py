"""The query of a SMART scope (`Observation.rs?category=…`) to what a row's index entries must hold.

What can be said of the row itself by its own entries is taken: token, reference, date, number, quantity and uri
parameters, several values by comma, several parameters by `&`. Everything else is refused with the reason, so that the
scope grants nothing: to drop a part of a query would widen it. What asks that something is not there (`:not`,
`:missing`) is refused too: a row without entries would be shown by it.
Source: https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#finer-grained-resource-constraints-using-search-parameters
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, quote

from kakehashi.core.errors import Failure, Invalid, Problem
from kakehashi.core.narrowing import Filter, Mark, Part, Span
from kakehashi.fhir.indexing import forms
from kakehashi.fhir.indexing.entries import salted
from kakehashi.fhir.types import NUMBER
from kakehashi.search.parse import parse_query
from kakehashi.search.plan import (
    And,
    Condition,
    HasToken,
    HasUri,
    OfType,
    Or,
    PointsTo,
    PointsToIdentifier,
    PointsToUrl,
    Range,
)
from kakehashi.store import search_tokens

LENGTH = 1_000  # characters of a query
PARAMETERS = 10  # of a query
MARKS = 300  # that the values of a query come to
_AS_WRITTEN = "!$'()*,-./:;=?@[]^_`{|}~<>"  # allowed in a scope, and without a meaning in a query
Pairs = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was understood. Two with the same `pairs` are the same; one with more of them asks for more."""

    pairs: Pairs
    filter: Filter

    @property
    def text(self) -> str:
        """The query as it stands in a scope, in the one way that it is written."""
        return "&".join(
            f"{quote(name, ':')}={quote(value, _AS_WRITTEN)}" for name, value in sorted(self.pairs)
        )


@lru_cache(maxsize=4096)
def read(resource_type: str, text: str) -> Query:
    """Return the query of a scope on a type. Raises Invalid, whose problems say what cannot be asked for."""
    if resource_type not in NUMBER:
        raise _refused(
            "すべての型 (*) や知らない型のスコープに検索条件は付けられません。型ごとに書いてください。",
            "A scope on all types (*), or on an unknown one, takes no query; write one for each type.",
        )
    return of_pairs(resource_type, _pairs(text))


@lru_cache(maxsize=4096)
def of_pairs(resource_type: str, pairs: Pairs) -> Query:
    """Return the query of these parameters. Raises Invalid."""
    if not 0 < len(pairs) <= PARAMETERS:
        raise _refused(
            f"検索条件は 1〜{PARAMETERS} 個にしてください。", f"Give 1 to {PARAMETERS} search parameters."
        )
    try:
        query = parse_query(resource_type, sorted(pairs), strict=True)
    except Failure as failure:
        raise Invalid(problems=[_problem(one.ja, one.en) for one in failure.problems]) from None
    if len(query.used) != len(pairs):  # _count, _sort, an empty value: nothing that chooses
        raise _refused(
            "結果の出し方を決めるパラメータや空の値は使えません。",
            "Parameters that concern the result, and empty values, cannot be used.",
        )
    found = tuple(_parts(query.where))
    if sum(map(len, found)) > MARKS:
        raise _refused("値が多すぎます。", "There are too many values.")
    return Query(pairs, found)


def _pairs(text: str) -> Pairs:
    try:
        if len(text) > LENGTH:
            raise ValueError
        return frozenset(
            parse_qsl(
                text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=PARAMETERS
            )
        )
    except ValueError:
        raise _refused(
            f"検索条件が読めないか、{LENGTH} 文字を超えています。例: Observation.rs?category=laboratory",
            f"The query cannot be read, or has more than {LENGTH} characters. Example: "
            "Observation.rs?category=laboratory",
        ) from None


def _parts(where: Condition) -> Iterator[Part]:
    if isinstance(where, And):
        for one in where.parts:
            yield from _parts(one)
    else:
        yield tuple(_marks(where))


def _marks(asked: Condition) -> Iterator[Mark]:
    """The marks one of which a row has exactly when the condition holds."""
    match asked:
        case Or(parts):
            for one in parts:
                yield from _marks(one)
        case HasToken() | OfType() | PointsTo() | PointsToUrl() | PointsToIdentifier():
            yield from _of_codes(asked)
        case HasUri(_, _, "above"):
            for token in search_tokens.above(asked):
                yield Mark((token,))
        case HasUri():
            yield from _of_codes(asked)
        case Range(parameter, "ap") if parameter.kind == "date":
            raise _not_of_the_row()  # what is near depends on when one asks
        case Range():
            yield from _of_range(asked)
        case _:
            raise _not_of_the_row()


def _of_codes(asked: Condition) -> Iterator[Mark]:
    if (one := search_tokens.token(asked)) is not None:
        yield Mark((one,))
        return
    coding = search_tokens.coded(asked)
    if coding is None:
        raise _not_of_the_row()
    if coding.code is None:
        yield Mark((coding.alone,))
        yield Mark((coding.beside,))
    else:
        yield Mark((coding.code, coding.alone))
        yield Mark(pair=(coding.code, coding.beside))


def _of_range(asked: Range) -> Iterator[Mark]:
    """With a unit: that of all values, or the interval's own (fhir/indexing/entries.py)."""
    plain = float(asked.parameter.number)
    if asked.unit is None:
        yield from (Mark(span=span) for span in _spans(plain, asked))
        return
    salt = salted(asked.parameter.name + ":unit")
    for unit in (salt ^ form for form in forms.asked_unit(*asked.unit)):
        yield from (Mark((unit,), span=span) for span in _spans(plain, asked))
        yield from (Mark(span=span) for span in _spans(forms.range_key(unit), asked))


def _spans(number: float, asked: Range) -> tuple[Span, ...]:
    """What a prefix asks of an interval, as bounds. Source: https://hl7.org/fhir/R4/search.html#prefix"""
    low, high = asked.low, asked.high
    inside = Span(number, low_from=low, high_to=high)
    above, below = Span(number, high_over=high), Span(number, low_under=low)
    spans = {
        "eq": (inside,), "ne": (below, above), "gt": (above,), "lt": (below,), "ge": (above, inside),
        "le": (below, inside), "sa": (Span(number, low_from=high),), "eb": (Span(number, high_to=low),),
        "ap": (Span(number, low_under=high, high_over=low),),
    }  # fmt: skip
    return spans[asked.comparison]


def _not_of_the_row() -> Invalid:
    return _refused(
        "スコープの検索条件には、そのリソース自身の token・reference・date・number・quantity・uri の"
        "パラメータだけを使えます。連鎖・_has・_id・_lastUpdated・文字列・composite・:not・:missing・:text・:in・"
        ":below・日付の ap は使えません。",
        "The query of a scope takes token, reference, date, number, quantity and uri parameters of the resource "
        "itself: no chain, _has, _id, _lastUpdated, string, composite, :not, :missing, :text, :in, :below of codes, "
        "nor ap of dates.",
    )


def _refused(ja: str, en: str) -> Invalid:
    return Invalid(problems=[_problem(ja, en)])


def _problem(ja: str, en: str) -> Problem:
    return Problem("oauth.scope.filter", "scope", ja, en, "not-supported")
