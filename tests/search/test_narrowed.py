"""A token whose scopes have search filters finds what an unfiltered one finds among the rows that meet a filter.

Held against the reference: the filters of a scope are tried on each row by `search.memory`, which knows no index
entries; PostgreSQL answers through both walls. KAKEHASHI_MORE_EXAMPLES as in test_engines_agree.py.
"""

import os
from dataclasses import replace
from random import Random
from urllib.parse import urlencode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from search_engines import NOON, Undo, ask, in_memory, put
from search_worlds import Asking, window, world

from kakehashi.search import memory
from kakehashi.search.memory import Held
from kakehashi.search.parse import parse_query
from kakehashi.store.database import Database
from kakehashi.trust.oauth import scopes
from kakehashi.trust.oauth.scopes import Scope

EXAMPLES = 20 * int(os.environ.get("KAKEHASHI_MORE_EXAMPLES", "2"))
SEARCHES = 10  # of each world
TYPES = ("Patient", "Observation", "Encounter", "RiskAssessment", "ValueSet")


def drawn(rng: Random, asking: Asking) -> list[Scope]:
    """Some scopes with filters of one or two parameters each, as far as they can be asked for."""
    found = []
    for kind in rng.sample(TYPES, rng.choice((1, 2, 3))):
        for _ in range(rng.choice((1, 2))):
            pairs = [asking.pair(kind) for _ in range(rng.choice((1, 1, 2)))]
            found.append(scopes.parse(f"system/{kind}.rs?{urlencode(pairs)}"))
    return [one for one in found if one is not None]


def meets(row: Held, asked: list[Scope]) -> bool:
    """Say whether the filters leave a row, by the reference alone."""
    mine = [one for one in asked if one.type == row.type]
    holds = memory.asking(row)
    return not mine or any(
        holds(parse_query(row.type, sorted(one.query.pairs), strict=True, at=NOON).where)
        for one in mine
        if one.query
    )


@given(st.integers(0, 2**63))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
async def test_a_filtered_token_finds_what_an_unfiltered_one_finds_among_rows_that_meet_a_filter(
    store: Database, seed: int
) -> None:
    rng = Random(seed)
    rows, whole = world(rng), window(rng)
    asking = Asking(rng, rows)
    asked = drawn(rng, asking)
    narrow = replace(whole, narrowing=scopes.narrowing([str(one) for one in asked])).searching()
    left = [row for row in rows if meets(row, asked)]
    assert [row for row in rows if narrow.sees(row)] == [row for row in left if whole.sees(row)]
    try:
        async with store.transaction() as tx:
            await put(tx, rows)
            for resource_type, pairs in (asking.search() for _ in range(SEARCHES)):
                query = parse_query(resource_type, pairs, at=NOON, strict=True)
                expected = in_memory(left, query, whole)
                assert await ask(tx, query, narrow) == expected, (resource_type, pairs, asked)
            raise Undo
    except Undo:
        pass


def test_the_worlds_try_the_filters() -> None:
    """Scopes are understood, and leave some rows of their types and take others away."""
    understood = narrowed = 0
    for seed in range(60):
        rng = Random(seed)
        rows = world(rng)
        asked = drawn(rng, Asking(rng, rows))
        understood += bool(asked)
        left = sum(meets(row, asked) for row in rows)
        narrowed += any(meets(row, asked) for row in rows if row.type in {one.type for one in asked}) and (
            left < len(rows)
        )
    assert understood > 40
    assert narrowed > 15
