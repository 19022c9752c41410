"""The store's SQL and the reference in memory answer every search alike, under every window."""

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from search_engines import NOON, Undo, ask, in_memory, put
from search_worlds import searches, windows, worlds

from kakehashi.core.window import Window
from kakehashi.search.parse import parse_query
from kakehashi.store.database import Database


@given(worlds(), st.lists(searches(), min_size=12, max_size=16), windows)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
async def test_both_engines_give_the_same_rows_totals_and_pages(
    store: Database, rows: Any, asked: Any, window: Window
) -> None:
    try:
        async with store.transaction() as tx:
            await put(tx, rows)
            for resource_type, pairs in asked:
                query = parse_query(resource_type, pairs, at=NOON, strict=True)
                expected = in_memory(rows, query, window)
                found = await ask(tx, query, window)
                assert found == expected, (resource_type, pairs)
                if expected.next:
                    further = replace(query, cursor=expected.next)
                    assert await ask(tx, further, window) == in_memory(rows, further, window), (
                        resource_type,
                        pairs,
                    )
            raise Undo
    except Undo:
        pass
