"""The store's SQL and the reference in memory answer every search alike, under every window.

KAKEHASHI_MORE_EXAMPLES=n asks 50 n worlds (100 unless told), as many times more as the other tests that heed it.
"""

import os
from dataclasses import replace
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from search_engines import NOON, Undo, ask, in_memory, put
from search_worlds import Asking, window, world

from kakehashi.search.parse import parse_query
from kakehashi.store.database import Database

EXAMPLES = 50 * int(os.environ.get("KAKEHASHI_MORE_EXAMPLES", "2"))
SEARCHES = 16  # of each world


@given(st.integers(0, 2**63))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
async def test_both_engines_give_the_same_rows_totals_and_pages(store: Database, seed: int) -> None:
    rng = Random(seed)
    rows, seen = world(rng), window(rng)
    asking = Asking(rng, rows)
    try:
        async with store.transaction() as tx:
            await put(tx, rows)
            for resource_type, pairs in (asking.search() for _ in range(SEARCHES)):
                query = parse_query(resource_type, pairs, at=NOON, strict=True)
                expected = in_memory(rows, query, seen)
                found = await ask(tx, query, seen)
                assert found == expected, (resource_type, pairs)
                if expected.next:
                    further = replace(query, cursor=expected.next)
                    assert await ask(tx, further, seen) == in_memory(rows, further, seen), (
                        resource_type,
                        pairs,
                    )
            raise Undo
    except Undo:
        pass
