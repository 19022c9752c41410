"""`_typeFilter`: searches that choose among the resources of a type. Pure.

Source: https://hl7.org/fhir/uv/bulkdata/STU2/export.html#_typefilter-query-parameter
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qsl

from kakehashi.core.errors import BadRequest
from kakehashi.fhir.types import NUMBER
from kakehashi.search.parse import parse_query
from kakehashi.search.plan import Query

MOST = 20  # filters of an export
FIELDS = 50  # parameters of a filter
_BETWEEN = re.compile(r",(?=[A-Z][A-Za-z]{1,39}\?)", re.ASCII)  # commas within values stay
_OF_ANSWERS = ("_sort", "_count", "_include", "_revinclude", "_summary", "_elements", "_total", "_cursor")


def filters_of(said: Iterable[str], types: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the filters by type: `Observation?code=…`, several with commas between. Raises BadRequest."""
    found: dict[str, tuple[str, ...]] = {}
    wanted = set(types)
    for one in (one for some in said for one in _BETWEEN.split(some)):
        kind, mark, text = one.partition("?")
        if kind not in NUMBER or not mark or not text:
            raise _bad("Observation?category=laboratory")
        if kind not in wanted:
            raise BadRequest(
                f"_typeFilter の {kind} は _type にありません。_type に加えるか、外してください。",
                f"_typeFilter names {kind}, which _type does not. Add it there, or leave it out.",
                rule="bulk.type-filter",
                place="_typeFilter",
            )
        found[kind] = (*found.get(kind, ()), text)
    if sum(map(len, found.values())) > MOST:
        raise _bad(f"… (≤ {MOST})")
    return found


def query_of(kind: str, text: str, *, at: datetime, base_url: str) -> Query:
    """Return the query of a filter; every parameter must be understood: without one more would be handed over.

    Raises BadSearchValue, NotSupported, TooCostly, BadRequest.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=FIELDS)
    except ValueError:
        raise _bad("Observation?category=laboratory") from None
    for name, _ in pairs:
        if name.partition(":")[0] in _OF_ANSWERS:
            raise BadRequest(
                f"_typeFilter に {name[:64]} は使えません。選ぶための検索条件だけを書いてください。",
                f"_typeFilter does not take {name[:64]}; write conditions that choose only.",
                rule="bulk.type-filter",
                place="_typeFilter",
            )
    query = parse_query(kind, pairs, strict=True, at=at, base_url=base_url)
    if not query.used:
        raise _bad("Observation?category=laboratory")
    return replace(query, total="none")


def _bad(example: str) -> BadRequest:
    return BadRequest(
        f"_typeFilter が読めません。例: {example}",
        f"_typeFilter cannot be read. Example: {example}",
        rule="bulk.type-filter",
        place="_typeFilter",
    )
