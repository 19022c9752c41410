"""Order and pages: a page begins where the last one ended, whatever comes in between."""

from dataclasses import replace

import pytest
from search_engines import EVERYTHING, NOON, Undo, ask, held, put
from search_spec import Spec

from kakehashi.core.errors import BadSearchValue
from kakehashi.search.parse import parse_query
from kakehashi.search.results import decode_cursor, encode_cursor
from kakehashi.store.database import Database

SORTED = """
    id | status | effectiveDateTime | valueQuantity
    a  | final  | 2024-03-01 | {"value": 3}
    b  | amended | 2024-01-01 | {"value": 10}
    c  | preliminary | | {"value": -1}
    d  | final | 2024-02-01 |
"""


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("date", "bdac"),
        ("-date", "adbc"),
        ("status,date", "bdac"),
        ("-status,-date", "cadb"),
        ("value-quantity", "cabd"),
        ("-value-quantity", "bacd"),
        ("_id", "abcd"),
        ("-_id", "dcba"),
    ],
)
async def test_results_come_in_the_order_asked_for_and_missing_values_last(
    search: Spec, sort: str, order: str
) -> None:
    search.given("Observation", SORTED)
    assert (await search.found(f"Observation?_sort={sort}")).ids == list(order)


@pytest.mark.parametrize("sort", ["", "date", "-date,status", "-_lastUpdated"])
async def test_pages_neither_skip_nor_repeat_while_rows_come_in(store: Database, sort: str) -> None:
    rows = [_observation(f"old{n}", f"2024-0{1 + n % 3}-01") for n in range(11)]
    pairs = [("_count", "3"), *([("_sort", sort)] if sort else [])]
    query, seen = parse_query("Observation", pairs), []
    try:
        async with store.transaction() as tx:
            await put(tx, rows)
            for page in range(20):
                found = await ask(tx, query, EVERYTHING)
                seen += found.ids
                if found.next is None:
                    break
                await put(tx, [_observation(f"new{page}", "2024-02-01")])
                query = replace(query, cursor=decode_cursor(encode_cursor(found.next)))
            raise Undo
    except Undo:
        pass
    assert sorted(one for one in seen if one.startswith("old")) == sorted(row.resource.id for row in rows)
    assert len(seen) == len(set(seen))


def _observation(key: str, day: str):  # type: ignore[no-untyped-def]
    tree = {"resourceType": "Observation", "id": key, "status": "final", "effectiveDateTime": day}
    return held(tree, changed_at=NOON)


@pytest.mark.parametrize("cursor", ["", "x", "W10", "bnVsbA", encode_cursor(decode_cursor("WzFd")) + "%%"])
def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    with pytest.raises(BadSearchValue):
        parse_query("Observation", [("_cursor", cursor or "AAAA")])


def test_a_cursor_of_another_order_is_refused() -> None:
    """A cursor of the plain order holds no sort value."""
    with pytest.raises(BadSearchValue):
        parse_query("Observation", [("_cursor", "WzFd"), ("_sort", "date")])
