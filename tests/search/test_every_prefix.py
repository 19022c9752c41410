"""Every prefix at every boundary: both engines, asked for the ends of what is stored and for what lies beside them."""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import get_args

import pytest
from search_engines import EVERYTHING, NOON, Undo, ask, held, in_memory, put

from kakehashi.search.memory import Held
from kakehashi.search.parse import parse_query
from kakehashi.search.plan import Comparison
from kakehashi.store.database import Database

PERIODS = [
    ("2024-02", "2024-02"), ("2024-02-29", "2024-02-29"), ("2024-02-28", "2024-03-01"), ("2024-02-01", "2024-02-28"),
    ("2024-02-29T10:00:00+09:00", "2024-02-29T10:00:00+09:00"), ("2024-02-29T09:59:59+09:00", "2024-03-01"),
    ("2024-01-31", "2024-01-31"), ("2024-03", "2024-03"), ("2024", "2024"), ("2024-02-29", None), (None, "2024-02-29"),
]  # fmt: skip
MOMENTS = [
    "2024", "2024-01", "2024-02", "2024-03", "2024-01-31", "2024-02-01", "2024-02-28", "2024-02-29", "2024-03-01",
    "2024-02-29T09:59:59+09:00", "2024-02-29T10:00:00+09:00", "2024-02-29T10:00:01+09:00",
]  # fmt: skip
QUANTITIES = [
    {"value": value, **more}
    for value, more in product(
        (4.5, 5, 5.35, 5.4, 5.449, 5.45, 100, -5), ({}, {"comparator": "<"}, {"comparator": ">="})
    )
]
NUMBERS = ["5", "5.4", "5.40", "5.35", "5.45", "1e2", "100", "-5", "0"]
MINUTES = ["2024-02-29T12:00+09:00", "2024-02-29T12:01+09:00", "2024-02-29T12:02+09:00", "2024-02-29"]


def _stays() -> list[Held]:
    periods = [{"start": start, "end": end} for start, end in PERIODS]
    given = [{name: at for name, at in period.items() if at} for period in periods]
    return [
        held({"resourceType": "Encounter", "id": f"e{n}", "period": period}) for n, period in enumerate(given)
    ]


def _results() -> list[Held]:
    trees = [{"resourceType": "Observation", "valueQuantity": one} for one in QUANTITIES]
    return [held({**tree, "id": f"o{n}"}) for n, tree in enumerate(trees)]


def _versions() -> list[Held]:
    tree = {"resourceType": "Encounter"}
    return [held({**tree, "id": f"v{n}"}, changed_at=NOON.replace(minute=n)) for n in range(4)]


@pytest.mark.parametrize(
    ("rows", "resource_type", "name", "values"),
    [
        (_stays(), "Encounter", "date", MOMENTS),
        (_results(), "Observation", "value-quantity", NUMBERS),
        (_versions(), "Encounter", "_lastUpdated", MINUTES),
    ],
    ids=["dates", "quantities", "versions"],
)
async def test_both_engines_agree_and_every_prefix_tells_some_rows_from_others(
    store: Database, rows: Sequence[Held], resource_type: str, name: str, values: Iterable[str]
) -> None:
    counts: dict[str, set[int]] = {prefix: set() for prefix in get_args(Comparison)}
    try:
        async with store.transaction() as tx:
            await put(tx, rows)
            for prefix, value in product(counts, values):
                query = parse_query(resource_type, [(name, prefix + value)], at=NOON, strict=True)
                expected = in_memory(rows, query, EVERYTHING)
                assert await ask(tx, query, EVERYTHING) == expected, prefix + value
                counts[prefix].add(expected.total)
            raise Undo
    except Undo:
        pass
    assert all(len(found) > 1 for found in counts.values()), counts
